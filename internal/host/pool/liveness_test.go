package pool

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// watched is a machine behind a relay, with a short keepalive.
func watched(t *testing.T, p *Pool, interval time.Duration, change func(*server)) (host.Host, *relay, *server) {
	t.Helper()
	key, public := newKey(t)
	s := serve(t, public, change)
	r := newRelay(t, s.listener.Addr().String(), faults{})
	spec := s.spec(key, func(l *host.Settings) {
		l.Port, l.KeepaliveInterval, l.HandshakeTimeout = sshtest.Ptr(r.port()), sshtest.Ptr(interval), sshtest.Ptr(2*time.Second)
	})
	return acquire(t, p, spec), r, s
}

func runError(t *testing.T, h host.Host, s host.Script) (*host.Error, time.Duration) {
	t.Helper()
	ctx, cancel := contextFor(30 * time.Second)
	defer cancel()
	began := time.Now()
	if r, err := h.Run(ctx, s); err == nil {
		t.Fatalf("the script ended: %+v", r)
	} else {
		return failure(t, err), time.Since(began)
	}
	return nil, 0
}

// untilLost waits until the connection behind h is gone.
func untilLost(t *testing.T, h host.Host) {
	t.Helper()
	select {
	case <-h.(*sharedHost).entry.current().Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the connection is still there")
	}
}

// Fault 28.
func TestBlackHoleDuringSilentScript(t *testing.T) {
	t.Parallel()
	const interval = 250 * time.Millisecond
	h, r, _ := watched(t, brisk(t), interval, nil)
	time.AfterFunc(200*time.Millisecond, func() { r.hole.Store(true) })
	e, took := runError(t, h, host.Script{Name: "sleep", Text: "sleep 20"})
	took -= 200 * time.Millisecond
	if e.Kind != host.Lost || !e.MayHaveRun || !strings.Contains(e.Error(), "silent for") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	// TestLossIsFoundInTime has the exact figure; here a busy machine may add.
	if want := 4 * interval; took < want*8/10 || took > 5*want {
		t.Errorf("want the loss noticed after %v, have %v", want, took)
	}
}

// Fault 29.
func TestBlackHoleWhileIdle(t *testing.T) {
	t.Parallel()
	h, r, _ := watched(t, brisk(t), 50*time.Millisecond, nil)
	run(t, h, host.Script{Text: "echo before"})
	r.hole.Store(true)
	untilLost(t, h)
	r.hole.Store(false)
	if res := run(t, h, host.Script{Text: "echo after"}); res.Stdout != "after\n" || r.conns.Load() != 2 {
		t.Errorf("have %q over %d connections", res.Stdout, r.conns.Load())
	}
}

// A script that was cut off before its end has not run, and is tried again.
//
// Fault 30.
func TestBlackHoleDuringUpload(t *testing.T) {
	t.Parallel()
	p := brisk(t)
	p.retry.attempts = 1
	h, r, _ := watched(t, p, 250*time.Millisecond, nil)
	go func() {
		for r.moved.Load() < 1<<20 {
			time.Sleep(time.Millisecond)
		}
		r.hole.Store(true)
	}()
	text := "sleep 5\n: '" + strings.Repeat("x", 10<<20) + "'\n"
	e, took := runError(t, h, host.Script{Name: "upload", Text: text})
	if !e.Connecting() || e.MayHaveRun || r.conns.Load() < 2 || took > 20*time.Second {
		t.Errorf("have %v after %v: %v", e.Kind, took, e)
	}
}

