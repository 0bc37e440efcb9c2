package pool

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// selectiveAgent is an agent that signs with its last key at once, and treats the others as
// it is told.
type selectiveAgent struct {
	agent.ExtendedAgent
	refuses []ssh.PublicKey
	wait    <-chan struct{} // before it signs, nil: not
	asked   atomic.Int64
}

func (m *selectiveAgent) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	m.asked.Add(1)
	for _, no := range m.refuses {
		if knownhosts.SameKey(no, key) {
			return nil, errors.New("no")
		}
	}
	if m.wait != nil {
		<-m.wait
	}
	return m.ExtendedAgent.SignWithFlags(key, data, flags)
}

func (m *selectiveAgent) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return m.SignWithFlags(key, data, 0)
}

func newSelectiveAgent(t *testing.T, keys ...crypto.Signer) *selectiveAgent {
	t.Helper()
	ring := agent.NewKeyring()
	for _, key := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
	}
	extended, ok := ring.(agent.ExtendedAgent)
	if !ok {
		t.Fatal("the keyring does not take flags")
	}
	return &selectiveAgent{ExtendedAgent: extended}
}

// accepting has a server accept any of keys.
func accepting(keys ...ssh.PublicKey) func(*server) {
	return func(s *server) {
		s.config.PublicKeyCallback = func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
			s.tries.Add(1)
			for _, key := range keys {
				if knownhosts.SameKey(offered, key) {
					return &ssh.Permissions{}, nil
				}
			}
			return nil, errors.New("not this key")
		}
	}
}

// An agent that does not sign with one key does not end the login: the next key is
// tried, as by ssh.
func TestAgentRefusesOneOfTwoKeys(t *testing.T) {
	t.Parallel()
	first, second := sshtest.NewEd25519(), sshtest.NewEd25519()
	one, two := sshtest.Signer(first).PublicKey(), sshtest.Signer(second).PublicKey()
	m := newSelectiveAgent(t, first, second)
	m.refuses = []ssh.PublicKey{one}
	s := serve(t, nil, accepting(one, two))
	spec := s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(listenAgent(t, m)) })
	acquire(t, brisk(t), spec)

	m.refuses = []ssh.PublicKey{one, two}
	e, _ := refusal(t, brisk(t), spec)
	for _, want := range []string{"the server would accept ssh-ed25519 " + ssh.FingerprintSHA256(one) + " (agent), but the agent refused to sign", ssh.FingerprintSHA256(two)} {
		if e.Kind != host.Auth || !strings.Contains(e.Error(), want) {
			t.Errorf("want %q, have %v: %v", want, e.Kind, e)
		}
	}
	for _, o := range e.Login.Offers {
		if o.Method == host.MethodPublicKey && (o.Outcome != host.OfferUnsigned || !o.Agent) {
			t.Errorf("have %+v", o)
		}
	}
}

// The real ssh-agent asks its user about one of two keys, who says no. ssh gets in
// by the other key, and so do we.
func TestSSHAgentThatAsksItsUser(t *testing.T) {
	_, lacking := exec.LookPath("ssh-agent")
	hosttest.Needs(t, lacking)
	m := hosttest.Start(t, hosttest.Options{})
	dir := t.TempDir()
	socket := filepath.Join(dir, "agent")
	daemon := exec.Command("ssh-agent", "-D", "-a", socket)
	daemon.Env = append(os.Environ(), "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	for range 100 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	tool := func(args ...string) error {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket, "HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return errors.New(strings.TrimSpace(string(out)))
		}
		return nil
	}
	var public []string
	for i, constraint := range []string{"-c", "-q"} {
		file := filepath.Join(dir, string(rune('a'+i)))
		if err := errors.Join(tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file), tool("ssh-add", "-q", constraint, file)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		public = append(public, string(text))
	}
	with := func(l *host.Settings) { noKey(l); l.AgentSocket = &socket }
	ssh := func() error {
		return tool("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", sshtest.Itoa(m.Port), "root@"+m.Addr, "true")
	}
	m.Write("/root/.ssh/authorized_keys", strings.Join(public, ""))
	if err := ssh(); err != nil {
		t.Fatalf("ssh does not get in: %v", err)
	}
	acquire(t, once(t), specOf(t, m, "root", with))
	m.Write("/root/.ssh/authorized_keys", public[0])
	if ssh() == nil {
		t.Fatal("ssh gets in with a key that the agent refuses")
	}
	if e, _ := refusal(t, once(t), specOf(t, m, "root", with)); e.Kind != host.Auth || !strings.Contains(e.Error(), "but the agent refused to sign") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// An agent that waits for a touch is not a dead host: the time of the handshake
