package reconcile

import (
	"errors"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Outcome says how a change ended.
type Outcome = commit.Outcome

// The five outcomes.
const (
	Applied    = commit.Applied
	Unchanged  = commit.Unchanged
	RolledBack = commit.RolledBack
	Watchdog   = commit.Watchdog
	Unknown    = commit.Unknown
)

// ConflictError is a file that is not as it was when it was last read.
type ConflictError = commit.ConflictError

// ExposedError is a directory in which another account could exchange files while we
// read and write there.
type ExposedError = commit.ExposedError

// BusyError is a change of another run that holds a machine.
type BusyError = commit.BusyError

// Error is a change that did not come about.
type Error struct {
	Host string
	// Step is where it ended: gather, decide or verify, or a step of the protocol:
	// request, lock, compare, stage, validate, arm, swap, reload (load for what is not a
	// daemon's), confirm, disarm.
	Step string
	// Outcome is how the machine was left: Unchanged, RolledBack, Watchdog or Unknown.
	Outcome  Outcome
	Problems []keepalive.Problem // what the decision found, if it refused
	Err      error               // nil when Problems say it all
}

func (e *Error) Error() string {
	if protocol := new(commit.Error); errors.As(e.Err, &protocol) {
		return e.Host + ": " + protocol.Error() // which names the step and the outcome
	}
	text := e.Host + ": " + e.Step
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	for _, p := range e.Problems {
		text += ": " + p.Text
	}
	return text + " (" + string(e.Outcome) + ")"
}

// Cause is what happened, without the host, the step and the outcome, which a front
// end says in its own words.
func (e *Error) Cause() string {
	if e.Err == nil {
		return ""
	}
	protocol := new(commit.Error)
	if !errors.As(e.Err, &protocol) {
		return e.Err.Error()
	}
	var texts []string
	if protocol.Err != nil {
		texts = append(texts, protocol.Err.Error())
	}
	if protocol.Stderr != "" {
		texts = append(texts, strings.TrimSpace(protocol.Stderr))
	}
	return strings.Join(texts, "\n")
}

func (e *Error) Unwrap() error { return e.Err }

// OtherResourceError is a removal of lines that another resource has taken over. Nothing
// was touched.
type OtherResourceError struct{ ID string }

func (e *OtherResourceError) Error() string { return "the lines belong to the resource " + e.ID }

// wrap says where err happened, unless the transport has said so already.
func wrap(spec host.Spec, step string, outcome Outcome, err error) error {
	var transport *host.Error
	if errors.As(err, &transport) && outcome == Unchanged {
		return err
	}
	return &Error{Host: spec.Name, Step: step, Outcome: outcome, Err: err}
}
