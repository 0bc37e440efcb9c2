// Package commit changes configuration files on a machine. Nothing is live before the
// machine's own sshd accepted the whole tree, and nothing stays live unless a connection
// that did not exist before the change could log in: the confirmed commit of RFC 6241,
// section 8.4.
//
// The seven steps, in this order: stage, validate, arm, swap, reload, confirm,
// disarm. Disarm is last, because it is the commit. The first five are one
// script and disarm is another; confirm needs none, and a failed one costs a
// third, which rolls back.
//
// One rename on the machine decides how a change ends: the watchdog renames the mark
// "armed" to "rolling", disarm renames it to "done", and only one of them can succeed.
//
// The machine's other accounts are hostile. A file that one of them could exchange is
// accessed only from a directory beside it that no other account can enter. State is
// trusted, and a rollback run, only where no other account can have written it. A path
// that does not allow this is an *ExposedError. A rollback needs no room on any disk: it
// renames files that were made while the change was armed.
//
// The package knows the order of the steps, who may confirm and what to undo.
// It must not know SSH, sudo, Terraform, or what the files mean.
package commit

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Machine runs scripts as root on the machine being changed.
type Machine interface {
	// Run executes script, a complete POSIX sh program, with stdin empty, over
	// the connection that was there before the change. The exit code is a
	// result, not an error; err means that the outcome of the script is not
	// known (connection lost, cancelled), or, where it wraps ErrNotRun, that it
	// did not start. Scripts are convergent: after an error Run is called with
	// the same script again, and may then use a new connection.
	Run(ctx context.Context, name, script string) (stdout, stderr string, exit int, err error)
}

// Confirm returns nil if a new connection shows that the machine accepts logins and runs
// the new configuration. An error that wraps ErrRefused is retried for a while; any other
// error rolls the change back.
type Confirm func(ctx context.Context, live Pending) error

// Pending is a change that is live and not confirmed yet, as the machine
// reported it.
type Pending struct {
	// Watchdog is what rolls back when the time is up: systemd, at, sleeper or
	// none.
	Watchdog string
	// Boot is what rolls back after a reboot: systemd or openrc (before sshd
	// starts), cron (soon after it started), or none.
	Boot string
	// Proof says what showed the reload: "inode", the listening sockets
	// of the daemon; "process", its process; "pidfile", its pid file; or
	// "none" where the machine shows none of these.
	Proof string
	// Before and After are that proof's values; with "inode", the sockets'
	// inode numbers.
	Before, After []string
}

// Outcome says how a change ended.
type Outcome string

// The five outcomes.
const (
	Applied    Outcome = "applied"
	Unchanged  Outcome = "unchanged"            // nothing was live, or is different from before
	RolledBack Outcome = "rolled back"          // seen
	Watchdog   Outcome = "left to the watchdog" // the old files come back, or are back; not seen
	Unknown    Outcome = "unknown"
)

var (
	// ErrNotRun is wrapped by a Machine that could not start the script.
	ErrNotRun = errors.New("the script was not started")
	// ErrRefused is wrapped by a Confirm that found the port closed: a reloading
	// sshd closes its port for up to 27 ms.
	ErrRefused = errors.New("connection refused")
	// ErrBusy is another change that holds the machine.
	ErrBusy = errors.New("another change is in progress")
)

// BusyError is the change that holds the machine; errors.Is takes it for ErrBusy.
type BusyError struct {
	ID string
	// Left is how long the machine waits for the confirmation of that change; 0 if the
	// change is still running, and its end is not known.
	Left time.Duration
	// Watched says that the machine rolls that change back then. Without a watchdog the
	// next change takes the files as they are.
	Watched bool
}

func (b *BusyError) Error() string {
	text := ErrBusy.Error() + ": " + b.ID
	until := time.Now().Add(b.Left).UTC().Format("15:04:05 UTC")
	switch {
	case b.Left <= 0:
	case b.Watched:
		text += ", which the machine rolls back at " + until + " unless it is confirmed"
	default:
		text += ", which has until " + until + " to be confirmed"
	}
	return text
}

// Unwrap returns ErrBusy.
func (*BusyError) Unwrap() error { return ErrBusy }

// ConflictError is a file that differs from what the change was decided on.
type ConflictError struct {
	Path string
	How  string // missing, appeared, or changed, which is "" too
}

func (c *ConflictError) Error() string {
	how := "changed"
	switch c.How {
	case "missing":
		how = "removed"
	case "appeared":
		how = "created"
	}
	return c.Path + " was " + how + " by another process since it was last read"
}

// Error describes a change that was not applied.
type Error struct {
	// Step is the step that failed: request, lock, compare, stage, validate, arm,
	// swap, reload, confirm or disarm.
	Step    string
	Outcome Outcome // how the machine was left
	Err     error
	Stderr  string // what the machine's programs said, with the paths of the real files
}

func (e *Error) Error() string {
	text := e.Step
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if said := strings.Join(strings.FieldsFunc(e.Stderr, isLineEnd), "; "); said != "" {
		text += ": " + said
	}
	return text + " (" + string(e.Outcome) + ")"
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' }

func (e *Error) Unwrap() error { return e.Err }

// Run carries out req on m. The outcome is Applied or Unchanged without an
// error, or any but Applied with an *Error. Once the first script is on its
// way, cancelling ctx no longer stops it: a change is finished or undone first.
func Run(ctx context.Context, m Machine, req Request, confirm Confirm) (Outcome, error) {
	if err := req.check(); err != nil {
		return failed("request", Unchanged, err, "")
	}
	if len(req.Changes)+len(req.Edits) == 0 && req.Activate.Kind == None {
		return Unchanged, nil
	}
	return standardProtocol.run(ctx, &scripted{machine: m, req: req, protocol: standardProtocol}, req.ConfirmTimeout, confirm)
}

func failed(step string, left Outcome, err error, stderr string) (Outcome, error) {
	return left, &Error{Step: step, Outcome: left, Err: err, Stderr: stderr}
}
