package conn

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// IsClosed reports whether err is the end of the byte stream rather than something
// that the peer said on it.
func IsClosed(err error) bool {
	var netErr net.Error
	var errno syscall.Errno
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &netErr) || errors.As(err, &errno)
}
