//go:build !linux

package conn

import (
	"net"
	"time"
)

// SetUserTimeout and quickACK need options that only Linux has; TCP keepalive and
// our own cover for them.
func SetUserTimeout(net.Conn, time.Duration) {}

func quickACK(net.Conn) {}