// Fault 31.
func TestDataCountsAsAnAnswer(t *testing.T) {
	t.Parallel()
	h, r, _ := watched(t, brisk(t), 100*time.Millisecond, func(s *server) { s.mute = true })
	res := run(t, h, host.Script{Text: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo $i; sleep 0.05; done"})
	if !strings.HasSuffix(res.Stdout, "20\n") || r.conns.Load() != 1 {
		t.Errorf("have %q over %d connections", res.Stdout, r.conns.Load())
	}
}

// tinyssh answers a keepalive in a way that ends the connection; it is left alone
// from the second connection on.
//
// Fault 32.
func TestServerThatEndsOnAKeepalive(t *testing.T) {
	t.Parallel()
	p := brisk(t)
	h, r, _ := watched(t, p, 50*time.Millisecond, func(s *server) { s.fragile = true })
	untilLost(t, h)
	run(t, h, host.Script{Text: "true"})
	time.Sleep(300 * time.Millisecond)
	run(t, h, host.Script{Text: "true"})
	if n := r.conns.Load(); n != 2 {
		t.Errorf("want 2 connections, have %d", n)
	}
}

// Fault 25.
func TestOneSessionPerConnection(t *testing.T) {
	t.Parallel()
	h, r, s := watched(t, brisk(t), time.Second, func(s *server) { s.single, s.config.ServerVersion = true, "SSH-2.0-tinyssh_noversion" })
	for range 3 {
		if res := run(t, h, host.Script{Text: "echo ok"}); res.Stdout != "ok\n" {
			t.Errorf("have %q", res.Stdout)
		}
	}
	if s.execs.Load() != 3 || r.conns.Load() != 3 {
		t.Errorf("have %d scripts over %d connections", s.execs.Load(), r.conns.Load())
	}
}

// Fault 26.
func TestOneSessionAtATimeUnlessOpenSSH(t *testing.T) {
	t.Parallel()
	h, _, s := watched(t, brisk(t), time.Second, func(s *server) { s.config.ServerVersion = "SSH-2.0-dropbear_2022.83" })
	runMany(t, h, 10, "sleep 0.02")
	if n := s.peak.Load(); n != 1 {
		t.Errorf("want 1 session at a time, have %d", n)
	}
}

// Fault 24.
func TestFewSessionsAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 2} {
		h, r, _ := watched(t, brisk(t), time.Second, func(s *server) { s.maxSessions = most })
		runMany(t, h, 12, "true")
		if n := r.conns.Load(); n != 1 {
			t.Errorf("MaxSessions %d: want 1 connection, have %d", most, n)
		}
	}
}

// A script that nobody waits for any more may hold the only session; the next one
// gets a connection of its own.
//
// Fault 24.
func TestSessionHeldByAnAbandonedScript(t *testing.T) {
	t.Parallel()
	h, r, _ := watched(t, brisk(t), time.Second, func(s *server) { s.maxSessions = 1 })
	_, _ = runError(t, h, host.Script{Name: "forgotten", Text: "sleep 6", Timeout: 200 * time.Millisecond})
	run(t, h, host.Script{Text: "true"})
	if n := r.conns.Load(); n > 2 {
		t.Errorf("want at most 2 connections, have %d", n)
	}
}

// Sessions that the server refuses leave those that it granted alone.
//
// Fault 27.
func TestOpenFailedKillsNothing(t *testing.T) {
	t.Parallel()
	h, r, s := watched(t, brisk(t), time.Second, func(s *server) { s.maxSessions = 2 })
	done := make(chan error, 1)
	go func() {
		res, err := h.Run(context.Background(), host.Script{Name: "long", Text: "sleep 1.5; echo done"})
		if err == nil && res.Stdout != "done\n" {
			err = errors.New(res.Stdout)
		}
		done <- err
	}()
	for s.busy.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	runMany(t, h, 30, "sleep 0.02")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if s.refused.Load() == 0 || s.execs.Load() != 31 || r.conns.Load() != 1 {
		t.Errorf("%d refusals, %d scripts, %d connections", s.refused.Load(), s.execs.Load(), r.conns.Load())
	}
}

