package reconcile

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// plannedKind is textKind with plans that have nothing to do, but for restored.
func plannedKind(verify error, restored keepalive.Plan) Kind[string, string, struct{}] {
	k := textKind()
	k.Plan = func(string, string) keepalive.Plan { return keepalive.Plan{} }
	k.Restore = func(string, string) keepalive.Plan { return restored }
	k.Nothing = func(want string) string { return want }
	k.Holder = func(string, string) string { return "" }
	k.Claim = func(string) keepalive.Claim { return keepalive.Claim{} }
	k.Digests = func(string, string) map[string]string { return nil }
	k.Verify = func(string, keepalive.Plan, string) error { return verify }
	return k
}

// TestNothingToWriteIsVerified: of every kind, what needs no change is also what was
// wanted.
func TestNothingToWriteIsVerified(t *testing.T) {
	t.Parallel()
	for _, verify := range []error{nil, errors.New("it is 5")} {
		r := For(New(&scripted{answer: says("fine")}), plannedKind(verify, keepalive.Plan{}))
		_, _, outcome, err := r.Apply(t.Context(), Target{}, "question", Record{})
		failed := new(Error)
		if outcome != Unchanged || errors.As(err, &failed) != (verify != nil) || verify != nil && failed.Step != "verify" {
			t.Errorf("%v: %s, %v", verify, outcome, err)
		}
	}
}

// TestProblemsRefuseTheRemoval: of every kind, a plan that restores is not carried out if
// it has a problem.
func TestProblemsRefuseTheRemoval(t *testing.T) {
	t.Parallel()
	plan := keepalive.Plan{Changes: []keepalive.Change{{Path: "/x"}}, Problems: []keepalive.Problem{{Text: "the file has no end"}}}
	r := For(New(&scripted{answer: says("fine")}), plannedKind(nil, plan))
	same, changed, err := r.Remove(t.Context(), Target{}, "question", Record{})
	failed := new(Error)
	if !same || changed || !errors.As(err, &failed) || failed.Step != "decide" || len(failed.Problems) != 1 {
		t.Errorf("%t, %t, %v", same, changed, err)
	}
}

// TestKindsShareTheLockOfAMachine: a change of one kind waits for that of another on the
// same machine, also where only the other kind has met it.
func TestKindsShareTheLockOfAMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &scripted{answer: says("fine")}
		e := New(m)
		if _, err := For(e, textKind()).Look(t.Context(), Target{Spec: host.Spec{Host: "web1"}}, "question"); err != nil {
			t.Fatal(err)
		}
		unlock, err := e.locks.lock(t.Context(), machineName{key: "SHA256:one"})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, unlock)
		began, looks := time.Now(), m.looks.Load()
		r := For(e, plannedKind(nil, keepalive.Plan{}))
		if _, _, _, err := r.Apply(t.Context(), Target{Spec: host.Spec{Host: "web1"}}, "another", Record{}); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited != time.Minute || m.looks.Load() != looks+1 {
			t.Errorf("waited %s, %d looks", waited, m.looks.Load()-looks)
		}
	})
}
