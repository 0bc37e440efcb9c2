package host

import (
	"net"
	"syscall"
	"testing"
)

// TestBareSendsNothing: TCP's keepalives, too, would keep a path open.
func TestBareSendsNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, bare := range []bool{false, true} {
		c, err := direct(Spec{bare: bare})(t.Context(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) {
			if on, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); err != nil || (on == 0) != bare {
				t.Errorf("bare %v: SO_KEEPALIVE is %d, %v", bare, on, err)
			}
		}); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
}
