package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// The servers of this file want to keep us busy without end, fill our memory, or have us
// believe what is not so. Each attempt ends soon, in little memory, with an error
// that names the machine and the phase; and nothing of theirs is run here.

// hostileMemory is how much more the heap may hold while one of them does its worst.
// The server is in this process too, and so is the output: 8 MiB are
// kept, and held twice while they grow.
const hostileMemory = 96 << 20

// watchMemory fails the test if the heap grows beyond hostileMemory until the
// returned function is called.
func watchMemory(t *testing.T) (stop func()) {
	t.Helper()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	// What is garbage already is not held: on a busy machine much of it waits.
	percent := debug.SetGCPercent(20)
	runtime.GC()
	before, most := heap(), uint64(0)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				most = max(most, heap())
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
		debug.SetGCPercent(percent)
		if most > before && most-before > hostileMemory {
			t.Errorf("the heap grew by %d MiB", (most-before)>>20)
		}
	}
}

// shortly gives the machine a second for everything.
func shortly(l *host.Settings) {
	l.ConnectTimeout, l.HandshakeTimeout, l.CommandTimeout = sshtest.Ptr(time.Second), sshtest.Ptr(time.Second), sshtest.Ptr(time.Second)
}

// judged fails the test unless the error came soon and tells what it is about.
func judged(t *testing.T, e *host.Error, took time.Duration, want ...host.Kind) {
	t.Helper()
	const soon = 15 * time.Second // the machine that runs this may be busy
	known := false
	for _, kind := range want {
		known = known || e.Kind == kind
	}
	if !known || took > soon {
		t.Errorf("have %v in %q after %s: %.300v", e.Kind, e.Phase, took, e)
	}
	if text := e.Error(); len(text) > 8000 || !strings.Contains(text, "127.0.0.1") || host.Printable(text) != text {
		t.Errorf("the error has %d bytes: %.500q", len(text), text)
	}
}

// forever writes text until the other side goes.
func forever(c io.Writer, text string) {
	chunk := strings.Repeat(text, 1+(64<<10)/len(text))
	for {
		if _, err := io.WriteString(c, chunk); err != nil {
			return
		}
	}
}

func TestHostileStreams(t *testing.T) {
	const ident = "SSH-2.0-OpenSSH_9.2p1\r\n"
	for name, c := range map[string]struct {
		do   func(net.Conn)
		want []host.Kind
	}{
		"silence":                       {func(c net.Conn) { swallow(c) }, []host.Kind{host.Timeout}},
		"a line without end":            {func(c net.Conn) { forever(c, "x") }, []host.Kind{host.NotSSH, host.HandshakeLost}},
		"lines without end":             {func(c net.Conn) { forever(c, "hello\x1b[2J\u202e\r\n") }, []host.Kind{host.Timeout, host.NotSSH}},
		"zeros":                         {func(c net.Conn) { forever(c, "\x00") }, []host.Kind{host.NotSSH, host.HandshakeLost}},
		"an identification without end": {func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-"); forever(c, "A") }, []host.Kind{host.NotSSH, host.HandshakeLost, host.Timeout}},
		"a slow identification": {func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, "S"); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}, []host.Kind{host.Timeout}},
		"rubbish":                  {func(c net.Conn) { _, _ = io.WriteString(c, ident); forever(c, "rubbish ") }, []host.Kind{host.NotSSH, host.HandshakeLost, host.Timeout}},
		"a packet of 4 GB":         {func(c net.Conn) { _, _ = io.WriteString(c, ident+"\xff\xff\xff\xff\x04"); forever(c, "x") }, []host.Kind{host.NotSSH, host.HandshakeLost, host.Timeout}},
		"a packet of 0 bytes":      {func(c net.Conn) { _, _ = io.WriteString(c, ident); forever(c, "\x00\x00\x00\x00") }, []host.Kind{host.NotSSH, host.HandshakeLost, host.Timeout}},
		"messages to be ignored":   {func(c net.Conn) { _, _ = io.WriteString(c, ident); forever(c, ignored()) }, []host.Kind{host.NotSSH, host.HandshakeLost, host.Timeout}},
		"an absurd version":        {func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_99999999999999999999.99999999p-1\r\n") }, []host.Kind{host.HandshakeLost, host.NotSSH}},
		"a version for a terminal": {func(c net.Conn) { _, _ = io.WriteString(c, "SSH-1.5-\x1b]0;x\a\u202e\r\n"); swallow(c) }, []host.Kind{host.Negotiation, host.NotSSH, host.Timeout}},
	} {
		t.Run(name, func(t *testing.T) {
			defer watchMemory(t)()
			port, _ := scripted(t, c.do)
			e, took := refusal(t, once(t), specTo(t, port, shortly))
			judged(t, e, took, c.want...)
		})
	}
}