// does not run meanwhile, and it is asked once.
func TestSlowAgent(t *testing.T) {
	t.Parallel()
	key := sshtest.NewEd25519()
	m, ready := newSelectiveAgent(t, key), make(chan struct{})
	m.wait = ready
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	spec := s.spec("", func(l *host.Settings) {
		noKey(l)
		l.AgentSocket, l.HandshakeTimeout, l.ConnectTimeout = sshtest.Ptr(listenAgent(t, m)), sshtest.Ptr(2*time.Second), sshtest.Ptr(2*time.Second)
	})
	time.AfterFunc(5*time.Second, func() { close(ready) })
	acquire(t, brisk(t), spec)
	if n := m.asked.Load(); n != 1 {
		t.Errorf("the agent was asked %d times", n)
	}
}

// An agent that does not sign within its time is not asked again, neither for the
// same login nor by another attempt, and what the login has besides is tried.
func TestAgentThatNeverSigns(t *testing.T) {
	t.Parallel()
	first, second := sshtest.NewEd25519(), sshtest.NewEd25519()
	m, never := newSelectiveAgent(t, first, second), make(chan struct{})
	m.wait = never
	defer close(never)
	s := serve(t, nil, func(s *server) {
		accepting(sshtest.Signer(first).PublicKey(), sshtest.Signer(second).PublicKey())(s)
		s.config.PasswordCallback = func(_ ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if string(p) != "right" {
				return nil, errors.New("wrong")
			}
			return &ssh.Permissions{}, nil
		}
	})
	p := brisk(t)
	p.retry.signing = 100 * time.Millisecond
	with := func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(listenAgent(t, m)) }
	e, _ := refusal(t, p, s.spec("", with))
	if e.Kind != host.Auth || s.conns.Load() != 1 || m.asked.Load() != 1 || !strings.Contains(e.Error(), "the agent did not sign within 100ms") {
		t.Errorf("have %v after %d connections and %d questions: %v", e.Kind, s.conns.Load(), m.asked.Load(), e)
	}
	acquire(t, p, s.spec("", func(l *host.Settings) { with(l); l.Password = sshtest.Ptr(host.Secret("right")) }))
}

// A server that closes the connection while a person is asked to touch a key is not
// dialled again, because that would ask the person again.
func TestServerHangsUpOnSlowAgent(t *testing.T) {
	t.Parallel()
	key := sshtest.NewEd25519()
	m, ready := newSelectiveAgent(t, key), make(chan struct{})
	m.wait = ready
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	time.AfterFunc(6*time.Second, func() { s.cut(); close(ready) })
	e, _ := refusal(t, brisk(t), s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(listenAgent(t, m)) }))
	if e.Kind != host.Auth || s.conns.Load() != 1 || m.asked.Load() != 1 {
		t.Errorf("have %v after %d connections and %d questions: %v", e.Kind, s.conns.Load(), m.asked.Load(), e)
	}
}

// A plan that is interrupted does not wait for the agent's user.
func TestCancelWhileTheAgentAsks(t *testing.T) {
	t.Parallel()
	key := sshtest.NewEd25519()
	m, never := newSelectiveAgent(t, key), make(chan struct{})
	m.wait = never
	defer close(never)
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for m.asked.Load() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	_, err := brisk(t).Acquire(ctx, s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(listenAgent(t, m)) }))
	if e := failure(t, err); e.Kind != host.Canceled {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// An agent that signs with SHA-1 although SHA-2 was asked for, as old ones do, is
// not believed.
func TestAgentThatIgnoresTheAlgorithm(t *testing.T) {
	t.Parallel()
	key := sshtest.Must(rsa.GenerateKey(rand.Reader, 2048))
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	e, _ := refusal(t, brisk(t), s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(listenAgent(t, sha1Agent{ring})) }))
	if e.Kind != host.Auth || !strings.Contains(e.Error(), "the signature is ssh-rsa, not the rsa-sha2-512") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// sha1Agent is an agent that takes no flags.
type sha1Agent struct{ agent.Agent }

func (f sha1Agent) SignWithFlags(key ssh.PublicKey, data []byte, _ agent.SignatureFlags) (*ssh.Signature, error) {
	return f.Sign(key, data)
}

func (sha1Agent) Extension(string, []byte) ([]byte, error) { return nil, agent.ErrExtensionUnsupported }
