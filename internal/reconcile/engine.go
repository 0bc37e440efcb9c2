package reconcile

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// Machines gives out hosts; *host.Pool is one.
type Machines interface {
	// Acquire returns the shared connection to spec's machine.
	Acquire(ctx context.Context, spec host.Spec) (host.Host, error)
	// AcquireDedicated returns a connection of its own: new TCP, new jump legs, new
	// authentication. Release closes it.
	AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error)
	// ProbeLogin logs in on a new connection, measures that and closes it.
	ProbeLogin(ctx context.Context, spec host.Spec) (host.LoginProbe, error)
	// ProbeIdle logs in on a new connection and notes what the machine sends while we send nothing.
	ProbeIdle(ctx context.Context, spec host.Spec, w host.IdleProbeOptions) (host.IdleProbe, error)
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

// isImage reports whether t is a root file system that nobody has booted.
func (t Target) isImage() bool { return t.Spec.Transport == "image" }

// Record is what an earlier run wrote down about a machine, "" where nothing.
type Record struct {
	MachineID     string
	HostKeySHA256 string
	HostKeyType   string // of the key with that fingerprint
	Address       string // where the machine answered, host:port
	// Digests of the configuration files as the last refresh saw them, by path;
	// nil when there was none.
	Digests map[string]string
}

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
	// Step is where it ended: gather, decide or verify, or a step of the protocol:
	// request, lock, compare, stage, validate, arm, swap, reload, confirm, disarm.
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
	protocol, ok := e.Err.(*commit.Error)
	if !ok {
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

// Engine looks at machines and changes them. Facts are remembered for as long as
// the engine lives, which is one walk of Terraform's graph, so that reading and
// planning the same resource cost one look.
type Engine struct {
	machines  Machines
	locks     locks
	begun     ownChanges
	seen      outlooks
	clients   memory[ClientSight]
	coolifies memory[CoolifySight]
}

// New returns an engine over machines.
func New(machines Machines) *Engine { return &Engine{machines: machines} }

// Look gathers the facts about t that want needs, or answers from memory.
func (e *Engine) Look(ctx context.Context, t Target, want sshserver.Want) (Sight, error) {
	return e.look(ctx, t, want, time.Now())
}

// ProbeLogin logs in to spec's machine on a new connection, whatever was seen of it. The error is a
// *host.Error.
func (e *Engine) ProbeLogin(ctx context.Context, spec host.Spec) (host.LoginProbe, error) {
	return e.machines.ProbeLogin(ctx, spec)
}

// ProbeIdle logs in to spec's machine on a new connection and sends nothing there. The error is a
// *host.Error.
func (e *Engine) ProbeIdle(ctx context.Context, spec host.Spec, w host.IdleProbeOptions) (host.IdleProbe, error) {
	return e.machines.ProbeIdle(ctx, spec, w)
}

// Apply makes want effective on t under a confirmed commit and looks again. A
// file that differs from rec.Digests is a conflict, and a machine other than the
// recorded one is treated as new. The error is an *Error or a *host.Error.
func (e *Engine) Apply(ctx context.Context, t Target, want sshserver.Want, rec Record) (Sight, keepalive.Plan, Outcome, error) {
	sight, unlock, err := e.hold(ctx, t, want)
	if err != nil {
		return Sight{}, keepalive.Plan{}, Unchanged, err
	}
	defer unlock()
	if sight, err = e.settled(ctx, t, want, sight); err != nil {
		return sight, keepalive.Plan{}, Unchanged, err
	}
	plan := sshserver.Plan(want, sight.Facts)
	if problems := errorsOf(plan.Problems); len(problems) > 0 {
		return sight, plan, Unchanged, &Error{Host: t.Spec.Name, Step: "decide", Outcome: Unchanged, Problems: problems}
	}
	if !rec.IsOther(sight.MachineID, sight.Identity) {
		if err := rec.conflict(plan, want.DropInName, serverDigest); err != nil {
			return sight, plan, Unchanged, wrap(t.Spec, "decide", Unchanged, err)
		}
	}
	if len(plan.Changes) == 0 && (t.NoReload || !sight.Facts.Daemon.Stale) {
		if err := unmet(plan.Expect, sight.Facts); err != nil {
			return sight, plan, Unchanged, wrap(t.Spec, "verify", Unchanged, err)
		}
		return sight, plan, Unchanged, nil
	}
	after, outcome, err := e.carry(ctx, t, want, sight, plan, func(have sshserver.Facts) keepalive.Plan { return sshserver.Plan(want, have) })
	if err != nil {
		return sight, plan, outcome, err
	}
	return after, plan, outcome, nil
}

// hold looks at t when no other change of this run is under way there.
func (e *Engine) hold(ctx context.Context, t Target, want sshserver.Want) (Sight, func(), error) {
	asked := time.Now()
	return hold(ctx, &e.locks, t.Spec, e.seen.name(t), func() (Sight, error) { return e.look(ctx, t, want, asked) })
}

// carry commits plan, and what decide makes of the host if a change of another run came
// in between.
func (e *Engine) carry(ctx context.Context, t Target, want sshserver.Want, sight Sight, plan keepalive.Plan, decide func(sshserver.Facts) keepalive.Plan) (Sight, Outcome, error) {
	return retry(decision[Sight]{sight, plan}, func(d decision[Sight]) (Sight, Outcome, error) {
		return e.commit(ctx, t, want, d.sight, d.plan)
	}, func() (Sight, error) {
		return e.look(ctx, t, want, time.Now())
	}, func(s Sight) keepalive.Plan {
		return decide(s.Facts)
	}, sameFor[Sight](want.DropInName, serverDigest))
}

// Remove takes everything that we put on t back, under the same protection. On
// a machine other than the recorded one it touches nothing and reports false.
func (e *Engine) Remove(ctx context.Context, t Target, want sshserver.Want, rec Record) (same bool, err error) {
	nothing := sshserver.Want{DropInName: want.DropInName}
	sight, unlock, err := e.hold(ctx, t, nothing)
	if err != nil {
		return true, err
	}
	defer unlock()
	if rec.IsOther(sight.MachineID, sight.Identity) {
		return false, nil
	}
	if sight, err = e.settled(ctx, t, nothing, sight); err != nil {
		return true, err
	}
	if id := sshserver.Holder(want.DropInName, sight.Facts); !want.Claim.Covers(id) {
		return true, &OtherResourceError{id}
	}
	plan := sshserver.Restore(want.DropInName, sight.Facts)
	if len(plan.Changes) == 0 {
		return true, nil
	}
	_, _, err = e.carry(ctx, t, nothing, sight, plan, func(have sshserver.Facts) keepalive.Plan { return sshserver.Restore(want.DropInName, have) })
	return true, err
}

// IsOther reports whether the machine that answered is not the recorded one. Two
// machine ids differ: it is another machine. The ids are equal: the machines may be
// clones, and it is another machine if another key was shown at another address; another
// key at the same address is a renewed one. An id is missing: the key decides.
func (rec Record) IsOther(machineID string, answered host.Identity) bool {
	switch {
	case rec.MachineID == "" || machineID == "":
		return rec.otherKey(answered)
	case rec.MachineID != machineID:
		return true
	}
	sameType := rec.HostKeyType == "" || answered.KeyType == "" || rec.HostKeyType == answered.KeyType
	return rec.otherKey(answered) && sameType && rec.Address != "" && rec.Address != answered.Address
}

// IsSame reports whether the machine that answered is proven to be the recorded one.
// Neither IsOther nor IsSame holds where there is no proof.
func (rec Record) IsSame(machineID string, answered host.Identity) bool {
	return machineID != "" && rec.MachineID == machineID && !(rec.otherKey(answered) && rec.Address != answered.Address)
}

func (rec Record) otherKey(answered host.Identity) bool {
	return rec.HostKeySHA256 != "" && answered.HostKeySHA256 != "" && rec.HostKeySHA256 != answered.HostKeySHA256
}

// ExposedError is a directory in which another account could exchange files while we
// read and write there.
type ExposedError = commit.ExposedError

// Busy is a change of another run that holds a machine.
type Busy = commit.Busy

// OtherResourceError is a removal of lines that another resource has taken over. Nothing
// was touched.
type OtherResourceError struct{ ID string }

func (e *OtherResourceError) Error() string { return "the lines belong to the resource " + e.ID }

// Conflict is a file that was changed by somebody else since the last refresh.
type Conflict struct{ Path string }

func (c *Conflict) Error() string {
	return c.Path + " was changed by somebody else since it was last read"
}

// ownDigest is the digest of a file as far as it is the business of one resource: of
// what others than this provider have there, and of the resource's own lines.
type ownDigest func(name string, text []byte, resource string) string

// conflict names the first file to be changed whose old text, as far as it is the
// business of resource, is not the recorded one.
func (rec Record) conflict(plan keepalive.Plan, resource string, digest ownDigest) error {
	if rec.Digests == nil {
		return nil
	}
	for _, c := range plan.Changes {
		if rec.Digests[c.Path] != digest(c.Path, c.Old, resource) {
			return &Conflict{c.Path}
		}
	}
	return nil
}

// digestOf is "" for an absent file.
func digestOf(text []byte) string {
	if text == nil {
		return ""
	}
	return digest(text)
}

func errorsOf(problems []keepalive.Problem) []keepalive.Problem {
	var list []keepalive.Problem
	for _, p := range problems {
		if !p.Warning {
			list = append(list, p)
		}
	}
	return list
}

// wrap says where err happened, unless the transport has said so already.
func wrap(spec host.Spec, step string, outcome Outcome, err error) error {
	var transport *host.Error
	if errors.As(err, &transport) && outcome == Unchanged {
		return err
	}
	return &Error{Host: spec.Name, Step: step, Outcome: outcome, Err: err}
}
