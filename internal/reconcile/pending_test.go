package reconcile_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// killed are machines whose user is killed when it is about to confirm a change.
type killed struct{ reconcile.Machines }

func (killed) AcquireDedicated(context.Context, host.Spec) (host.Host, error) {
	runtime.Goexit()
	return nil, nil
}

// leavePending applies want as a run that is killed before it confirms the change.
func leavePending(t *testing.T, r *rig, target reconcile.Target, want sshserver.Want) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, outcome, err := newWalk(killed{r.pool}).Apply(context.Background(), target, want, reconcile.Record{})
		t.Errorf("the run was not killed: %q, %v", outcome, err)
	}()
	<-done
}

// TestChangeOfAKilledRunIsPending: what is effective is about to be taken back by the
// host. A look says so, and an apply of the same waits and makes it effective for good.
func TestChangeOfAKilledRunIsPending(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want, target := wish("ClientAliveInterval", "77"), r.target
	target.ConfirmTimeout = 12 * time.Second
	leavePending(t, r, target, want)
	e := r.walk()
	sight, err := e.Look(t.Context(), r.target, want)
	if err != nil || len(sight.Pending) != 1 {
		t.Fatalf("pending %+v, %v", sight.Pending, err)
	}
	if p := sight.Pending[0]; p.Rolling || p.Left > 12*time.Second || time.Until(p.Until) > 12*time.Second || !strings.Contains(p.String(), "is pending until "+p.Until.UTC().Format("15:04:05")) {
		t.Errorf("%+v: %s", p, p)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var pending *reconcile.PendingError
	if _, _, outcome, err := e.Apply(short, r.target, want, reconcile.Record{}); outcome != reconcile.Unchanged || !errors.As(err, &pending) {
		t.Errorf("without time to wait: %q, %v", outcome, err)
	}
	if _, _, outcome, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Applied {
		t.Errorf("%q, %v", outcome, err)
	}
	if got := r.Effective("clientaliveinterval"); got != "77" {
		t.Errorf("sshd says %s", got)
	}
	if sight, err = e.Look(t.Context(), r.target, want); err != nil || len(sight.Pending) > 0 {
		t.Errorf("pending %+v, %v", sight.Pending, err)
	}
}

// TestDestroyWaitsForAPendingChange: what a killed destroy took away comes back, and
// then the next one takes it away.
func TestDestroyWaitsForAPendingChange(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want, target := wish("ClientAliveInterval", "77"), r.target
	apply(t, r, want)
	target.ConfirmTimeout = 5 * time.Second
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := newWalk(killed{r.pool}).Remove(context.Background(), target, want, reconcile.Record{})
		t.Errorf("the run was not killed: %v", err)
	}()
	<-done
	if same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{}); err != nil || !same {
		t.Fatalf("%v, %v", same, err)
	}
	if got := r.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("sshd says %s", got)
	}
	r.eventually(t, "traces to go", func() bool { return r.traces() == "" })
}

// TestPendingChangeWithoutItsWatchdog: the time is up, and nothing took the change back.
// The apply does.
func TestPendingChangeWithoutItsWatchdog(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want, target := wish("ClientAliveInterval", "77"), r.target
	target.ConfirmTimeout = 3 * time.Second
	leavePending(t, r, target, want)
	r.Sh("kill -9 $(cat /var/lib/sshkeepalive/*/waiting); sleep 3")
	e := r.walk()
	sight, err := e.Look(t.Context(), r.target, want)
	if err != nil || len(sight.Pending) != 1 || sight.Pending[0].Left > 0 || !strings.Contains(sight.Pending[0].String(), "has not taken it back yet") {
		t.Fatalf("pending %+v, %v", sight.Pending, err)
	}
	if _, _, outcome, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Applied {
		t.Errorf("%q, %v", outcome, err)
	}
	if got := r.Effective("clientaliveinterval"); got != "77" {
		t.Errorf("sshd says %s", got)
	}
}

// TestPendingChangeOfAnotherAccount: marks that another account can have made are not
// believed, or it could keep every apply waiting.
func TestPendingChangeOfAnotherAccount(t *testing.T) {
	t.Parallel()
	const marks = "for d in /var/lib/sshkeepalive/a1; do mkdir -p $d; : >$d/armed; echo systemd >$d/watchdog; " +
		"echo $(($(date +%s) + 3000)) $(cat /proc/sys/kernel/random/boot_id) 3600 >$d/deadline; done; chmod 700 /var/lib/sshkeepalive /var/lib/sshkeepalive/a1; "
	for name, c := range map[string]struct {
		setup string
		want  int
	}{
		"of root":                       {marks, 1},
		"without a watchdog":            {marks + "echo none >/var/lib/sshkeepalive/a1/watchdog", 0},
		"directory of bob":              {marks + "chown bob /var/lib/sshkeepalive", 0},
		"directory that others write":   {marks + "chmod 777 /var/lib/sshkeepalive", 0},
		"change of bob":                 {marks + "chown bob /var/lib/sshkeepalive/a1", 0},
		"change that others write":      {marks + "chmod 770 /var/lib/sshkeepalive/a1", 0},
		"link to a change of bob":       {marks + "mv /var/lib/sshkeepalive/a1 /home/bob/a1; ln -s /home/bob/a1 /var/lib/sshkeepalive/a1; chown -R bob /home/bob/a1", 0},
		"change that is not armed yet":  {marks + "rm /var/lib/sshkeepalive/a1/watchdog", 0},
		"change that was confirmed":     {marks + "mv /var/lib/sshkeepalive/a1/armed /var/lib/sshkeepalive/a1/done", 0},
		"change that is being reverted": {marks + "mv /var/lib/sshkeepalive/a1/armed /var/lib/sshkeepalive/a1/rolling", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hosttest.Options{Users: []hosttest.User{{Name: "bob"}}}, "root")
			r.Sh(c.setup)
			sight, err := r.walk().Look(t.Context(), r.target, wish("ClientAliveInterval", "77"))
			if err != nil || len(sight.Pending) != c.want {
				t.Errorf("pending %+v, %v", sight.Pending, err)
			}
		})
	}
}

// TestOwnChangeIsNotPending: another resource of the same run that looks meanwhile is
// told nothing of it.
func TestOwnChangeIsNotPending(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	w := watch(r.pool)
	e := newWalk(w)
	want := wish("ClientAliveInterval", "77")
	w.stall = func(ctx context.Context, s host.Script) error {
		if s.Name != "disarm" {
			return nil
		}
		s2, err := r.walk().Look(ctx, r.target, want) // as another run sees it
		if err != nil || len(s2.Pending) != 1 {
			t.Errorf("another run sees %+v, %v", s2.Pending, err)
		}
		sight, err := e.Look(ctx, r.target, want)
		if err != nil || len(sight.Pending) > 0 {
			t.Errorf("pending %+v, %v", sight.Pending, err)
		}
		return nil
	}
	if _, _, outcome, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Applied {
		t.Errorf("%q, %v", outcome, err)
	}
}