// Fault 53.
func TestExit255IsAnAnswer(t *testing.T) {
	t.Parallel()
	h, _, _ := watched(t, brisk(t), time.Second, nil)
	if res := run(t, h, host.Script{Text: "exit 255"}); res.Exit != 255 {
		t.Errorf("have %+v", res)
	}
}

// Fault 54.
func TestKilledBySignal(t *testing.T) {
	t.Parallel()
	h, r, _ := watched(t, brisk(t), time.Second, nil)
	e, _ := runError(t, h, host.Script{Name: "suicide", Text: "kill -9 $$", Convergent: true})
	if e.Kind != host.Killed || e.Signal != "KILL" || r.conns.Load() != 1 {
		t.Errorf("have %v %q: %v", e.Kind, e.Signal, e)
	}
}

// What a cancelled script leaves behind is a connection that still serves.
//
// Fault 56.
func TestCancelledScriptLeavesTheConnection(t *testing.T) {
	t.Parallel()
	h, r, s := watched(t, brisk(t), time.Second, nil)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for s.busy.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := h.Run(ctx, host.Script{Name: "sleep", Text: "sleep 20"})
	if e := failure(t, err); e.Kind != host.Canceled || !e.MayHaveRun {
		t.Errorf("have %v", e)
	}
	if res := run(t, h, host.Script{Text: "echo still here"}); res.Stdout != "still here\n" || r.conns.Load() != 1 {
		t.Errorf("have %q over %d connections", res.Stdout, r.conns.Load())
	}
}

func TestCommandTimeout(t *testing.T) {
	t.Parallel()
	h, _, _ := watched(t, brisk(t), time.Second, nil)
	e, took := runError(t, h, host.Script{Name: "sleep", Text: "echo waiting >&2; sleep 60", Timeout: 3 * time.Second}) // a busy machine needs one for the shell
	if e.Kind != host.Timeout || isTransient(e) || took > 15*time.Second || !strings.Contains(e.Error(), "waiting") {
		t.Errorf("have %v after %v: %v", e.Kind, took, e)
	}
}

// Login files that take their time are not a script that does.
func TestCommandTimeoutBeforeTheScriptBegan(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.shell = []string{"sh", "-c", "echo loading >&2; sleep 20 # "} })
	e, _ := runError(t, acquire(t, brisk(t), s.spec(key, nil)), host.Script{Name: "read", Text: "true", Timeout: 200 * time.Millisecond})
	if e.Kind != host.Timeout || e.Phase != host.PhaseExec || !strings.Contains(e.Error(), "has not begun the script after 200ms: loading") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Only what may run twice is sent twice.
func TestLostScripts(t *testing.T) {
	t.Parallel()
	for _, convergent := range []bool{true, false} {
		h, r, s := watched(t, brisk(t), time.Second, nil)
		time.AfterFunc(300*time.Millisecond, r.cut)
		ctx, cancel := contextFor(20 * time.Second)
		defer cancel()
		res, err := h.Run(ctx, host.Script{Name: "work", Text: "sleep 0.8; echo done", Convergent: convergent})
		if convergent {
			if err != nil || res.Stdout != "done\n" || s.execs.Load() != 2 {
				t.Errorf("convergent: have %q, %v after %d", res.Stdout, err, s.execs.Load())
			}
			continue
		}
		if e := failure(t, err); e.Kind != host.Lost || !e.MayHaveRun || s.execs.Load() != 1 {
			t.Errorf("have %v after %d", e, s.execs.Load())
		}
	}
}

// A server that ends idle connections is normal, and nobody's error.
//
// Fault 34.
func TestClosedWhileIdle(t *testing.T) {
	t.Parallel()
	h, r, _ := watched(t, brisk(t), time.Second, nil)
	run(t, h, host.Script{Text: "true"})
	r.cut()
	run(t, h, host.Script{Text: "true"})
}