// ignored is one SSH_MSG_IGNORE before any encryption.
func ignored() string {
	const payload = "\x02\x00\x00\x00\x04junk"
	const padding = 16 - (5+len(payload))%8
	return string([]byte{0, 0, 0, byte(1 + len(payload) + padding), byte(padding)}) + payload + strings.Repeat("\x00", padding)
}

func TestHostileLogins(t *testing.T) {
	password := host.Secret("hunter2-horse")
	for name, c := range map[string]struct {
		change func(*ssh.ServerConfig)
		want   []host.Kind
	}{
		"banners without end": {func(c *ssh.ServerConfig) {
			c.PreAuthConnCallback = func(p ssh.ServerPreAuthConn) {
				go func() {
					for p.SendAuthBanner(strings.Repeat("\x1b[31m\u202e", 4000)) == nil {
						time.Sleep(time.Millisecond)
					}
				}()
				time.Sleep(5 * time.Second)
			}
		}, []host.Kind{host.Timeout, host.HandshakeLost}},
		"one long banner": {func(c *ssh.ServerConfig) {
			c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
				return nil, &ssh.BannerError{Err: errors.New("no"), Message: strings.Repeat("\x1b[31m\u202e", 20000)}
			}
		}, []host.Kind{host.Auth}},
		"questions without end": {questioner(func(ask ssh.KeyboardInteractiveChallenge) error {
			for {
				if _, err := ask("", "", nil, nil); err != nil {
					return err
				}
			}
		}), []host.Kind{host.Timeout, host.HandshakeLost, host.Auth}},
		"a long question": {questioner(func(ask ssh.KeyboardInteractiveChallenge) error {
			_, err := ask("", strings.Repeat("long \x1b", 20000), []string{strings.Repeat("\u202e?", 20000), "x"}, []bool{false, true})
			return err
		}), []host.Kind{host.Auth, host.HandshakeLost}},
		"many questions": {questioner(func(ask ssh.KeyboardInteractiveChallenge) error {
			_, err := ask("", "", make([]string, 20000), make([]bool, 20000))
			return err
		}), []host.Kind{host.Auth, host.HandshakeLost, host.NotSSH}},
		"no answer": {func(c *ssh.ServerConfig) {
			c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
				time.Sleep(3 * time.Second)
				return nil, errors.New("no")
			}
		}, []host.Kind{host.Timeout}},
	} {
		t.Run(name, func(t *testing.T) {
			defer watchMemory(t)()
			s := serve(t, nil, func(s *server) {
				s.config.PublicKeyCallback = nil
				c.change(s.config)
				if s.config.PasswordCallback == nil && s.config.KeyboardInteractiveCallback == nil {
					s.config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, errors.New("no") }
				}
			})
			e, took := refusal(t, once(t), s.spec("", func(l *host.Settings) { shortly(l); l.PrivateKey, l.Password = nil, &password }))
			judged(t, e, took, c.want...)
			if strings.Contains(e.Error(), string(password)) {
				t.Error("the password is in the error")
			}
		})
	}
}

func questioner(do func(ssh.KeyboardInteractiveChallenge) error) func(*ssh.ServerConfig) {
	return func(c *ssh.ServerConfig) {
		c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			return nil, do(ask)
		}
	}
}

// hostileSession is what a server does with a session that was asked for.
type hostileSession func(conn *ssh.ServerConn, asked ssh.NewChannel)

