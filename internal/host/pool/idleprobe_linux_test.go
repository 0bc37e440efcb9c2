package pool

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
)

// TestNoKeepalivesOfTCP: they, too, would keep a path open.
func TestNoKeepalivesOfTCP(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, interval := range []time.Duration{0, -1} {
		c, err := login.Direct(host.Spec{KeepaliveInterval: interval})(t.Context(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) {
			if on, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); err != nil || (on == 0) != (interval < 0) {
				t.Errorf("interval %v: SO_KEEPALIVE is %d, %v", interval, on, err)
			}
		}); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
}
