package pool

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// acquire is a machine of p, given back at the end of the test.
func acquire(t testing.TB, p *Pool, spec host.Spec) host.Host {
	t.Helper()
	ctx, cancel := contextFor(20 * time.Second)
	defer cancel()
	h, err := p.Acquire(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Release)
	return h
}

func run(t testing.TB, h host.Host, s host.Script) host.Result {
	t.Helper()
	ctx, cancel := contextFor(30 * time.Second)
	defer cancel()
	r, err := h.Run(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runMany runs text n times at once.
func runMany(t testing.TB, h host.Host, n int, text string) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			ctx, cancel := contextFor(30 * time.Second)
			defer cancel()
			if _, err := h.Run(ctx, host.Script{Name: "many", Text: text}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// freshly logs in to a machine of p over a connection of its own.
func freshly(t testing.TB, p *Pool, spec host.Spec, patience time.Duration) {
	t.Helper()
	ctx, cancel := contextFor(patience)
	defer cancel()
	fresh, err := p.AcquireDedicated(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	run(t, fresh, host.Script{Text: "true"})
	fresh.Release()
}

func failure(t testing.TB, err error) *host.Error {
	t.Helper()
	var e *host.Error
	if !errors.As(err, &e) {
		t.Fatalf("want an *Error, have %v", err)
	}
	return e
}

func TestRunGivesBackOutputsAndStatus(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	h := acquire(t, brisk(t), s.spec(key, nil))
	for name, text := range map[string]string{
		"exec line": `printf 'a b\n\n'; echo "it's \\ fine!" >&2; exit 3`,
		"stdin":     "printf 'a b\\n\\n'\necho \"it's \\\\ fine!\" >&2\nexit 3",
	} {
		r := run(t, h, host.Script{Name: name, Text: text})
		if r.Stdout != "a b\n\n" || r.Stderr != "it's \\ fine!\n" || r.Exit != 3 {
			t.Errorf("%s: have %+v", name, r)
		}
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("want 1 connection, have %d", n)
	}
}

func TestTwentyAcquiresShareOneConnection(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	p, spec := brisk(t), s.spec(key, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			h := acquire(t, p, spec)
			if r := run(t, h, host.Script{Text: "echo hello"}); r.Stdout != "hello\n" {
				t.Errorf("have %q", r.Stdout)
			}
		})
	}
	wg.Wait()
	if n := s.conns.Load(); n != 1 {
		t.Errorf("want 1 connection, have %d", n)
	}
}

// Fault 18.
func TestWrongKeyOpensOneConnection(t *testing.T) {
	_, public := newKey(t)
	other, _ := newKey(t)
	s := serve(t, public, nil)
	p, spec := brisk(t), s.spec(other, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			ctx, cancel := contextFor(10 * time.Second)
			defer cancel()
			_, err := p.Acquire(ctx, spec)
			if e := failure(t, err); e.Kind != host.Auth || !strings.Contains(e.Error(), "offered ssh-ed25519 SHA256:") {
				t.Errorf("have %v: %v", e.Kind, e)
			}
		})
	}
	wg.Wait()
	if n := s.conns.Load(); n != 1 {
		t.Errorf("want 1 connection, have %d", n)
	}
}

// Fault 14.
func TestHostKeyThatChanged(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	other := sshtest.Authorized(sshtest.Signer(sshtest.NewEd25519()))
	spec := s.spec(key, func(l *host.Settings) { l.HostKeys = []string{other} })
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	_, err := brisk(t).Acquire(ctx, spec)
	e := failure(t, err)
	if e.Kind != host.HostKeyChanged || e.RecordedAt != "host_keys[0]" ||
		!strings.Contains(e.Error(), e.OfferedKey) || !strings.Contains(e.Error(), e.RecordedKey) || e.OfferedKey == e.RecordedKey {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("want 1 connection, have %d", n)
	}
}

func TestLocalRuns(t *testing.T) {
	transport := "local"
	spec, err := host.Resolve("here", host.Settings{Transport: &transport})
	if err != nil {
		t.Fatal(err)
	}
	h := acquire(t, brisk(t), spec)
	if r := run(t, h, host.Script{Text: "echo out; echo err >&2; exit 4"}); r != (host.Result{Stdout: "out\n", Stderr: "err\n", Exit: 4}) {
		t.Errorf("have %+v", r)
	}
}
