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
	if barred, ok := errors.AsType[*rootError](e.Err); ok {
		return barred.bar
	}
	return ""
}

// NewRootError returns an error about becoming root.
func NewRootError(bar RootFailure, format string, args ...any) error {
	return &rootError{bar, fmt.Errorf(format, args...)}
}

// ProxyCommandError is proxy_command that is over.
type ProxyCommandError struct {
	Name   string // how messages call it
	Status string
	Code   int // -1 for a signal
	Stderr string
	Err    error // what we met when we read or wrote
}

func (e *ProxyCommandError) Error() string {
	text := e.Name + " ended (" + e.Status + ")"
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

func (e *ProxyCommandError) Unwrap() error { return e.Err }

// NotFound says that the shell could not run the command, and never will.
func (e *ProxyCommandError) NotFound() bool { return e.Code == 126 || e.Code == 127 }

// ProxyError is a failure of what stands between us and the machine.
type ProxyError struct {
	Via string
	Err error
}

func (e *ProxyError) Error() string { return e.Via + ": " + e.Err.Error() }

func (e *ProxyError) Unwrap() error { return e.Err }

// ProxyPrefix names what err is a failure of, for the beginning of a message.
func ProxyPrefix(err error) string {
	if via, ok := errors.AsType[*ProxyError](err); ok {
		return via.Via + ": "
	}
	return ""
}
