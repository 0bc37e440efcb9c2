package host

import (
	"errors"
	"fmt"
)

// barredError is a proxy or a jump host that answered, and that no further
// attempt will move: it wants other credentials, or forbids the way.
type barredError struct{ err error }

func barred(format string, args ...any) error {
	return &barredError{fmt.Errorf(format, args...)}
}

func (e *barredError) Error() string { return e.err.Error() }
func (e *barredError) Unwrap() error { return e.err }

// viaError is a failure of what stands between us and the machine.
type viaError struct {
	via string
	err error
}

func (e *viaError) Error() string { return e.via + ": " + e.err.Error() }
func (e *viaError) Unwrap() error { return e.err }

// throughWhat names what err is a failure of, for the beginning of a message.
func throughWhat(err error) string {
	var via *viaError
	if errors.As(err, &via) {
		return via.via + ": "
	}
	return ""
}
