package pool

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// wait is something that does not end by itself soon, until its context does.
type wait struct {
	do func(context.Context) error
	// begun reports that the wait has come to where it is to be cancelled.
	begun func() bool
}

// acquiring waits for a connection to spec.
func acquiring(p *Pool, spec host.Spec, begun func() bool) wait {
	return wait{begun: begun, do: func(ctx context.Context) error {
		_, err := p.Acquire(ctx, spec)
		return err
	}}
}

func running(h host.Host, s host.Script, begun func() bool) wait {
	return wait{begun: begun, do: func(ctx context.Context) error {
		_, err := h.Run(ctx, s)
		return err
	}}
}

func at(n *atomic.Int64, want int64) func() bool {
	return func() bool { return n.Load() >= want }
}

// soon is for waits that show nowhere when they begin.
func soon() func() bool {
	after := time.Now().Add(50 * time.Millisecond)
	return func() bool { return time.Now().After(after) }
}

// Ctrl-C ends each wait within 200 ms. The critical section of an apply is not
// among them: it is commit that waits for its end, see TestCancel there.
//
// Fault 56.
func TestCancelEndsEveryWait(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T) wait{
		"dial":                        waitForDial,
		"identification":              waitForIdent,
		"identification, fresh":       waitForFresh,
		"key exchange":                waitForKex,
		"authentication":              waitForAuth,
		"agent":                       waitForAgent,
		"pause between attempts":      waitForPause,
		"pause of the throttled":      waitForThrottle,
		"connect_wait":                waitForBoot,
		"login to the jump host":      waitForJump,
		"jump host's connection":      waitForLeg,
		"login behind the jump host":  waitBehindJump,
		"HTTP proxy":                  waitForHTTPProxy,
		"SOCKS proxy":                 waitForSOCKSProxy,
		"proxy_command":               waitForProxyCommand,
		"dial of somebody else":       waitForOther,
		"session limit of the server": waitForSession,
		"session limit of ours":       waitForSlot,
		"pause between sessions":      waitForPatience,
		"turn":                        waitForTurn,
		"opening a session":           waitForOpen,
		"check of an idle connection": waitForProbe,
		"script":                      waitForScript,
		"upload":                      waitForUpload,
		"sudo's prompt":               waitForPrompt,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cancelled(t, begin)
		})
	}
}

// cancelled has some tries, since a busy machine may take its time once; a wait
// that does not heed its context takes it always.
func cancelled(t *testing.T, begin func(*testing.T) wait) {
	const limit, tries = 200 * time.Millisecond, 5
	var took time.Duration
	for range tries {
		w := begin(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.do(ctx) }()
		for late := time.Now().Add(20 * time.Second); !w.begun(); time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("the wait does not begin")
			}
		}
		select {
		case err := <-ended:
			t.Fatalf("ended before it was cancelled: %v", err)
		case <-time.After(30 * time.Millisecond):
		}
		began := time.Now()
		cancel()
		err := <-ended
		took = time.Since(began)
		if e := failure(t, err); e.Kind != host.Canceled {
			t.Fatalf("have %v: %v", e.Kind, e)
		}
		if took < limit {
			return
		}
	}
	t.Errorf("took %v after the cancellation, %d times", took, tries)
}

func waitForDial(t *testing.T) wait {
	return acquiring(once(t), specTo(t, fullQueue(t), nil), soon())
}

func waitForIdent(t *testing.T) wait {
	port, conns := scripted(t, swallow)
	return acquiring(once(t), specTo(t, port, nil), at(conns, 1))
}

func waitForFresh(t *testing.T) wait {
	port, conns := scripted(t, swallow)
	p, spec := once(t), specTo(t, port, nil)
	return wait{begun: at(conns, 1), do: func(ctx context.Context) error {
		_, err := p.AcquireDedicated(ctx, spec)
		return err
	}}
}

