package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// commitWithRetry commits first. Where another run changed the host between the look and
// the swap, it looks and plans again, and goes on if that comes to the same for the user.
func (r *Reconciler[W, F, D]) commitWithRetry(ctx context.Context, t Target, want W, first Decision[F, D], plan func(F) keepalive.Plan) (Seen[F, D], Outcome, error) {
	return retry(first, func(d Decision[F, D]) (Seen[F, D], Outcome, error) {
		return r.commit(ctx, t, want, d)
	}, func() (d Decision[F, D], err error) {
		s, err := r.look(ctx, t, want, time.Now())
		if err != nil {
			return d, err // what could not be looked at is not decided about
		}
		return Decision[F, D]{s, plan(s.Facts)}, nil
	}, func(a, b Decision[F, D]) bool {
		if r.kind.Same != nil {
			return r.kind.Same(want, a, b)
		}
		return r.samePlan(want, a, b)
	})
}

// retry carries a decision out, and after a conflict the one that takes its place.
func retry[D, S any](d D, carryOut func(D) (S, Outcome, error), again func() (D, error), same func(a, b D) bool) (S, Outcome, error) {
	const trials = 4
	for n := 1; ; n++ {
		after, outcome, err := carryOut(d)
		if n == trials || outcome != Unchanged || !isConflict(err) {
			return after, outcome, err
		}
		next, failed := again()
		if failed != nil || !same(d, next) {
			return after, outcome, err
		}
		d = next
	}
}

// isConflict reports whether a file was not as it had been when the change was decided.
func isConflict(err error) bool { return errors.As(err, new(*ConflictError)) }

// samePlan reports whether two plans put the same lines into the same files, in which
// nothing changed but lines of other resources of this provider.
func (r *Reconciler[W, F, D]) samePlan(want W, a, b Decision[F, D]) bool {
	before, after := r.kind.Digests(want, a.Seen.Facts), r.kind.Digests(want, b.Seen.Facts)
	file := func(x, y keepalive.Change) bool {
		return x.Path == y.Path && (x.New == nil) == (y.New == nil) && before[x.Path] == after[y.Path]
	}
	return a.Plan.ManagedFile == b.Plan.ManagedFile && a.Plan.ManagedContent == b.Plan.ManagedContent &&
		len(Errors(b.Plan.Problems)) == 0 && slices.EqualFunc(a.Plan.Changes, b.Plan.Changes, file)
}
