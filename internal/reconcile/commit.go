package reconcile

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// commit carries out d's plan and returns what the look saw that confirmed it.
func (r *Reconciler[W, F, D]) commit(ctx context.Context, t Target, want W, d Decision[F, D]) (Seen[F, D], Outcome, error) {
	c := &Change[W, F, D]{Target: t, Want: want, Before: d.Seen, Plan: d.Plan}
	if r.kind.Endpoints != nil {
		c.Target.Spec = r.kind.Endpoints(c)
	}
	h, err := r.engine.machines.Acquire(ctx, c.Target.Spec)
	if err != nil {
		return d.Seen, Unchanged, err
	}
	defer h.Release()
	c.Host = h
	machine := d.Seen.machine(t.Spec)
	r.cache.forget(machine)
	// A change that was begun is brought to its end: Ctrl-C may not leave a
	// host between two configurations. Every step below has its own deadline.
	ctx = context.WithoutCancel(ctx)
	after, outcome, err := r.carryOut(ctx, c)
	r.cache.forget(machine)
	if err != nil {
		return d.Seen, outcome, err
	}
	r.finish(ctx, c)
	r.cache.confirmed(t, want, after)
	return after, outcome, nil
}

func (r *Reconciler[W, F, D]) carryOut(ctx context.Context, c *Change[W, F, D]) (after Seen[F, D], outcome Outcome, err error) {
	spec := c.Target.Spec
	req, step, err := r.prepare(ctx, c)
	if err != nil {
		return after, Unchanged, wrap(spec, step, Unchanged, err)
	}
	confirm := func(ctx context.Context, live commit.Pending) (err error) {
		if after, err = r.lookAgain(ctx, c); err != nil {
			return err
		}
		return r.kind.Confirm(c, after, live)
	}
	if len(req.Changes)+len(req.Edits) == 0 && req.Activate.Kind == commit.None {
		if err := confirm(ctx, commit.Pending{}); err != nil {
			return after, Unknown, wrap(spec, "verify", Unknown, err)
		}
		return after, Applied, nil
	}
	r.engine.begun.add(req.ID)
	outcome, err = commit.Run(ctx, r.runner(c), req, confirm)
	if err != nil {
		r.tidy(ctx, c, outcome)
		return after, outcome, r.failure(req, spec, outcome, err)
	}
	return after, outcome, nil
}

// prepare makes on the host what the commit needs, and lays the change out for it.
func (r *Reconciler[W, F, D]) prepare(ctx context.Context, c *Change[W, F, D]) (req commit.Request, step string, err error) {
	if r.kind.RootDirs {
		if err := shell.MakeDirs(ctx, c.Host, c.Plan.MakeDirs); err != nil {
			return req, "prepare", err
		}
	}
	return r.kind.Prepare(ctx, c)
}

// tidy takes back what was made for a change that did not come about.
func (r *Reconciler[W, F, D]) tidy(ctx context.Context, c *Change[W, F, D], outcome Outcome) {
	if r.kind.RootDirs && (outcome == Unchanged || outcome == RolledBack) {
		_ = shell.RemoveDirs(ctx, c.Host, c.Plan.MakeDirs)
	}
	if r.kind.Tidy != nil {
		r.kind.Tidy(ctx, c, outcome)
	}
}

// finish removes what is not needed after the change.
func (r *Reconciler[W, F, D]) finish(ctx context.Context, c *Change[W, F, D]) {
	if r.kind.RootDirs {
		_ = shell.RemoveDirs(ctx, c.Host, c.Plan.RemoveDirs)
	}
	if r.kind.Finish != nil {
		r.kind.Finish(ctx, c)
	}
}

// NewRequest returns the request for changes of files. The others belong to the file main.
// The request activates nothing.
func NewRequest(main string, changes []keepalive.Change) commit.Request {
	id := commit.NewID()
	req := commit.Request{ID: id, StageDir: commit.StageDir(id), Main: commit.StageDir(id) + main, Activate: commit.Activation{Kind: commit.None}}
	for _, c := range changes {
		req.Changes = append(req.Changes, commit.Change(c))
	}
	return req
}

// runner lets the protocol run its scripts as the owner of the files.
func (r *Reconciler[W, F, D]) runner(c *Change[W, F, D]) machine {
	if r.kind.Owner == nil {
		return machine{host: c.Host}
	}
	return machine{c.Host, func(s host.Script) host.Script { return r.kind.Owner(c.Target, s) }}
}

// lookAgain looks at the host after the change, over a new connection if the kind asks
// for one.
func (r *Reconciler[W, F, D]) lookAgain(ctx context.Context, c *Change[W, F, D]) (Seen[F, D], error) {
	if !r.kind.Fresh {
		return r.gatherUncached(ctx, c.Host, c.Target, c.Want)
	}
	after, err := r.lookFresh(ctx, c.Target, c.Want)
	if isLost(err) {
		// The network's fault more likely than that of the change.
		return r.lookFresh(ctx, c.Target, c.Want)
	}
	return after, err
}

func (r *Reconciler[W, F, D]) lookFresh(ctx context.Context, t Target, want W) (s Seen[F, D], err error) {
	fresh, err := r.engine.machines.AcquireDedicated(ctx, t.Spec)
	if err != nil {
		return s, asRefused(err)
	}
	defer fresh.Release()
	return r.gatherUncached(ctx, fresh, t, want)
}

func (r *Reconciler[W, F, D]) gatherUncached(ctx context.Context, h host.Host, t Target, want W) (Seen[F, D], error) {
	q := Query[W, F, D]{Wants: []W{want}, Last: r.cache.last(t, want), Confirming: true}
	s, err := r.kind.gather(ctx, Connection{Host: h}, t, q)
	if err != nil {
		return s, err
	}
	s, _, err = r.kind.answer(s, want)
	return s, err
}

// isLost reports whether a connection ended that had logged in.
func isLost(err error) bool {
	var e *host.Error
	return errors.As(err, &e) && e.Kind == host.Lost
}

// failure is err with the step at which the protocol ended. What is confirmed without a
// new connection is only verified, and what is not a daemon's is taken over, not reloaded.
func (r *Reconciler[W, F, D]) failure(req commit.Request, spec host.Spec, outcome Outcome, err error) *Error {
	step := "commit"
	if failed, ok := errors.AsType[*commit.Error](err); ok {
		step = failed.Step
	}
	switch {
	case step == "confirm" && !r.kind.Fresh:
		step = "verify"
	case step == "reload" && req.Activate.Kind == commit.Commands:
		step = "load"
	}
	return &Error{Host: spec.Name, Step: step, Outcome: outcome, Err: err}
}

// machine lets the protocol run its scripts on a host, as root unless prepare
// makes other scripts of them.
type machine struct {
	host    host.Host
	prepare func(host.Script) host.Script
}

func (m machine) Run(ctx context.Context, name, script string) (stdout, stderr string, exit int, err error) {
	s := host.Script{Name: name, Text: script, Root: true, Convergent: true}
	if m.prepare != nil {
		s = m.prepare(s)
	}
	res, err := m.host.Run(ctx, s)
	var failed *host.Error
	if errors.As(err, &failed) && !failed.MayHaveRun {
		err = fmt.Errorf("%w: %w", commit.ErrNotRun, err)
	}
	return res.Stdout, res.Stderr, res.Exit, err
}

// asRefused marks the errors that a reloading sshd causes by closing its port
// for some milliseconds.
func asRefused(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", commit.ErrRefused, err)
	}
	return err
}
