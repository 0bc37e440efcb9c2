package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// scripted is a machine whose only fact is what answer returns.
type scripted struct {
	Machines
	answer func(context.Context) (string, error)
	login  time.Duration
	looks  atomic.Int32
}

// Acquire takes a while, as a login does; meanwhile others ask.
func (m *scripted) Acquire(context.Context, host.Spec) (host.Host, error) {
	time.Sleep(m.login)
	return scriptedHost{m}, nil
}

type scriptedHost struct{ *scripted }

func (h scriptedHost) Run(ctx context.Context, _ host.Script) (host.Result, error) {
	h.looks.Add(1)
	text, err := h.answer(ctx)
	return host.Result{Stdout: text}, err
}

func (h scriptedHost) Identity() host.Identity { return host.Identity{HostKeySHA256: "SHA256:one"} }
func (h scriptedHost) Release()                {}

// textKind asks one question for each want.
func textKind() Kind[string, string, struct{}] {
	return Kind[string, string, struct{}]{
		Script: func(_ Target, want string) host.Script { return host.Script{Name: "gather", Text: want} },
		Parse: func(_ Target, _, stdout string) (Seen[string, struct{}], error) {
			return Seen[string, struct{}]{Snapshot: Snapshot[string]{Facts: stdout}}, nil
		},
		Keep: func(have string) bool { return have != "refused" },
	}
}

func says(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

// TestSameQuestionIsAskedOnce: every kind has one look for all who ask the same at the
// same time, also while the look is under way, and the next ask nothing.
func TestSameQuestionIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &scripted{answer: func(context.Context) (string, error) {
			time.Sleep(time.Second)
			return "fine", nil
		}}
		r := For(New(m), textKind())
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 150 * time.Millisecond)
				if s, err := r.Look(t.Context(), Target{}, "question"); err != nil || s.Facts != "fine" {
					t.Errorf("%q, %v", s.Facts, err)
				}
			})
		}
		all.Wait()
		if _, err := r.Look(t.Context(), Target{}, "question"); err != nil || m.looks.Load() != 1 {
			t.Errorf("%d looks, %v", m.looks.Load(), err)
		}
		if _, err := r.Look(t.Context(), Target{}, "another"); err != nil || m.looks.Load() != 2 {
			t.Errorf("%d looks, %v", m.looks.Load(), err)
		}
	})
}

// TestRefusalIsAskedAgain: another resource of the run may have repaired what a host
// refused, whatever the kind.
func TestRefusalIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &scripted{answer: says("refused")}
		r := For(New(m), textKind())
		for _, c := range []struct{ now, want string }{{"refused", "refused"}, {"fine", "fine"}, {"never asked", "fine"}} {
			m.answer = says(c.now)
			time.Sleep(time.Second)
			if s, err := r.Look(t.Context(), Target{}, "question"); err != nil || s.Facts != c.want {
				t.Errorf("have %q, %v, want %q", s.Facts, err, c.want)
			}
		}
	})
}

// TestLookHasADeadline: a host that falls silent during a look holds those who wait for
// it no longer than a look may take, and all of them are told at once.
func TestLookHasADeadline(t *testing.T) {
	for name, c := range map[string]struct {
		option, command, connect, want time.Duration
	}{
		"of the engine":     {10 * time.Second, time.Minute, 10 * time.Second, 10 * time.Second},
		"of the connection": {0, 20 * time.Second, 5 * time.Second, 35 * time.Second},
		"of none":           {0, 0, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &scripted{login: time.Millisecond, answer: func(ctx context.Context) (string, error) {
					<-ctx.Done()
					return "", ctx.Err()
				}}
				e := New(m)
				e.LookTimeout = c.option
				r := For(e, textKind())
				began := time.Now()
				var all sync.WaitGroup
				for range 3 {
					all.Go(func() {
						_, err := r.Look(t.Context(), Target{Spec: host.Spec{CommandTimeout: c.command, ConnectTimeout: c.connect}}, "question")
						var late *host.Error
						if !errors.As(err, &late) || late.Kind != host.Timeout {
							t.Errorf("have %v", err)
						}
					})
				}
				all.Wait()
				if took := time.Since(began); took != c.want+m.login || m.looks.Load() != 1 {
					t.Errorf("%d looks took %s, want one of %s", m.looks.Load(), took, c.want)
				}
			})
		})
	}
}

// TestCacheIsBounded: a process that lives for months remembers no more than a walk
// needs: looks, names of machines, own changes, changes that no look asks about, and
// locks that are not held.
func TestCacheIsBounded(t *testing.T) {
	m := &scripted{answer: says("fine")}
	e := New(m)
	r := For(e, textKind())
	for i := range mostEntries + 100 {
		if _, err := r.Look(t.Context(), Target{}, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.cache.entries); n != mostEntries {
		t.Errorf("%d entries", n)
	}
	looks := m.looks.Load()
	if _, err := r.Look(t.Context(), Target{}, fmt.Sprint(mostEntries+99)); err != nil || m.looks.Load() != looks {
		t.Errorf("the newest was asked again, %v", err)
	}
	for i := range mostNames + 100 {
		spec := host.Spec{Host: fmt.Sprint(i)}
		e.names.put(spec, machineName{id: fmt.Sprint(i)})
		if e.names.get(spec).id != fmt.Sprint(i) {
			t.Fatal("the newest name was dropped")
		}
	}
	if n := len(e.names.all); n != mostNames {
		t.Errorf("%d names", n)
	}
	for i := range mostOwn + 100 {
		e.begun.add(fmt.Sprint(i))
	}
	if left := e.begun.others([]Pending{{ID: fmt.Sprint(mostOwn + 99)}, {ID: "x"}}); len(e.begun.ids) > mostOwn || len(left) != 1 {
		t.Errorf("%d own changes, others %v", len(e.begun.ids), left)
	}
	began := r.cache.changed.begin()
	for i := range 100 {
		r.cache.forget(machineName{key: fmt.Sprint(i)})
	}
	if n := len(r.cache.changed.list); n != 100 {
		t.Errorf("%d changes while a look is under way", n)
	}
	if !r.cache.changed.end(began, machineName{key: "7"}) || len(r.cache.changed.list) != 0 {
		t.Errorf("%d changes after the look", len(r.cache.changed.list))
	}
	for i := range 100 {
		unlock, err := e.locks.lock(t.Context(), machineName{key: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		unlock()
	}
	if n := len(e.locks.held); n != 0 {
		t.Errorf("%d locks", n)
	}
}
