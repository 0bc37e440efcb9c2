package reconcile_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// applicant is a provider of its own that looks after one setting of a host.
type applicant struct {
	keyword, file string
	value         int // in force
	outcome       reconcile.Outcome
	err           error
}

// apply makes value effective, with connections that nobody else has.
func (a *applicant) apply(t *testing.T, r *rig, value int) {
	pool := pool.New(pool.Options{})
	defer pool.Close(context.Background())
	want := wish(a.keyword, strconv.Itoa(value))
	want.Placement, want.DropInName = sshserver.DropIn, a.file
	_, _, a.outcome, a.err = newWalk(pool).Apply(t.Context(), r.target, want, reconcile.Record{})
	if a.outcome == reconcile.Applied {
		a.value = value
	}
}

// check holds what an applicant said against what the daemon does.
func (a *applicant) check(t *testing.T, r *rig) {
	t.Helper()
	var clash *commit.ConflictError
	if a.outcome != reconcile.Applied && (a.outcome != reconcile.Unchanged || !errors.As(a.err, &clash) && !errors.Is(a.err, commit.ErrBusy)) {
		t.Errorf("%s: neither applied nor a conflict: %s, %v", a.keyword, a.outcome, a.err)
	}
	if got := r.Effective(a.keyword); got != strconv.Itoa(a.value) {
		t.Errorf("%s is %s, not %d, and its provider said %s, %v", a.keyword, got, a.value, a.outcome, a.err)
	}
}

// TestTwoProviders: of two providers that apply to one host at the same time, one waits
// or says conflict. What is in force is what those who said applied wanted, the
// daemon was reloaded once for each of them, and whoever was refused may try again.
//
// Fault 47.
func TestTwoProviders(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{SSHDArgs: []string{"-E", sshdLog}}, "root")
	first := &applicant{keyword: "ClientAliveInterval", file: "10-first.conf", value: 120}
	second := &applicant{keyword: "LoginGraceTime", file: "20-second.conf", value: 120}
	conflicts := 0
	for round := range 5 {
		loaded, late := r.reloads(), time.Duration(rand.IntN(400))*time.Millisecond
		var both sync.WaitGroup
		both.Go(func() { first.apply(t, r, 30+round) })
		both.Go(func() {
			time.Sleep(late)
			second.apply(t, r, 60+round)
		})
		both.Wait()
		applied := 0
		for _, a := range []*applicant{first, second} {
			a.check(t, r)
			if a.outcome == reconcile.Applied {
				applied++
			}
		}
		if n := r.reloads() - loaded; applied == 0 || n != applied {
			t.Errorf("%d were applied, and the daemon was reloaded %d times", applied, n)
		}
		for _, a := range []*applicant{first, second} {
			if a.outcome == reconcile.Applied {
				continue
			}
			conflicts++
			a.apply(t, r, 90+round)
			if a.check(t, r); a.outcome != reconcile.Applied {
				t.Errorf("%s: the next apply: %s, %v", a.keyword, a.outcome, a.err)
			}
		}
		r.eventually(t, "traces to go", func() bool { return r.traces() == "" })
	}
	t.Logf("%d of 5 rounds ended in a conflict", conflicts)
}
