package host

import (
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
