package shell

import (
	"errors"
	"fmt"
)

// Missing is something that an observation needs and does not find on the host.
type Missing string

// What can be missing.
const (
	NoUser    Missing = "user"      // the account whose ssh it is
	NoSSH     Missing = "ssh"       // the ssh program
	NoSSHD    Missing = "sshd"      // the sshd program
	NoAwk     Missing = "awk"       // the awk program
	NoTempDir Missing = "temp"      // room for a temporary directory
	NoEnvFile Missing = "env file"  // Coolify's environment file
	NoEnv     Missing = "env"       // the file is there, and is not an environment file
	NoProc    Missing = "proc"      // the /proc of Linux
	NoRead    Missing = "read file" // the account may not read the file
)

// MissingError says what is missing.
type MissingError struct {
	What Missing
	text string
}

func (e *MissingError) Error() string { return e.text }

// NewMissing returns the error for what is missing, with its text.
func NewMissing(what Missing, format string, args ...any) error {
	return &MissingError{what, fmt.Sprintf(format, args...)}
}

// What every script can end with.
var (
	ErrCutShort  = errors.New("the report of facts is cut short")
	errNoAwk     = NewMissing(NoAwk, "no awk program is installed on the host")
	errNoTempDir = NewMissing(NoTempDir, "the host has no room for a temporary directory (mktemp -d failed)")
)