func waitForKex(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, nil)
	r := newRelay(t, s.listener.Addr().String(), faults{stopAfter: 500})
	return acquiring(once(t), s.spec(key, func(l *host.Settings) { l.Port = sshtest.Ptr(r.port()) }), at(&r.moved, 700))
}

// stuck is a server that does not answer to a key before the test ends.
func stuck(t *testing.T) (*server, host.Secret) {
	key, public := newKey(t)
	release := make(chan struct{})
	s := serve(t, public, func(s *server) {
		s.config.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
			s.tries.Add(1)
			<-release
			return nil, ssh.ErrNoAuth
		}
	})
	t.Cleanup(func() { close(release) })
	return s, key
}

func waitForAuth(t *testing.T) wait {
	s, key := stuck(t)
	return acquiring(once(t), s.spec(key, nil), at(&s.tries, 1))
}

func waitForAgent(t *testing.T) wait {
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var conns atomic.Int64
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			conns.Add(1)
			go swallow(c)
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	spec := specTo(t, 22, func(s *host.Settings) { s.PrivateKey, s.Agent, s.AgentSocket = nil, sshtest.Ptr(true), &socket })
	return acquiring(once(t), spec, at(&conns, 1))
}

// withoutTriesLimit is a pool with long pauses.
func patient(t *testing.T) *Pool {
	p := brisk(t)
	p.retry.base, p.retry.cap, p.retry.boot = time.Minute, time.Minute, time.Minute
	p.retry.patience, p.retry.silence = time.Hour, time.Hour
	p.retry.budget = time.Hour
	return p
}

func waitForPause(t *testing.T) wait {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return acquiring(patient(t), specTo(t, l.Addr().(*net.TCPAddr).Port, nil), soon())
}

func waitForThrottle(t *testing.T) wait {
	port, conns := scripted(t, func(c net.Conn) { _, _ = c.Write([]byte("Not allowed at this time\r\n")) })
	return acquiring(patient(t), specTo(t, port, nil), at(conns, 1))
}

func waitForBoot(t *testing.T) wait {
	port, conns := scripted(t, func(net.Conn) {})
	return acquiring(patient(t), specTo(t, port, func(l *host.Settings) { l.ConnectWait = sshtest.Ptr(time.Hour) }), at(conns, 1))
}

func hopTo(port int) []host.Settings {
	return []host.Settings{{Host: sshtest.Ptr("127.0.0.1"), Port: &port, HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}}}
}

func waitForJump(t *testing.T) wait {
	port, conns := scripted(t, swallow)
	return acquiring(once(t), specTo(t, 22, func(l *host.Settings) { l.Jump = hopTo(port) }), at(conns, 1))
}

// waitForLeg: the jump host does not say whether it can connect.
func waitForLeg(t *testing.T) wait {
	key, public := newKey(t)
	release := make(chan struct{})
	s := serve(t, public, func(s *server) { s.hold = release })
	t.Cleanup(func() { close(release) })
	spec := specTo(t, 22, func(l *host.Settings) { l.PrivateKey, l.Jump = &key, hopTo(s.port()) })
	return acquiring(once(t), spec, at(&s.held, 1))
}

func waitBehindJump(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, nil)
	port, conns := scripted(t, swallow)
	return acquiring(once(t), specTo(t, port, func(l *host.Settings) { l.PrivateKey, l.Jump = &key, hopTo(s.port()) }), at(conns, 1))
}

func waitForProxy(t *testing.T, scheme string) wait {
	port, conns := scripted(t, swallow)
	url := host.Secret(scheme + "://127.0.0.1:" + sshtest.Itoa(port))
	return acquiring(once(t), specTo(t, 22, func(l *host.Settings) { l.ProxyURL = &url }), at(conns, 1))
}

func waitForHTTPProxy(t *testing.T) wait { return waitForProxy(t, "http") }

func waitForSOCKSProxy(t *testing.T) wait { return waitForProxy(t, "socks5") }