func TestDeadPortAfterTheLoss(t *testing.T) {
	t.Parallel()
	p := brisk(t)
	h, r, _ := watched(t, p, time.Second, nil)
	_ = r.listener.Close()
	r.cut()
	time.Sleep(50 * time.Millisecond)
	if e, _ := runError(t, h, host.Script{Text: "true", Convergent: true}); e.Kind != host.Unreachable {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// That the machine cannot be reached any more does not undo what an earlier
// attempt may have done.
func TestDeadPortAfterAScriptBegan(t *testing.T) {
	t.Parallel()
	h, r, s := watched(t, brisk(t), time.Second, nil)
	time.AfterFunc(300*time.Millisecond, func() {
		_ = r.listener.Close()
		r.cut()
	})
	e, _ := runError(t, h, host.Script{Name: "work", Text: "sleep 0.8", Convergent: true})
	if e.Kind != host.Unreachable || !e.MayHaveRun || s.execs.Load() != 1 {
		t.Errorf("have %v after %d: %v", e.Kind, s.execs.Load(), e)
	}
}

func TestJumpHosts(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	outer, inner, target := serve(t, public, nil), serve(t, public, nil), serve(t, public, nil)
	hop := func(s *server) host.Settings {
		a := s.listener.Addr().(*net.TCPAddr)
		return host.Settings{Host: sshtest.Ptr(a.IP.String()), Port: sshtest.Ptr(a.Port), HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}}
	}
	p := brisk(t)
	spec := target.spec(key, func(l *host.Settings) { l.Jump = []host.Settings{hop(outer), hop(inner)} })
	for range 2 {
		run(t, acquire(t, p, spec), host.Script{Text: "true"})
	}
	other := serve(t, public, nil)
	run(t, acquire(t, p, other.spec(key, func(l *host.Settings) { l.Jump = []host.Settings{hop(outer), hop(inner)} })), host.Script{Text: "true"})
	if outer.conns.Load() != 1 || inner.conns.Load() != 1 || target.conns.Load() != 1 {
		t.Errorf("want shared legs, have %d, %d, %d", outer.conns.Load(), inner.conns.Load(), target.conns.Load())
	}

	freshly(t, p, spec, 10*time.Second)
	if outer.conns.Load() != 2 || inner.conns.Load() != 2 || target.conns.Load() != 2 {
		t.Errorf("want fresh legs, have %d, %d, %d", outer.conns.Load(), inner.conns.Load(), target.conns.Load())
	}
}

// A dead jump host is tried as often as any host, not that often squared.
func TestDeadJumpHostIsOneCycle(t *testing.T) {
	t.Parallel()
	port, conns := scripted(t, func(net.Conn) {})
	e, _ := refusal(t, brisk(t), specTo(t, 22, func(l *host.Settings) { l.Jump = []host.Settings{{Host: sshtest.Ptr("127.0.0.1"), Port: &port}} }))
	if !isTransient(e) || conns.Load() != 5 || e.Attempts != 5 || !strings.Contains(e.Error(), "jump host ") {
		t.Errorf("have %v after %d connections: %v", e.Kind, conns.Load(), e)
	}
}

// Each hop is checked against its own keys: the target's must not do for it.
func TestJumpHostHasItsOwnHostKey(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	hop := serve(t, public, func(s *server) {
		s.config = &ssh.ServerConfig{ServerVersion: s.config.ServerVersion, PublicKeyCallback: s.config.PublicKeyCallback}
		s.config.AddHostKey(sshtest.ECDSAHostKey)
	})
	target := serve(t, public, nil)
	address := hop.listener.Addr().(*net.TCPAddr)
	e, _ := refusal(t, brisk(t), target.spec(key, func(l *host.Settings) {
		l.Jump = []host.Settings{{Host: sshtest.Ptr(address.IP.String()), Port: sshtest.Ptr(address.Port), KnownHosts: sshtest.Ptr("# none")}}
	}))
	if e.Kind != host.HostKeyUnknown || !strings.Contains(e.Error(), "jump host ") || target.conns.Load() != 0 {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}
