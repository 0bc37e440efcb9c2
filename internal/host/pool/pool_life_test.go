package pool

import (
	"context"
	"net"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// Fault 40.
func TestExpiryStorm(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	p := brisk(t)
	p.retry.age = 20 * time.Millisecond
	h := acquire(t, p, s.spec(key, nil))
	for range 10 {
		runMany(t, h, 10, "sleep 0.03")
	}
}

// Fault 41.
func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	p := brisk(t)
	h := acquire(t, p, s.spec(key, nil))
	done := make(chan error, 1)
	go func() {
		_, err := h.Run(context.Background(), host.Script{Name: "last", Text: "sleep 0.4"})
		done <- err
	}()
	for s.execs.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	p.Close(ctx)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := p.Acquire(context.Background(), s.spec(key, nil)); failure(t, err).Kind != host.Canceled {
		t.Errorf("have %v", err)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	p := brisk(t)
	h := acquire(t, p, s.spec(key, nil))
	silent, _ := scripted(t, swallow)
	for _, do := range []func(){
		func() { _, _ = h.Run(context.Background(), host.Script{Name: "long", Text: "sleep 20"}) },
		func() { _, _ = p.Acquire(context.Background(), specTo(t, silent, nil)) },
	} {
		go do()
	}
	for s.execs.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := contextFor(250 * time.Millisecond)
	defer cancel()
	began := time.Now()
	p.Close(ctx)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("closing took %v", took)
	}
}

// Fault 42.
func TestWaiterMayLeave(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	r := newRelay(t, s.listener.Addr().String(), faults{delay: 50 * time.Millisecond})
	p, spec := brisk(t), s.spec(key, func(l *host.Settings) { l.Port = sshtest.Ptr(r.port()) })
	impatient, cancel := contextFor(30 * time.Millisecond)
	defer cancel()
	left := make(chan error, 1)
	go func() {
		_, err := p.Acquire(impatient, spec)
		left <- err
	}()
	acquire(t, p, spec)
	if e := failure(t, <-left); e.Kind != host.Timeout || r.conns.Load() != 1 {
		t.Errorf("have %v over %d connections", e, r.conns.Load())
	}
}

// The last to leave takes the attempt along.
func TestAbandonedDialEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	port, _ := scripted(t, swallow)
	ctx, cancel := contextFor(50 * time.Millisecond)
	defer cancel()
	p := brisk(t)
	if _, err := p.Acquire(ctx, specTo(t, port, nil)); err == nil {
		t.Fatal("the machine was reached")
	}
	settleTo(t, before+1) // the scripted server itself
}

// A thousand times a machine is acquired and lost: cut off by the server, given
// back, or both; every tenth time a script is under way.
//
// Fault 43.
func TestConnectionsDoNotLeak(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.canned = true })
	p := brisk(t)
	spec := s.spec(key, nil)
	cycle := func(n int) {
		h, err := p.Acquire(context.Background(), spec)
		if err != nil {
			t.Error(err)
			return
		}
		defer h.Release()
		if n%10 == 0 {
			go s.cut()
		}
		if _, err := h.Run(context.Background(), host.Script{Text: "true", Convergent: true}); err != nil && n%10 != 0 {
			t.Error(err)
		}
		s.cut()
	}
	cycle(1)
	time.Sleep(100 * time.Millisecond)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for n := range 1000 {
		cycle(n)
	}
	settleTo(t, goroutines+5)
	filesTo(t, files+5)
	t.Logf("%d connections; %d goroutines before, %d after; %d open files before, %d after", s.conns.Load(), goroutines, runtime.NumGoroutine(), files, openFiles(t))
}

// Repeated Configure calls make and close a pool each: with machines given back
// and not, fresh connections that nobody closed, a jump, and a dial under way.
//
// Fault 43.
func TestPoolsDoNotLeak(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.canned = true })
	silent, _ := scripted(t, swallow)
	spec := s.spec(key, nil)
	hop := serve(t, public, nil)
	address := hop.listener.Addr().(*net.TCPAddr)
	jumping := s.spec(key, func(l *host.Settings) {
		l.Jump = []host.Settings{{Host: sshtest.Ptr(address.IP.String()), Port: sshtest.Ptr(address.Port), HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}}}
	})
	configured := func() {
		p := New(Options{})
		for _, spec := range []host.Spec{spec, jumping} {
			h, err := p.Acquire(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.AcquireDedicated(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
			if spec.Jump != nil {
				h.Release()
			}
		}
		left := make(chan error, 1)
		go func() {
			_, err := p.Acquire(context.Background(), specTo(t, silent, nil))
			left <- err
		}()
		ctx, cancel := contextFor(2 * time.Second)
		defer cancel()
		p.Close(ctx)
		if err := <-left; err == nil {
			t.Error("a closed pool reached a machine")
		}
	}
	configured()
	time.Sleep(100 * time.Millisecond)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 100 {
		configured()
	}
	settleTo(t, goroutines+5)
	filesTo(t, files+5)
	t.Logf("%d connections; %d goroutines before, %d after; %d open files before, %d after", s.conns.Load(), goroutines, runtime.NumGoroutine(), files, openFiles(t))
}

func filesTo(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); openFiles(t) > n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("want %d open files, have %d", n, openFiles(t))
		}
	}
}

