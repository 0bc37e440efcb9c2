package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// watched gives out hosts and writes down which scripts run there.
type watched struct {
	reconcile.Machines
	arrive func()                                         // before a host is given out
	stall  func(ctx context.Context, s host.Script) error // before a script runs

	mu      sync.Mutex
	scripts []string
}

func watch(m reconcile.Machines) *watched {
	return &watched{Machines: m, arrive: func() {}, stall: func(context.Context, host.Script) error { return nil }}
}

func (w *watched) Acquire(ctx context.Context, spec host.Spec) (host.Host, error) {
	w.arrive()
	h, err := w.Machines.Acquire(ctx, spec)
	return watchedHost{h, w}, err
}

func (w *watched) AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error) {
	h, err := w.Machines.AcquireDedicated(ctx, spec)
	return watchedHost{h, w}, err
}

// ran are the scripts since the last call.
func (w *watched) ran() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.scripts
	w.scripts = nil
	return list
}

type watchedHost struct {
	host.Host
	watched *watched
}

func (h watchedHost) Run(ctx context.Context, s host.Script) (host.Result, error) {
	w := h.watched
	w.mu.Lock()
	w.scripts = append(w.scripts, s.Name)
	w.mu.Unlock()
	if err := w.stall(ctx, s); err != nil {
		return host.Result{}, err
	}
	return h.Host.Run(ctx, s)
}

// gracePeriods are resources that share a host, each with a file of its own.
func gracePeriods(n int) (wants []sshserver.Want) {
	for i := range n {
		want := wish("LoginGraceTime", fmt.Sprintf("%dm", i+1))
		want.DropInName = fmt.Sprintf("1%d-team.conf", i)
		wants = append(wants, want)
	}
	return wants
}

// together does something for each wish at once.
func together(wants []sshserver.Want, do func(i int, want sshserver.Want)) {
	var all sync.WaitGroup
	for i, want := range wants {
		all.Go(func() { do(i, want) })
	}
	all.Wait()
}

// TestOneLookForAll: resources that ask at the same time ask once, each gets its
// own answers, and who comes later asks for nothing that is known.
func TestOneLookForAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	w := watch(r.pool)
	e := newWalk(w)
	look := func(want sshserver.Want) reconcile.Snapshot[sshserver.Facts] {
		t.Helper()
		s, err := e.Look(t.Context(), r.target, want)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	wants := gracePeriods(10)
	var crowd sync.WaitGroup
	crowd.Add(len(wants))
	w.arrive = func() {
		crowd.Done()
		crowd.Wait()
	}
	together(wants, func(i int, want sshserver.Want) {
		s, err := e.Look(t.Context(), r.target, want)
		if err != nil {
			t.Error(err)
			return
		}
		if got, want := s.Facts.Canonical["logingracetime"], []string{fmt.Sprint(60 * (i + 1))}; !slices.Equal(got, want) {
			t.Errorf("%d minutes are spelled %q, not %q", i+1, got, want)
		}
	})
	if ran := w.ran(); !slices.Equal(ran, []string{"gather"}) {
		t.Errorf("ten looks ran %q", ran)
	}
	w.arrive = func() {}
	for _, c := range []struct {
		name string
		want sshserver.Want
		runs string
	}{
		{"known", wants[7], ""},
		{"another spelling", wish("LoginGraceTime", "99"), "spell"},
		{"that again", wish("LoginGraceTime", "99"), ""},
		{"another context", sshserver.Want{Settings: wants[7].Settings, Contexts: []sshconf.Context{{User: "bob"}}}, "gather"},
		{"yet another", sshserver.Want{Settings: wants[3].Settings, Contexts: []sshconf.Context{{User: "eve"}}}, "gather"},
		{"the first context", sshserver.Want{Settings: wants[3].Settings, Contexts: []sshconf.Context{{User: "bob"}}}, ""},
		{"nothing", sshserver.Want{}, ""},
	} {
		look(c.want)
		if ran := strings.Join(w.ran(), " "); ran != c.runs {
			t.Errorf("%s: ran %q, not %q", c.name, ran, c.runs)
		}
	}
}

