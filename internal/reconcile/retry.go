package reconcile

import (
	"errors"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// decision is what a host was seen to have, and the plan that was made of it.
type decision[S any] struct {
	sight S
	plan  keepalive.Plan
}

// retry carries a decision out. Where another run changed the host between the look and
// the swap, it decides again, and goes on if that comes to the same for the user.
func retry[S any](d decision[S], carry func(decision[S]) (S, Outcome, error), look func() (S, error), decide func(S) keepalive.Plan, same func(a, b decision[S]) bool) (S, Outcome, error) {
	const trials = 4
	for n := 1; ; n++ {
		after, outcome, err := carry(d)
		if n == trials || outcome != Unchanged || !overtaken(err) {
			return after, outcome, err
		}
		// What could not be looked at is not decided about.
		sight, failed := look()
		if failed != nil {
			return after, outcome, err
		}
		next := decision[S]{sight, decide(sight)}
		if !same(d, next) {
			return after, outcome, err
		}
		d = next
	}
}

// overtaken reports whether a file was not as it had been when the change was decided.
func overtaken(err error) bool {
	return errors.As(err, new(*commit.Conflict)) || errors.As(err, new(*Conflict))
}

// sameFor reports whether two plans put the same lines of resource into the same files,
// in which nothing changed but lines of other resources of this provider.
func sameFor[S any](resource string, digest ownDigest) func(a, b decision[S]) bool {
	file := func(a, b keepalive.Change) bool {
		return a.Path == b.Path && (a.New == nil) == (b.New == nil) && digest(a.Path, a.Old, resource) == digest(b.Path, b.Old, resource)
	}
	return func(a, b decision[S]) bool {
		return a.plan.ManagedFile == b.plan.ManagedFile && a.plan.ManagedContent == b.plan.ManagedContent &&
			len(errorsOf(b.plan.Problems)) == 0 && slices.EqualFunc(a.plan.Changes, b.plan.Changes, file)
	}
}