// settleTo waits until no more than n goroutines are left.
func settleTo(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("want %d goroutines, have %d\n%s", n, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc to count open files in")
	}
	return len(entries)
}

// A machine that is not in use any more leaves nothing in memory, its secrets least of
// all, and can be reached again.
func TestUnusedMachinesAreForgotten(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	p := New(Options{IdleTime: 50 * time.Millisecond})
	defer p.Close(t.Context())
	spec := s.spec(key, func(l *host.Settings) { l.SudoPassword = sshtest.Ptr(host.Secret("hunter2-horse")) })
	for n := int64(1); n <= 2; n++ {
		h, err := p.Acquire(context.Background(), spec)
		if err != nil {
			t.Fatal(err)
		}
		if !keepsText(p, "hunter2-horse") {
			t.Fatal("the search does not find the secret that is in use")
		}
		c := p.entries[spec.Key()].current()
		h.Release()
		h.Release()
		awaitEmpty(t, p)
		<-c.Done()
		if len(p.memories) != 0 || keepsText(p, "hunter2-horse") {
			t.Errorf("kept are %+v", p.memories)
		}
		if have := s.logins.Load(); have != n {
			t.Errorf("want %d logins, have %d", n, have)
		}
	}
}

// A machine that has refused us is not asked again after that time either, and what is
// kept of it holds no secret.
func TestRefusalsOutliveTheSecrets(t *testing.T) {
	s, _ := passwordServer(t, false, true)
	p := New(Options{IdleTime: 50 * time.Millisecond})
	defer p.Close(t.Context())
	spec := s.spec("", func(l *host.Settings) {
		noKey(l)
		l.Password = sshtest.Ptr(host.Secret("hunter2-horse"))
	})
	_, err := p.Acquire(t.Context(), spec)
	first := failure(t, err)
	if first.Kind != host.Auth {
		t.Fatal(err)
	}
	awaitEmpty(t, p)
	if len(p.memories) != 1 || keepsText(p, "hunter2-horse") {
		t.Errorf("kept are %+v", p.memories)
	}
	conns := s.conns.Load()
	if _, err := p.ProbeLogin(t.Context(), spec); failure(t, err).Kind != host.Auth || err.Error() != first.Error() {
		t.Errorf("have %v, want %v", err, first)
	}
	other := spec
	other.Name = "web1"
	_, err = p.Acquire(t.Context(), other)
	if e := failure(t, err); e.Kind != host.Auth || e.Host != other.Label() || s.conns.Load() != conns {
		t.Errorf("after %d more connections: %v", s.conns.Load()-conns, e)
	}
}