// TestApplyTogether: what applies at the same time looks once, and then takes
// what the confirming look of the one before has seen. Each change takes two
// scripts and a look over a new connection.
func TestApplyTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	w := watch(r.pool)
	e := newWalk(w)
	wants := gracePeriods(3)
	wants[0].Settings[0].Keyword, wants[0].Settings[0].Values = "ClientAliveInterval", []string{"45"}
	wants[1].Settings[0].Keyword, wants[1].Settings[0].Values = "ClientAliveCountMax", []string{"9"}
	for _, want := range wants { // as Terraform plans again before it applies
		if _, err := e.Look(t.Context(), r.target, want); err != nil {
			t.Fatal(err)
		}
	}
	w.ran()
	var crowd sync.WaitGroup
	crowd.Add(len(wants))
	w.stall = func(context.Context, host.Script) error {
		crowd.Wait() // until all have asked
		return nil
	}
	together(wants, func(_ int, want sshserver.Want) {
		crowd.Done()
		if _, _, outcome, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Applied {
			t.Errorf("%q, %v", outcome, err)
		}
	})
	ran := w.ran()
	looks := 0
	for _, name := range ran {
		if name == "gather" || name == "spell" {
			looks++
		}
	}
	if looks != 3 || len(ran) != 9 {
		t.Errorf("three changes took %d looks: %q", looks, ran)
	}
	for keyword, value := range map[string]string{"clientaliveinterval": "45", "clientalivecountmax": "9", "logingracetime": "180"} {
		if got := r.Effective(keyword); got != value {
			t.Errorf("sshd says %s %s, not %s", keyword, got, value)
		}
	}
}

// TestHandEditIsSeen: nobody who asks after a change is told what was seen before
// he asked, however the host is reached.
func TestHandEditIsSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}}, "root")
	e := r.walk()
	want, other := wish("ClientAliveInterval", "60"), r.target
	other.Spec.User, other.Spec.Sudo = "admin", true
	if _, err := e.Look(t.Context(), other, want); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil {
		t.Fatal(err)
	}
	r.Write("/etc/ssh/sshd_config.d/00-aaa.conf", "ClientAliveInterval 600\n")
	for name, target := range map[string]reconcile.Target{"the same account": r.target, "another account": other} {
		s, err := e.Look(t.Context(), target, want)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Facts.Effective[0]["clientaliveinterval"]; !slices.Equal(got, []string{"600"}) {
			t.Errorf("%s: after the edit the interval is %q", name, got)
		}
	}
	if _, _, outcome, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Applied {
		t.Errorf("the repair: %q, %v", outcome, err)
	}
}

// TestChangeDuringALook: what was seen of a host while it was being changed is
// not remembered.
func TestChangeDuringALook(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	w := watch(r.pool)
	e := newWalk(w)
	want := wish("ClientAliveInterval", "60")
	if _, err := e.Look(t.Context(), r.target, want); err != nil {
		t.Fatal(err)
	}
	slow := want
	slow.Contexts = []sshconf.Context{{User: "bob"}}
	begun, changed := make(chan struct{}), make(chan struct{})
	w.stall = func(_ context.Context, s host.Script) error {
		if strings.Contains(s.Text, "user=bob") {
			close(begun)
			<-changed
		}
		return nil
	}
	var late sync.WaitGroup
	late.Go(func() {
		if _, err := e.Look(t.Context(), r.target, slow); err != nil {
			t.Error(err)
		}
	})
	<-begun
	if _, _, _, err := e.Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil {
		t.Error(err)
	}
	close(changed)
	late.Wait()
	w.ran()
	if _, err := e.Look(t.Context(), r.target, want); err != nil {
		t.Error(err)
	}
	if ran := w.ran(); !slices.Equal(ran, []string{"gather"}) {
		t.Errorf("after a change, a look ran %q", ran)
	}
}

