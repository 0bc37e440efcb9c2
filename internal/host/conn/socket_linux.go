package conn

import (
	"net"
	"syscall"
	"time"
)

const tcpUserTimeout = 0x12 // TCP_USER_TIMEOUT, which package syscall lacks

// SetUserTimeout makes the kernel give up on unacknowledged data after d; its own
// limit is about fifteen minutes.
func SetUserTimeout(c net.Conn, d time.Duration) { setTCP(c, tcpUserTimeout, int(d.Milliseconds())) }

// quickACK acknowledges what was read without the usual delay. sshd before 10
// leaves Nagle's algorithm on until the first session, and the two delays
// together cost 40 ms per connection.
func quickACK(c net.Conn) { setTCP(c, syscall.TCP_QUICKACK, 1) }

// setTCP ignores failures: the options are improvements, and a connection through
// a jump host has no socket.
func setTCP(c net.Conn, option, value int) {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, option, value)
	})
}
