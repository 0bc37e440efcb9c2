package host

import (
	"errors"
	"fmt"
)

// RootFailure is what kept us from becoming root.
type RootFailure string

// The bars; "" is any other.
const (
	SudoNotEnabled    RootFailure = "sudo is not to be used"
	SudoNeedsPassword RootFailure = "sudo wants a password"
	SudoWrongPassword RootFailure = "sudo refused the password"
	SudoNeedsTerminal RootFailure = "sudo insists on a terminal"
	SudoDenied        RootFailure = "sudo does not let the user"
	SudoMissing       RootFailure = "sudo is missing"
	DoasDenied        RootFailure = "doas does not let the user without a password"
	ChrootNeedsRoot   RootFailure = "chroot needs root"
)

// rootError is an error about becoming root.
type rootError struct {
	bar RootFailure
	err error
}

func (e *rootError) Error() string { return e.err.Error() }

func (e *rootError) Unwrap() error { return e.err }

// RootFailure is what kept us from becoming root, "" if it is not known.
func (e *Error) RootFailure() RootFailure {
	var barred *rootError
	if errors.As(e.Err, &barred) {
		return barred.bar
	}
	return ""
}

func NewRootError(bar RootFailure, format string, args ...any) error {
	return &rootError{bar, fmt.Errorf(format, args...)}
}