// TestSomebodyGivesUp: who looks on behalf of others and is called off does not
// take them along.
func TestSomebodyGivesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	w := watch(r.pool)
	e := newWalk(w)
	ctx, cancel := context.WithCancel(t.Context())
	looking := make(chan struct{})
	var once sync.Once
	w.stall = func(of context.Context, _ host.Script) (err error) {
		once.Do(func() {
			close(looking)
			<-of.Done()
			err = &host.Error{Kind: host.Canceled, Phase: host.PhaseRemote, Err: of.Err()}
		})
		return err
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := e.Look(ctx, r.target, wish("ClientAliveInterval", "60")); err == nil {
			t.Error("a look that was called off has an answer")
		}
	})
	<-looking
	for _, want := range gracePeriods(3) {
		all.Go(func() {
			if _, err := e.Look(t.Context(), r.target, want); err != nil {
				t.Error(err)
			}
		})
	}
	cancel()
	all.Wait()
}

// TestRefusalIsNotRemembered: what sshd said no to may have been mended since, by
// another resource of the same walk; what it granted is not asked again.
func TestRefusalIsNotRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	w := watch(r.pool)
	e := newWalk(w)
	look := func(want sshserver.Want) (reconcile.Snapshot[sshserver.Facts], error) {
		t.Helper()
		w.ran()
		return e.Look(t.Context(), r.target, want)
	}
	asked := func(what string, times int) {
		t.Helper()
		if ran := w.ran(); len(ran) != times {
			t.Errorf("%s: asked by %q", what, ran)
		}
	}
	nowhere := wish("ClientAliveInterval", "60")
	nowhere.Contexts = []sshconf.Context{{User: "a,b=c"}}
	for range 2 {
		if _, err := look(nowhere); err == nil || !strings.Contains(err.Error(), "Invalid test mode specification") {
			t.Fatal(err)
		}
		asked("a context that sshd refuses", 1)
	}
	if _, err := look(wish("ClientAliveInterval", "60")); err != nil {
		t.Fatal(err)
	}
	asked("another wish, of which all is known", 0)

	key := wish("HostKey", "/etc/ssh/new_key")
	sight, err := look(key)
	if err != nil || sight.Facts.Refused[0] == "" {
		t.Fatalf("%+v, %v", sight.Facts.Refused, err)
	}
	r.Sh("cp -p /etc/ssh/ssh_host_ed25519_key /etc/ssh/new_key")
	if sight, err = look(key); err != nil || sight.Facts.Refused[0] != "" {
		t.Errorf("%+v, %v", sight.Facts.Refused, err)
	}

	broken := newWalk(w)
	r.Write("/etc/ssh/sshd_config.d/99-broken.conf", "Nonsense yes\n")
	if sight, err = broken.Look(t.Context(), r.target, key); err != nil || sight.Facts.Invalid == "" {
		t.Fatalf("%q, %v", sight.Facts.Invalid, err)
	}
	r.Remove("/etc/ssh/sshd_config.d/99-broken.conf")
	if sight, err = broken.Look(t.Context(), r.target, key); err != nil || sight.Facts.Invalid != "" {
		t.Errorf("%q, %v", sight.Facts.Invalid, err)
	}
}

// TestNewDropInBetweenLookAndSwap: one that changes what is decided is a conflict,
// one that does not is looked at, and the change goes on.
func TestNewDropInBetweenLookAndSwap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		outcome reconcile.Outcome
	}{
		"harmless": {"X11Forwarding no\n", reconcile.Applied},
		"shadows":  {"ClientAliveInterval 5\n", reconcile.Unchanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hosttest.Options{}, "root")
			w := watch(r.pool)
			looked := false
			w.stall = func(_ context.Context, s host.Script) error {
				if looked && s.Name != "gather" {
					r.Write("/etc/ssh/sshd_config.d/00-aaa.conf", c.text)
				}
				looked = looked || s.Name == "gather"
				return nil
			}
			_, _, outcome, err := newWalk(w).Apply(t.Context(), r.target, wish("ClientAliveInterval", "60"), reconcile.Record{})
			clash := new(commit.ConflictError)
			if conflict := errors.As(err, &clash); outcome != c.outcome || conflict != (outcome == reconcile.Unchanged) {
				t.Fatalf("%s, %v", outcome, err)
			}
			if err != nil && (clash.How != "appeared" || clash.Path != "/etc/ssh/sshd_config.d/00-aaa.conf") {
				t.Errorf("%+v", clash)
			}
		})
	}
}
