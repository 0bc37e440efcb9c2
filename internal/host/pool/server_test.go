package pool

import (
	"bytes"
	"errors"
	"net"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// server is an SSH server in this process that runs commands with a real shell.
type server struct {
	t        testing.TB
	config   *ssh.ServerConfig
	shell    []string // argv before the command line
	listener net.Listener
	// maxSessions refuses more, as MaxSessions of sshd does; 0: no limit, -1: all.
	maxSessions int
	mute        bool // answers no global request
	fragile     bool // ends the connection when asked for a sign of life
	single      bool // allows one session per connection, ever
	env         []string
	listen      string        // address
	canned      bool          // answers every script without running it
	hold        chan struct{} // when closed, it answers whom it was asked to connect to
	closed      bool          // forwards nothing, as with AllowTcpForwarding no

	conns, logins, execs, tries, busy, peak, refused, held atomic.Int64

	mu    sync.Mutex
	open  map[net.Conn]struct{}
	lines []string // commands, in order
}

// serve starts a server that accepts key; change adjusts it before it listens.
func serve(t testing.TB, key ssh.PublicKey, change func(*server)) *server {
	t.Helper()
	s := &server{t: t, listen: "127.0.0.1:0", shell: []string{"sh", "-c"}, open: map[net.Conn]struct{}{}}
	s.config = &ssh.ServerConfig{ServerVersion: "SSH-2.0-OpenSSH_9.2p1 test", MaxAuthTries: 6}
	s.config.PublicKeyCallback = func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		s.tries.Add(1)
		if key != nil && bytes.Equal(offered.Marshal(), key.Marshal()) {
			return &ssh.Permissions{}, nil
		}
		return nil, errors.New("not this key")
	}
	s.config.AddHostKey(sshtest.Ed25519HostKey)
	if change != nil {
		change(s)
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		t.Fatal(err)
	}
	s.listener = listener
	var wg sync.WaitGroup
	wg.Go(func() { s.accept(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		s.cut()
		wg.Wait()
	})
	return s
}

func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.conns.Add(1)
		s.mu.Lock()
		s.open[c] = struct{}{}
		s.mu.Unlock()
		go s.handle(c)
	}
}

// cut closes every connection without a word.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
}

func (s *server) handle(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	conn, channels, requests, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		return
	}
	s.logins.Add(1)
	go s.answer(conn, requests)
	var sessions atomic.Int64
	ever := 0
	for ch := range channels {
		switch {
		case ch.ChannelType() == "direct-tcpip":
			go s.forward(ch)
		case s.maxSessions != 0 && sessions.Load() >= int64(s.maxSessions):
			s.refused.Add(1)
			_ = ch.Reject(ssh.ConnectionFailed, "open failed")
		case s.single && ever > 0:
			_ = ch.Reject(ssh.Prohibited, "only one 'session' channel allowed")
		default:
			ever++
			sessions.Add(1)
			go func() {
				defer sessions.Add(-1)
				s.session(ch)
			}()
		}
	}
	_ = conn.Close()
}

func (s *server) answer(conn *ssh.ServerConn, requests <-chan *ssh.Request) {
	for r := range requests {
		if s.fragile {
			_ = conn.Close()
		}
		if r.WantReply && !s.mute {
			_ = r.Reply(false, nil)
		}
	}
}

func (s *server) forward(nc ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		FromHost   string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(nc.ExtraData(), &target); err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, "bad request")
		return
	}
	if s.closed {
		_ = nc.Reject(ssh.Prohibited, "open failed")
		return
	}
	if s.hold != nil {
		s.held.Add(1)
		<-s.hold
	}
	out, err := net.Dial("tcp", net.JoinHostPort(target.Host, sshtest.Itoa(int(target.Port))))
	if err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, "open failed")
		return
	}
	ch, requests, err := nc.Accept()
	if err != nil {
		_ = out.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	pipe(ch, out)
}

func (s *server) session(nc ssh.NewChannel) {
	ch, requests, err := nc.Accept()
	if err != nil {
		return
	}
	defer func() { _ = ch.Close() }()
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(r.Type == "env", nil)
			continue
		}
		var line struct{ Text string }
		_ = ssh.Unmarshal(r.Payload, &line)
		_ = r.Reply(true, nil)
		s.execs.Add(1)
		s.mu.Lock()
		s.lines = append(s.lines, line.Text)
		s.mu.Unlock()
		go ssh.DiscardRequests(requests)
		s.exec(ch, line.Text)
		return
	}
}

func (s *server) exec(ch ssh.Channel, line string) {
	if n := s.busy.Add(1); n > s.peak.Load() {
		s.peak.Store(n)
	}
	defer s.busy.Add(-1)
	if s.canned {
		reply(ch, line)
		return
	}
	cmd := exec.Command(s.shell[0], append(s.shell[1:], line)...)
	cmd.Env = append(cmd.Environ(), s.env...)
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	cmd.WaitDelay = 5 * time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return
	}
	if err := cmd.Start(); err != nil {
		_, _ = ch.Stderr().Write([]byte(err.Error()))
		return
	}
	go func() {
		copyAll(stdin, ch)
		_ = stdin.Close()
	}()
	_ = cmd.Wait()
	s.exit(ch, cmd)
}

func (s *server) exit(ch ssh.Channel, cmd *exec.Cmd) {
	if signal := process.ExitOf(cmd.ProcessState).Signal; signal != "" {
		_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal         string
			Core           bool
			Text, Language string
		}{Signal: "KILL"}))
		return
	}
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(cmd.ProcessState.ExitCode())}))
}

func (s *server) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// spec is how to reach s with key, with the host key of the server recorded.
func (s *server) spec(key host.Secret, change func(*host.Settings)) host.Spec {
	s.t.Helper()
	address := s.listener.Addr().(*net.TCPAddr)
	name, port, user := address.IP.String(), address.Port, "root"
	settings := host.Settings{Host: &name, Port: &port, User: &user, PrivateKey: &key, HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}}
	if change != nil {
		change(&settings)
	}
	spec, err := host.Resolve(name, settings)
	if err != nil {
		s.t.Fatal(err)
	}
	return spec
}

var cannedMarks = regexp.MustCompile("begin-([0-9a-f]+)")

// newKey makes a user key: its text and its public half.
func newKey(t testing.TB) (host.Secret, ssh.PublicKey) {
	t.Helper()
	text, public := sshtest.KeyText(t)
	return host.Secret(text), public
}

// brisk is a pool that does not wait long between attempts.
func brisk(t testing.TB) *Pool {
	t.Helper()
	p := New(Options{Version: "test"})
	p.retry.base, p.retry.cap = 20*time.Millisecond, 100*time.Millisecond
	t.Cleanup(func() {
		ctx, cancel := contextFor(2 * time.Second)
		defer cancel()
		p.Close(ctx)
	})
	return p
}

// locking refuses everybody while locked is set.
func locking(accept func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error), locked *atomic.Bool) func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
	return func(c ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if locked.Load() {
			return nil, errors.New("locked out")
		}
		return accept(c, k)
	}
}
