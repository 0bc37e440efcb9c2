package host

import "errors"

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
	var via *ProxyError
	if errors.As(err, &via) {
		return via.Via + ": "
	}
	return ""
}
