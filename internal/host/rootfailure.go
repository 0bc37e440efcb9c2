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
	SudoMissing       RootFailure = "there is no sudo"
	DoasDenied        RootFailure = "doas does not let the user without a password"
	ChrootNeedsRoot   RootFailure = "chroot needs root"
)

// barredRoot is an error about becoming root.
type barredRoot struct {
	bar RootFailure
	err error
}

func (e *barredRoot) Error() string { return e.err.Error() }

func (e *barredRoot) Unwrap() error { return e.err }

// RootFailure is what kept us from becoming root, "" if it is not known.
func (e *Error) RootFailure() RootFailure {
	var barred *barredRoot
	if errors.As(e.Err, &barred) {
		return barred.bar
	}
	return ""
}

func noRoot(bar RootFailure, format string, args ...any) error {
	return &barredRoot{bar, fmt.Errorf(format, args...)}
}
