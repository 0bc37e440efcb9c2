package host

import (
	"errors"
	"fmt"
	"strings"
)

// RootBar is what kept us from becoming root.
type RootBar string

// The bars; "" is any other.
const (
	SudoNotAsked RootBar = "sudo is not to be used"
	SudoPassword RootBar = "sudo wants a password"
	SudoWrong    RootBar = "sudo refused the password"
	SudoTerminal RootBar = "sudo insists on a terminal"
	SudoForbids  RootBar = "sudo does not let the user"
	SudoMissing  RootBar = "there is no sudo"
	DoasForbids  RootBar = "doas does not let the user without a password"
	ChrootBarred RootBar = "chroot needs root"
)

// barredRoot is an error about becoming root.
type barredRoot struct {
	bar RootBar
	err error
}

func (e *barredRoot) Error() string { return e.err.Error() }
func (e *barredRoot) Unwrap() error { return e.err }

// RootBar is what kept us from becoming root, "" if it is not known.
func (e *Error) RootBar() RootBar {
	var barred *barredRoot
	if errors.As(e.Err, &barred) {
		return barred.bar
	}
	return ""
}

func noRoot(bar RootBar, format string, args ...any) error {
	return &barredRoot{bar, fmt.Errorf(format, args...)}
}

// explainSudo knows what sudo, sudo-rs and doas say under LC_ALL=C. sudo-rs (0.2.5 of
// Debian 13) says with -n "PAM error: Authentication token manipulation error" where it
// wants a password, and "I'm sorry NAME. I'm afraid I can't do that" where sudo says
// "NAME is not in the sudoers file" or "not allowed to execute".
func (d *drive) explainSudo(said string, end ending) error {
	wantsPassword := strings.Contains(said, "password is required") || strings.Contains(said, "Authentication token manipulation error")
	switch {
	case strings.Contains(said, "must have a tty"):
		return noRoot(SudoTerminal, "sudo insists on a terminal")
	case wantsPassword && d.program.password == "":
		return noRoot(SudoPassword, "sudo wants a password, and none is set")
	case strings.Contains(said, "is not in the sudoers file"), strings.Contains(said, "not allowed to"), strings.Contains(said, "I'm afraid I can't do that"):
		return noRoot(SudoForbids, "sudo does not let the user run the script (status %d)", end.exit)
	case end.exit == 127:
		return noRoot(SudoMissing, "there is no way to become root")
	case strings.Contains(said, "doas: "):
		return noRoot(DoasForbids, "doas did not start the script (status %d): it reads passwords from a terminal alone", end.exit)
	}
	return fmt.Errorf("sudo did not start the script (status %d)", end.exit)
}