// serveHostile lets everybody in and gives each session to do. It answers signs of
// life, so that no keepalive ends what it does.
func serveHostile(t *testing.T, do hostileSession) host.Spec {
	t.Helper()
	key, public := newKey(t)
	idle := serve(t, public, nil) // for its configuration
	port, _ := scripted(t, func(c net.Conn) {
		conn, channels, requests, err := ssh.NewServerConn(c, idle.config)
		if err != nil {
			return
		}
		defer conn.Close()
		go ssh.DiscardRequests(requests)
		var wg sync.WaitGroup
		for asked := range channels {
			wg.Go(func() { do(conn, asked) })
		}
		wg.Wait()
	})
	return specTo(t, port, func(l *host.Settings) { shortly(l); l.PrivateKey = &key })
}

// started accepts a session and the command in it.
func started(asked ssh.NewChannel) (ssh.Channel, string) {
	ch, requests, err := asked.Accept()
	if err != nil {
		return nil, ""
	}
	for r := range requests {
		_ = r.Reply(true, nil)
		if r.Type == "exec" {
			go ssh.DiscardRequests(requests)
			return ch, string(r.Payload)
		}
	}
	return ch, ""
}

// printing sends text without end to one of the outputs.
func printing(text string, where func(ssh.Channel) io.Writer) hostileSession {
	return func(_ *ssh.ServerConn, asked ssh.NewChannel) {
		if ch, _ := started(asked); ch != nil {
			forever(where(ch), text)
		}
	}
}

func stdoutOf(ch ssh.Channel) io.Writer { return ch }
func stderrOf(ch ssh.Channel) io.Writer { return ch.Stderr() }

func TestHostileSessions(t *testing.T) {
	for name, c := range map[string]struct {
		do     hostileSession
		script string
		want   []host.Kind
	}{
		"output without end":       {printing("x\x1b[2J\n", stdoutOf), "", []host.Kind{host.Output}},
		"output without line ends": {printing("x", stdoutOf), "", []host.Kind{host.Output}},
		"errors without end":       {printing("x\u202e\n", stderrOf), "", []host.Kind{host.Timeout}},
		"errors without line ends": {printing("x", stderrOf), "", []host.Kind{host.Timeout}},
		"a report without end":     {framed(func(w io.Writer, _ string) { forever(w, "@file /etc/x\n") }), "", []host.Kind{host.Output}},
		"marks without end":        {framed(func(w io.Writer, begin string) { forever(w, begin) }), "", []host.Kind{host.Output}},
		"an absurd exit status": {framed(func(w io.Writer, begin string) {
			_, _ = fmt.Fprintf(w, "\n99999999999999999999 %s", strings.Replace(begin, "begin", "end", 1))
		}), "", []host.Kind{host.Timeout, host.Killed}},
		"no answer to the session": {func(_ *ssh.ServerConn, _ ssh.NewChannel) {}, "", []host.Kind{host.Timeout}},
		"no answer to the command": {func(_ *ssh.ServerConn, asked ssh.NewChannel) {
			ch, requests, err := asked.Accept()
			if err != nil {
				return
			}
			defer ch.Close()
			for range requests {
				continue
			}
		}, "", []host.Kind{host.Timeout}},
		"a refusal of many words": {func(_ *ssh.ServerConn, asked ssh.NewChannel) {
			_ = asked.Reject(ssh.UnknownChannelType, strings.Repeat("\x1b[2J no ", 20000))
		}, "", []host.Kind{host.SessionLimit, host.Timeout}},
		"no room for the script": {func(_ *ssh.ServerConn, asked ssh.NewChannel) {
			ch, _ := started(asked) // and never reads
			if ch != nil {
				time.Sleep(3 * time.Second)
			}
		}, strings.Repeat("# a long script\n", 400<<10), []host.Kind{host.Timeout, host.Killed}},
		"requests without end": {func(conn *ssh.ServerConn, asked ssh.NewChannel) {
			if ch, _ := started(asked); ch == nil {
				return
			}
			for {
				if _, _, err := conn.SendRequest("keepalive@openssh.com", true, make([]byte, 1000)); err != nil {
					return
				}
			}
		}, "", []host.Kind{host.Timeout}},
		"channels without end": {func(conn *ssh.ServerConn, asked ssh.NewChannel) {
			if ch, _ := started(asked); ch == nil {
				return
			}
			// x/crypto never comes back from OpenChannel if the connection ends meanwhile.
			go func() {
				for {
					_, _, err := conn.OpenChannel("forwarded-tcpip", make([]byte, 1000))
					if _, ok := errors.AsType[*ssh.OpenChannelError](err); !ok {
						return
					}
				}
			}()
			_ = conn.Wait()
		}, "", []host.Kind{host.Timeout}},
	} {
		t.Run(name, func(t *testing.T) {
			defer watchMemory(t)()
			spec := serveHostile(t, c.do)
			if c.want[0] == host.Output {
				spec.CommandTimeout = 10 * time.Second // for 8 MiB
			}
			p := once(t)
			h := acquire(t, p, spec)
			ctx, cancel := contextFor(20 * time.Second)
			defer cancel()
			began := time.Now()
			script := c.script
			if script == "" {
				script = "echo hello"
			}
			_, err := h.Run(ctx, host.Script{Name: "gather", Text: script})
			judged(t, failure(t, err), time.Since(began), c.want...)
		})
	}
}

