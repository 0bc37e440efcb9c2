//go:build !linux

package host

import (
	"net"
	"time"
)

// userTimeout and quickACK need options that only Linux has; TCP keepalive and
// our own cover for them.
func userTimeout(net.Conn, time.Duration) {}

func quickACK(net.Conn) {}
