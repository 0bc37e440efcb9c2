package host

import (
	"errors"
)

// commandError is proxy_command that is over.
type commandError struct {
	as     string // how messages call it
	status string
	code   int // -1 for a signal
	said   string
	err    error // what we met when we read or wrote
}

func (e *commandError) Error() string {
	text := e.as + " ended (" + e.status + ")"
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}

func (e *commandError) Unwrap() error { return e.err }

// notFound says that the shell could not run the command, and never will.
func (e *commandError) notFound() bool { return e.code == 126 || e.code == 127 }

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