// framed begins the script as its marks say, and goes on as it likes: a machine that
// was given a script knows its marks.
func framed(do func(w io.Writer, begin string)) hostileSession {
	return func(_ *ssh.ServerConn, asked ssh.NewChannel) {
		ch, line := started(asked)
		if ch == nil {
			return
		}
		begin := cannedMarks.FindString(line) + "\n"
		for _, w := range []io.Writer{ch.Stderr(), ch} {
			_, _ = io.WriteString(w, begin)
		}
		do(ch, begin)
		time.Sleep(3 * time.Second)
	}
}

// TestHostileKeepalives: a machine that asks for signs of life as fast as it can fills no
// list with them.
func TestHostileKeepalives(t *testing.T) {
	defer watchMemory(t)()
	e := &conn.KeepaliveRecorder{Since: time.Now()}
	for range 3 * conn.MaxNoted {
		e.Note(&ssh.Request{Type: "keepalive@openssh.com"})
	}
	if n := len(e.Times()); n != conn.MaxNoted {
		t.Errorf("%d are noted", n)
	}
}

// TestHostileJumpHost: one that opens the way and then plays the target itself is
// found out by the target's key.
func TestHostileJumpHost(t *testing.T) {
	key, public := newKey(t)
	jump := serve(t, public, nil)
	impostor := serve(t, public, func(s *server) {
		s.config = &ssh.ServerConfig{PublicKeyCallback: s.config.PublicKeyCallback}
		s.config.AddHostKey(sshtest.RSAHostKey)
	})
	known := []string{sshtest.Authorized(sshtest.Ed25519HostKey)}
	spec := impostor.spec(key, func(l *host.Settings) {
		shortly(l)
		l.HostKeys = known
		l.Jump = []host.Settings{{Host: sshtest.Ptr("127.0.0.1"), Port: sshtest.Ptr(jump.port()), HostKeys: known}}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := once(t).Acquire(ctx, spec)
	if e := failure(t, err); e.Kind != host.HostKeyChanged || impostor.tries.Load() != 0 {
		t.Errorf("%v, and %d keys were offered: %v", e.Kind, impostor.tries.Load(), e)
	}
}

// TestHostileForcedCommands: a real sshd whose forced command prints without end, or
// says nothing.
func TestHostileForcedCommands(t *testing.T) {
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "out"}, {Name: "err"}, {Name: "mute"}}})
	m.Sh(`for u in out err mute; do echo "Match User $u"; case $u in
		out) echo "ForceCommand yes" ;;
		err) echo "ForceCommand yes >&2" ;;
		mute) echo "ForceCommand sleep 1000" ;;
		esac; done >>/etc/ssh/sshd_config`)
	m.RestartSSHD()
	for user, want := range map[string]host.Kind{"out": host.Output, "err": host.Timeout, "mute": host.Timeout} {
		t.Run(user, func(t *testing.T) {
			defer watchMemory(t)()
			spec := specOf(t, m, user, func(l *host.Settings) { l.CommandTimeout = sshtest.Ptr(5 * time.Second) })
			h := acquire(t, once(t), spec)
			ctx, cancel := contextFor(30 * time.Second)
			defer cancel()
			_, err := h.Run(ctx, host.Script{Name: "gather", Text: "echo hello"})
			if e := failure(t, err); e.Kind != want || len(e.Error()) > 8000 || e.MayHaveRun && want == host.Output && e.Phase != host.PhaseExec {
				t.Errorf("%v in %q: %.300v", e.Kind, e.Phase, e)
			}
		})
	}
}
