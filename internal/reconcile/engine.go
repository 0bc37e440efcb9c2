package reconcile

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Machines gives out hosts; *host.Pool is one.
type Machines interface {
	// Acquire returns the shared connection to spec's machine.
	Acquire(ctx context.Context, spec host.Spec) (host.Host, error)
	// Fresh returns a connection of its own: new TCP, new jump legs, new
	// authentication. Release closes it.
	Fresh(ctx context.Context, spec host.Spec) (host.Host, error)
}

// Target is one sshd on one machine.
type Target struct {
	Spec host.Spec
	// ConfigFile is the main file; "" is what the running daemon uses.
	ConfigFile string
	// NoReload leaves a running daemon alone: image builds.
	NoReload bool
	// ConfirmTimeout is how long the host waits for the confirming connection
	// before it rolls back; 0 gives up that protection.
	ConfirmTimeout time.Duration
}

// Record is what an earlier run wrote down about a machine, "" where nothing.
type Record struct {
	MachineID     string
	HostKeySHA256 string
	// Digests of the configuration files as the last refresh saw them, by path;
	// nil when there was none.
	Digests map[string]string
}

// Sight is one look at a machine.
type Sight struct {
	Facts     keepalive.Facts
	Identity  host.Identity
	MachineID string
}

// Digests returns the digest of every file of the configuration tree, by path.
func (s Sight) Digests() map[string]string { return nil }

// Outcome says how a change ended.
type Outcome string

// The five outcomes.
const (
	Applied    Outcome = "applied"
	Unchanged  Outcome = "unchanged"
	RolledBack Outcome = "rolled back"
	Watchdog   Outcome = "left to the watchdog"
	Unknown    Outcome = "unknown"
)

// Error is a change that did not come about.
type Error struct {
	Host string
	Step string // gather, decide, stage, validate, arm, swap, reload, confirm, disarm, verify
	// Outcome is how the machine was left: Unchanged, RolledBack, Watchdog or Unknown.
	Outcome  Outcome
	Problems []keepalive.Problem // what the decision found, if it refused
	Err      error               // nil when Problems say it all
}

func (e *Error) Error() string {
	text := e.Host + ": " + e.Step
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	for _, p := range e.Problems {
		text += ": " + p.Text
	}
	return text + " (" + string(e.Outcome) + ")"
}

func (e *Error) Unwrap() error { return e.Err }

// Engine looks at machines and changes them. Facts are remembered for as long as
// the engine lives, which is one walk of Terraform's graph, so that reading and
// planning the same resource cost one look.
type Engine struct {
	machines Machines
}

// New returns an engine over machines.
func New(machines Machines) *Engine { return &Engine{machines: machines} }

// Look gathers the facts about t that want needs, or answers from memory.
func (e *Engine) Look(ctx context.Context, t Target, want keepalive.Server) (Sight, error) {
	return Sight{}, nil
}

// Apply makes want effective on t under a confirmed commit and looks again. A
// file that differs from rec.Digests is a conflict, and a machine other than the
// recorded one is treated as new. The error is an *Error or a *host.Error.
func (e *Engine) Apply(ctx context.Context, t Target, want keepalive.Server, rec Record) (Sight, keepalive.Plan, Outcome, error) {
	return Sight{}, keepalive.Plan{}, Unchanged, nil
}

// Remove takes everything that we put on t back, under the same protection. On
// a machine other than the recorded one it touches nothing and reports false.
func (e *Engine) Remove(ctx context.Context, t Target, want keepalive.Server, rec Record) (same bool, err error) {
	return true, nil
}