func waitForProxyCommand(t *testing.T) wait {
	return acquiring(once(t), specTo(t, 22, func(l *host.Settings) { l.ProxyCommand = sshtest.Ptr("sleep 100; true") }), soon())
}

// waitForOther: the attempt is another's, and goes on for him.
func waitForOther(t *testing.T) wait {
	port, conns := scripted(t, swallow)
	p, spec := once(t), specTo(t, port, nil)
	go func() { _, _ = p.Acquire(t.Context(), spec) }()
	for conns.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	return acquiring(p, spec, soon())
}

// occupied is a machine with a script under way that takes long.
func occupied(t *testing.T, change func(*server), settings func(*host.Settings)) (host.Host, *server) {
	key, public := newKey(t)
	s := serve(t, public, change)
	h := acquire(t, brisk(t), s.spec(key, settings))
	go func() { _, _ = h.Run(t.Context(), host.Script{Name: "long", Text: "sleep 30"}) }()
	for s.busy.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	return h, s
}

func waitForSession(t *testing.T) wait {
	h, s := occupied(t, func(s *server) { s.maxSessions = 1 }, nil)
	return running(h, host.Script{Text: "true"}, at(&s.refused, 1))
}

func waitForSlot(t *testing.T) wait {
	h, _ := occupied(t, nil, func(l *host.Settings) { l.MaxSessions = sshtest.Ptr(1) })
	return running(h, host.Script{Text: "true"}, soon())
}

// waitForPatience: the pause after the seventh refusal is 640 ms.
func waitForPatience(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.maxSessions = -1 })
	h := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.MaxSessions = sshtest.Ptr(1) }))
	return running(h, host.Script{Text: "true"}, at(&s.refused, 7))
}

func waitForTurn(t *testing.T) wait {
	h, _ := occupied(t, func(s *server) { s.config.ServerVersion = "SSH-2.0-dropbear_2022.83" }, nil)
	return running(h, host.Script{Text: "true"}, soon())
}

func waitForOpen(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, nil)
	r := newRelay(t, s.listener.Addr().String(), faults{})
	h := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.Port = sshtest.Ptr(r.port()) }))
	r.hole.Store(true)
	return running(h, host.Script{Text: "true"}, soon())
}

func waitForProbe(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.mute = true })
	p, spec := brisk(t), s.spec(key, func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(time.Hour) })
	h := acquire(t, p, spec)
	time.Sleep(20 * time.Millisecond) // sshd's own requests after the login
	p.entries[spec.Key()].current().Stream.LastIn.Store(time.Now().Add(-time.Minute).UnixNano())
	return running(h, host.Script{Text: "true"}, soon())
}

func waitForScript(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, nil)
	return running(acquire(t, brisk(t), s.spec(key, nil)), host.Script{Name: "read", Text: "sleep 30"}, at(&s.busy, 1))
}

func waitForUpload(t *testing.T) wait {
	key, public := newKey(t)
	s := serve(t, public, nil)
	r := newRelay(t, s.listener.Addr().String(), faults{})
	h := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.Port = sshtest.Ptr(r.port()) }))
	return running(h, host.Script{Name: "upload", Text: "true\n: '" + strings.Repeat("x", 10<<20) + "'\n"}, func() bool {
		r.hole.Store(r.moved.Load() > 1<<20)
		return r.hole.Load()
	})
}

// waitForPrompt: a sudo that asks for no password and starts nothing.
func waitForPrompt(t *testing.T) wait {
	key, public := newKey(t)
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "sudo"), "#!/bin/sh\nexec sleep 30\n")
	s := serve(t, public, func(s *server) { s.env = []string{"PATH=" + dir + ":/usr/bin:/bin"} })
	h := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) {
		l.User, l.Sudo, l.SudoPassword = sshtest.Ptr("admin"), sshtest.Ptr(true), sshtest.Ptr(host.Secret("correct-horse"))
	}))
	return running(h, host.Script{Text: "true", Root: true}, at(&s.busy, 1))
}
