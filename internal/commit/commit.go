// Package commit carries out a change of configuration files on a machine so
// that nothing is live before the machine's own sshd accepted the whole tree,
// and nothing stays live unless a connection that did not exist before the
// change could log in: the confirmed commit of RFC 6241, section 8.4.
//
// The seven steps, in this order: stage, validate, arm, swap, reload, confirm,
// disarm. Disarm is last, because it is the commit.
//
// The package knows the order of the steps, who may confirm and what to undo.
// It must not know SSH, sudo, Terraform, or what the files mean.
package commit

import (
	"context"
	"time"
)

// Machine runs scripts as root on the machine being changed.
type Machine interface {
	// Run executes script, a complete POSIX sh program, with stdin empty, over
	// the connection that was there before the change. The exit code is a
	// result, not an error; err means that the outcome of the script is not
	// known (connection lost, cancelled) or that it could not be started.
	// Scripts are convergent: after an error Run may be called with the same
	// script again.
	Run(ctx context.Context, name, script string) (stdout, stderr string, exit int, err error)
}

// Confirm proves over a connection made afresh that the machine can still be
// reached and runs the new configuration. Nil is the proof.
type Confirm func(ctx context.Context) error

// Change is one file's old and new text. A nil text is an absent file.
type Change struct {
	Path string
	Old  []byte
	New  []byte
}

// StagedFile is one file of the candidate tree as it is written under the stage
// directory for validation.
type StagedFile struct {
	Path string // absolute path below StageDir
	Data []byte
}

// Check is one line that a dump of the candidate must contain.
type Check struct {
	Spec string // argument of sshd -T -C; "" is no -C
	// Keyword and Values as the host's sshd prints them; compared without
	// regard to the keyword's case, values exactly, the whole list.
	Keyword string
	Values  []string
}

// Activation says how the running daemon is made to load its files.
type Activation struct {
	// Kind is one of the words below.
	Kind Kind
	Unit string // systemd unit, OpenRC or rc.d service name
	PID  int    // listener, for Signal and to prove the reload
	// PIDFile is the daemon's PidFile, whose time changes when it reloads.
	PIDFile string
}

// Kind is a way to make a daemon load its files.
type Kind string

// The kinds of activation, from openssh-semantics.md section 5.
const (
	Systemd Kind = "systemd" // systemctl reload UNIT
	Socket  Kind = "socket"  // ssh.socket with Accept=no: restart the service, a reload kills it
	OpenRC  Kind = "openrc"  // rc-service UNIT reload
	RCD     Kind = "rcd"     // service UNIT reload
	Signal  Kind = "signal"  // SIGHUP to PID
	None    Kind = "none"    // nothing runs, or each connection reads the files anew
)

// Request is one change.
type Request struct {
	ID      string // unique per change; letters, digits and hyphens
	Changes []Change
	// Base holds the text of every file of the running tree; a machine that
	// differs from it in any of these has been changed by somebody else.
	Base map[string][]byte
	// StageDir is the prefix under which Staged was laid out; Main the main
	// file below it.
	StageDir string
	Staged   []StagedFile
	Main     string
	SSHD     string   // path of the sshd program
	Options  []string // the running daemon's own -o, -p, -h arguments
	Checks   []Check
	Activate Activation
	// ConfirmTimeout is how long the watchdog waits; 0 arms none.
	ConfirmTimeout time.Duration
}
