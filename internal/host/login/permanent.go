package login

import "fmt"

// permanentError is a proxy or a jump host that answered, and that no further
// attempt will move: it wants other credentials, or forbids the way.
type permanentError struct{ err error }

func permanent(format string, args ...any) error {
	return &permanentError{fmt.Errorf(format, args...)}
}

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }
