package probe

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestCloseReasons(t *testing.T) {
	of := func(errno syscall.Errno) error {
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", errno)}
	}
	for want, causes := range map[CloseReason][]error{
		CloseEOF:        {io.EOF, io.ErrUnexpectedEOF},
		CloseReset:      {of(syscall.ECONNRESET), of(syscall.EPIPE)},
		CloseNoAnswer:   {of(syscall.ETIMEDOUT), of(syscall.EHOSTUNREACH), net.ErrClosed},
		CloseDisconnect: {errors.New("ssh: disconnect, reason 11: idle for too long")},
	} {
		for _, cause := range causes {
			if got := partingBy(cause); got != want {
				t.Errorf("%v: %q, not %q", cause, got, want)
			}
		}
	}
}