// TestRefusalTime: a machine that has refused us is asked again once the time of the
// options is over, whether the pool still has its entry or only its memory.
func TestRefusalTime(t *testing.T) {
	for _, idle := range []time.Duration{time.Minute, time.Millisecond} {
		s, _ := passwordServer(t, false, true)
		p := New(Options{IdleTime: idle, RefusalTime: 300 * time.Millisecond})
		defer p.Close(t.Context())
		spec := s.spec("", func(l *host.Settings) {
			noKey(l)
			l.Password = sshtest.Ptr(host.Secret("hunter2-horse"))
		})
		ask := func() int64 {
			_, err := p.Acquire(t.Context(), spec)
			if failure(t, err).Kind != host.Auth {
				t.Fatal(err)
			}
			_, err = p.ProbeLogin(t.Context(), spec)
			if failure(t, err).Kind != host.Auth {
				t.Fatal(err)
			}
			return s.conns.Load()
		}
		began := time.Now()
		first := ask()
		if idle < time.Minute {
			awaitEmpty(t, p)
		}
		if again := ask(); again != first && time.Since(began) < 300*time.Millisecond {
			t.Errorf("idle time %v: asked %d times at once", idle, again)
		}
		for ask() == first {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// The idle time is a minute unless the options say otherwise.
func TestIdleTime(t *testing.T) {
	for option, want := range map[time.Duration]time.Duration{0: time.Minute, time.Hour: time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			p := New(Options{IdleTime: option})
			entries := func() int {
				synctest.Wait()
				p.mu.Lock()
				defer p.mu.Unlock()
				return len(p.entries)
			}
			spec, err := host.Resolve("web1", host.Settings{Host: sshtest.Ptr("127.0.0.1"), User: sshtest.Ptr("root"), KnownHostsFiles: []string{"/no/such/file"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Acquire(t.Context(), spec); failure(t, err).Kind != host.Config {
				t.Fatal(err)
			}
			time.Sleep(want - time.Second)
			before := entries()
			time.Sleep(2 * time.Second)
			if after := entries(); before != 1 || after != 0 {
				t.Errorf("%v: %d entries before the time, %d after it", want, before, after)
			}
			p.Close(t.Context())
		})
	}
}

// Options bound the attempts that are under way at once.
func TestDialsAtOnce(t *testing.T) {
	if n := cap(New(Options{}).dials); n != 128 {
		t.Errorf("%d by default", n)
	}
	hold := make(chan struct{})
	port, dialled := scripted(t, func(net.Conn) { <-hold })
	p := New(Options{Dials: 2})
	for n := range 5 {
		spec := specTo(t, port, func(l *host.Settings) { l.User = sshtest.Ptr("user" + sshtest.Itoa(n)) })
		go func() { _, _ = p.Acquire(t.Context(), spec) }()
	}
	for dialled.Load() < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	if n := dialled.Load(); n != 2 {
		t.Errorf("%d connections at once", n)
	}
	close(hold)
	ctx, cancel := contextFor(5 * time.Second)
	defer cancel()
	p.Close(ctx)
}

func awaitEmpty(t *testing.T, p *Pool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		p.mu.Lock()
		n := len(p.entries)
		p.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d entries are still there", n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// keepsText reports whether text is anywhere in what p holds of machines.
func keepsText(p *Pool, text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[uintptr]bool{}
	return holdsText(reflect.ValueOf(p.entries), text, seen) || holdsText(reflect.ValueOf(p.memories), text, seen)
}

func holdsText(v reflect.Value, text string, seen map[uintptr]bool) bool {
	switch v.Kind() {
	case reflect.String:
		return strings.Contains(v.String(), text)
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] || v.Type() == reflect.TypeFor[*Pool]() || v.Type() == reflect.TypeFor[*sharedConn]() {
			return false
		}
		seen[v.Pointer()] = true
		return holdsText(v.Elem(), text, seen)
	case reflect.Interface:
		return !v.IsNil() && holdsText(v.Elem(), text, seen)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if v.Index(i).Kind() != reflect.Uint8 && holdsText(v.Index(i), text, seen) {
				return true
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if holdsText(k, text, seen) || holdsText(v.MapIndex(k), text, seen) {
				return true
			}
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if holdsText(field, text, seen) {
				return true
			}
		}
	}
	return false
}

func TestDedicatedConnectionIsNew(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	p, spec := brisk(t), s.spec(key, nil)
	acquire(t, p, spec)
	h, err := p.AcquireDedicated(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	run(t, h, host.Script{Text: "true"})
	if s.conns.Load() != 2 || s.logins.Load() != 2 {
		t.Errorf("have %d connections, %d logins", s.conns.Load(), s.logins.Load())
	}
	h.Release()
	_, err = h.Run(context.Background(), host.Script{Text: "true"})
	if e := failure(t, err); e.Kind != host.Lost || e.MayHaveRun {
		t.Errorf("have %v", e)
	}
}

// A refused fresh connection, the sign that a change locks us out, must not make
// the pool forget the connection that can still roll it back.
func TestRefusedDedicatedLeavesTheSharedAlone(t *testing.T) {
	key, public := newKey(t)
	var locked atomic.Bool
	s := serve(t, public, func(s *server) {
		s.config.MaxAuthTries = 1
		accept := s.config.PublicKeyCallback
		s.config.PublicKeyCallback = locking(accept, &locked)
	})
	p, spec := brisk(t), s.spec(key, nil)
	h := acquire(t, p, spec)
	locked.Store(true)
	if _, err := p.AcquireDedicated(context.Background(), spec); failure(t, err).Kind != host.Auth {
		t.Errorf("have %v", err)
	}
	run(t, h, host.Script{Text: "true"})
	locked.Store(false)
	fresh, err := p.AcquireDedicated(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	fresh.Release()
}
