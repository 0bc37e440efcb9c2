package reconcile

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Reconciler looks at, applies and removes what one kind manages.
type Reconciler[W, F, D any] struct{ Looker[W, F, D] }

// For returns the reconciler of kind over the machines of e.
func For[W, F, D any](e *Engine, kind Kind[W, F, D]) *Reconciler[W, F, D] {
	return &Reconciler[W, F, D]{*LookerFor(e, kind)}
}

// Apply makes want effective on t under a confirmed commit and looks again. A file that
// differs from rec.Digests is a conflict, and a machine other than the recorded one is
// treated as new. The error is an *Error or a *host.Error.
func (r *Reconciler[W, F, D]) Apply(ctx context.Context, t Target, want W, rec Record) (Snapshot[F], keepalive.Plan, Outcome, error) {
	before, unlock, err := r.lockAndLook(ctx, t, want)
	if err != nil {
		return Snapshot[F]{}, keepalive.Plan{}, Unchanged, err
	}
	defer unlock()
	if before, err = r.settled(ctx, t, want, before); err != nil {
		return before.Snapshot, keepalive.Plan{}, Unchanged, err
	}
	plan := r.kind.Plan(want, before.Facts)
	if err := r.decide(t, want, before, plan, rec); err != nil {
		return before.Snapshot, plan, Unchanged, err
	}
	if isEmpty(plan) && !r.isStale(t, plan, before.Facts) {
		if err := r.kind.Verify(want, plan, before.Facts); err != nil {
			return before.Snapshot, plan, Unchanged, wrap(t.Spec, "verify", Unchanged, err)
		}
		return before.Snapshot, plan, Unchanged, nil
	}
	after, outcome, err := r.commitWithRetry(ctx, t, want, Decision[F, D]{before, plan}, func(have F) keepalive.Plan { return r.kind.Plan(want, have) })
	return after.Snapshot, plan, outcome, err
}

// Remove takes everything that we put on t back, under the same protection, and says
// whether there was anything. On a machine other than the recorded one it touches
// nothing, and same is false.
func (r *Reconciler[W, F, D]) Remove(ctx context.Context, t Target, want W, rec Record) (same, changed bool, err error) {
	nothing := r.kind.Nothing(want)
	before, unlock, err := r.lockAndLook(ctx, t, nothing)
	if err != nil {
		return true, false, err
	}
	defer unlock()
	if rec.IsOther(before.MachineID, before.Identity) {
		return false, false, nil
	}
	if before, err = r.settled(ctx, t, nothing, before); err != nil {
		return true, false, err
	}
	if id := r.kind.Holder(want, before.Facts); !r.kind.Claim(want).Covers(id) {
		return true, false, &OtherResourceError{id}
	}
	plan := r.kind.Restore(want, before.Facts)
	if err := r.decide(t, nothing, before, plan, Record{}); err != nil || len(plan.Changes)+len(plan.Edits) == 0 {
		return true, false, err
	}
	_, _, err = r.commitWithRetry(ctx, t, nothing, Decision[F, D]{before, plan}, func(have F) keepalive.Plan { return r.kind.Restore(want, have) })
	return true, err == nil, err
}

// decide returns what keeps plan from being carried out: its own problems, or a file
// that was changed since the record was written.
func (r *Reconciler[W, F, D]) decide(t Target, want W, before Seen[F, D], plan keepalive.Plan, rec Record) error {
	if problems := Errors(plan.Problems); len(problems) > 0 {
		return &Error{Host: t.Spec.Name, Step: "decide", Outcome: Unchanged, Problems: problems}
	}
	if rec.Digests == nil || rec.IsOther(before.MachineID, before.Identity) {
		return nil
	}
	have := r.kind.Digests(want, before.Facts)
	for _, path := range pathsOf(plan) {
		if rec.Digests[path] != have[path] {
			return wrap(t.Spec, "decide", Unchanged, &ConflictError{Path: path})
		}
	}
	return nil
}

func (r *Reconciler[W, F, D]) isStale(t Target, plan keepalive.Plan, have F) bool {
	return r.kind.Stale != nil && r.kind.Stale(t, plan, have)
}

// lockAndLook waits until this run changes nothing else on the machine that is behind
// t, and looks at it.
func (r *Reconciler[W, F, D]) lockAndLook(ctx context.Context, t Target, want W) (s Seen[F, D], unlock func(), err error) {
	asked := time.Now()
	if err := r.check(t); err != nil {
		return s, nil, err
	}
	name := r.engine.names.get(t.Spec)
	if name == (machineName{}) {
		if s, err = r.look(ctx, t, want, asked); err != nil {
			return s, nil, err
		}
		name = s.machine(t.Spec)
	}
	if unlock, err = r.engine.locks.lock(ctx, name); err != nil {
		return s, nil, wrap(t.Spec, "lock", Unchanged, err)
	}
	if s, err = r.look(ctx, t, want, asked); err != nil {
		unlock()
		return s, nil, err
	}
	return s, unlock, nil
}

func isEmpty(plan keepalive.Plan) bool {
	return len(plan.Changes)+len(plan.Edits)+len(plan.MakeDirs) == 0
}

// pathsOf lists the files that plan changes.
func pathsOf(plan keepalive.Plan) (paths []string) {
	for _, c := range plan.Changes {
		paths = append(paths, c.Path)
	}
	for _, e := range plan.Edits {
		paths = append(paths, e.Path)
	}
	return paths
}

// Errors are those of problems that are not warnings.
func Errors(problems []keepalive.Problem) []keepalive.Problem {
	var list []keepalive.Problem
	for _, p := range problems {
		if !p.Warning {
			list = append(list, p)
		}
	}
	return list
}
