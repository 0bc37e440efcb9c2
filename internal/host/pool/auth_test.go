package pool

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
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
)

// serveAgent is an agent with keys, of which the last is returned.
func serveAgent(t *testing.T, n int) (socket string, last ssh.PublicKey) {
	t.Helper()
	ring := agent.NewKeyring()
	for range n {
		key := sshtest.NewEd25519()
		if err := ring.Add(agent.AddedKey{PrivateKey: key, Comment: "deploy"}); err != nil {
			t.Fatal(err)
		}
		last = sshtest.Signer(key).PublicKey()
	}
	return listenAgent(t, ring), last
}

func listenAgent(t *testing.T, ring agent.Agent) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = agent.ServeAgent(ring, c)
				_ = c.Close()
			}()
		}
	}()
	return socket
}

func noKey(l *host.Settings) { l.PrivateKey = nil }

// Fault 19.
func TestAgentIdentityIsOneOffer(t *testing.T) {
	socket, last := serveAgent(t, 9)
	s := serve(t, last, nil)
	identity := string(ssh.MarshalAuthorizedKey(last))
	file := filepath.Join(t.TempDir(), "id_deploy")
	if err := os.WriteFile(file+".pub", []byte(identity), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, named := range []string{identity, file} {
		s.tries.Store(0)
		acquire(t, brisk(t), s.spec("", func(l *host.Settings) {
			noKey(l)
			l.AgentSocket, l.AgentIdentity = sshtest.Ptr(socket), sshtest.Ptr(named)
		}))
		if n := s.tries.Load(); n > 2 { // the question whether it is good, and the signature
			t.Errorf("want one key offered, have %d tries", n)
		}
	}
}

// Without a narrower wish the agent's keys run into MaxAuthTries, which is a
// refusal and not a lost connection.
//
// Fault 19.
func TestTooManyAgentKeys(t *testing.T) {
	socket, last := serveAgent(t, 20)
	s := serve(t, last, nil)
	e, _ := refusal(t, brisk(t), s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(socket) }))
	if e.Kind != host.Auth || s.conns.Load() != 1 {
		t.Errorf("have %v after %d connections: %v", e.Kind, s.conns.Load(), e)
	}
}

// Fault 20.
func TestAgentIsMissing(t *testing.T) {
	s := serve(t, nil, nil)
	spec := s.spec("", func(l *host.Settings) {
		noKey(l)
		l.Agent, l.AgentSocket = sshtest.Ptr(true), sshtest.Ptr(filepath.Join(t.TempDir(), "gone"))
	})
	if e, _ := refusal(t, brisk(t), spec); e.Kind != host.Config || s.conns.Load() != 0 {
		t.Errorf("have %v after %d connections: %v", e.Kind, s.conns.Load(), e)
	}
}

// unwilling lists its keys and signs nothing, as after ssh-add -c.
type unwilling struct{ agent.Agent }

func (unwilling) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) { return nil, errors.New("no") }

// Fault 20.
func TestAgentRefuses(t *testing.T) {
	ring := agent.NewKeyring()
	key := sshtest.NewEd25519()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	spec := s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(listenAgent(t, unwilling{ring})) })
	if e, _ := refusal(t, brisk(t), spec); e.Kind != host.Auth || s.conns.Load() != 1 {
		t.Errorf("have %v after %d connections: %v", e.Kind, s.conns.Load(), e)
	}
}

// Fault 21.
func TestEncryptedKey(t *testing.T) {
	t.Parallel()
	key := sshtest.NewEd25519()
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	text := host.Secret(pem.EncodeToMemory(block))
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	acquire(t, brisk(t), s.spec(text, func(l *host.Settings) { l.PrivateKeyPassphrase = sshtest.Ptr(host.Secret("open sesame")) }))

	for name, passphrase := range map[string]*host.Secret{"no passphrase is set": nil, "does not open the key": sshtest.Ptr(host.Secret("guess"))} {
		before := s.conns.Load()
		e, _ := refusal(t, brisk(t), s.spec(text, func(l *host.Settings) { l.PrivateKeyPassphrase, l.Agent = passphrase, sshtest.Ptr(false) }))
		if e.Kind != host.Config || !strings.Contains(e.Error(), name) || s.conns.Load() != before {
			t.Errorf("%s: have %v: %v", name, e.Kind, e)
		}
	}
}

func TestEncryptedKeyMayBeInTheAgent(t *testing.T) {
	key := sshtest.NewEd25519()
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, sshtest.Signer(key).PublicKey(), nil)
	acquire(t, brisk(t), s.spec(host.Secret(pem.EncodeToMemory(block)), func(l *host.Settings) { l.AgentSocket = sshtest.Ptr(listenAgent(t, ring)) }))
}

func TestKeyFileIsReadWhenDialling(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	t.Setenv("HOME", t.TempDir())
	file := filepath.Join(os.Getenv("HOME"), "id_test")
	spec := s.spec("", func(l *host.Settings) { noKey(l); l.PrivateKeyPath = sshtest.Ptr("~/id_test") })
	if e, _ := refusal(t, brisk(t), spec); e.Kind != host.Config || !strings.Contains(e.Error(), "private_key_path") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	if err := os.WriteFile(file, []byte(key.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	acquire(t, brisk(t), spec)
}

func TestUserCertificate(t *testing.T) {
	authority, key := sshtest.Signer(sshtest.NewEd25519()), sshtest.NewEd25519()
	signer := sshtest.Signer(key)
	block := sshtest.Must(ssh.MarshalPrivateKey(key, ""))
	cert := &ssh.Certificate{Key: signer.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"root"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	checker := &ssh.CertChecker{IsUserAuthority: func(k ssh.PublicKey) bool { return knownhosts.SameKey(k, authority.PublicKey()) }}
	s := serve(t, nil, func(s *server) { s.config.PublicKeyCallback = checker.Authenticate })
	text := string(ssh.MarshalAuthorizedKey(cert))
	acquire(t, brisk(t), s.spec(host.Secret(pem.EncodeToMemory(block)), func(l *host.Settings) { l.Certificate = sshtest.Ptr(text) }))

	other, _ := newKey(t)
	e, _ := refusal(t, brisk(t), s.spec(other, func(l *host.Settings) { l.Certificate = sshtest.Ptr(text) }))
	if e.Kind != host.Config || !strings.Contains(e.Error(), "certificate") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// passwordServer accepts "right" by the given methods and counts what it was told.
func passwordServer(t *testing.T, plain, interactive bool) (*server, *atomic.Int64) {
	told := new(atomic.Int64)
	check := func(text string) (*ssh.Permissions, error) {
		told.Add(1)
		if text != "right" {
			return nil, errors.New("wrong")
		}
		return &ssh.Permissions{}, nil
	}
	return serve(t, nil, func(s *server) {
		s.config.PublicKeyCallback = nil
		if plain {
			s.config.PasswordCallback = func(_ ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) { return check(string(p)) }
		}
		if interactive {
			s.config.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
				answers, err := ask("", "", []string{"Password: "}, []bool{false})
				if err != nil {
					return nil, err
				}
				return check(answers[0])
			}
		}
	}), told
}

func TestPassword(t *testing.T) {
	t.Parallel()
	for name, methods := range map[string][2]bool{"password": {true, false}, "keyboard-interactive": {false, true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			s, told := passwordServer(t, methods[0], methods[1])
			acquire(t, brisk(t), s.spec("", func(l *host.Settings) { noKey(l); l.Password = sshtest.Ptr(host.Secret("right")) }))
			told.Store(0)
			e, _ := refusal(t, brisk(t), s.spec("", func(l *host.Settings) { noKey(l); l.Password = sshtest.Ptr(host.Secret("hunter2")) }))
			if e.Kind != host.Auth || strings.Contains(e.Error(), "hunter2") || told.Load() != 1 {
				t.Errorf("have %v after %d passwords: %v", e.Kind, told.Load(), e)
			}
		})
	}
}

// Only the server knows that nothing is not enough: it is asked once.
func TestNothingToLogInWith(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("HOME", t.TempDir())
	s := serve(t, nil, nil)
	e, _ := refusal(t, brisk(t), s.spec("", noKey))
	if e.Kind != host.Auth || s.conns.Load() != 1 || !strings.Contains(e.Error(), "nothing to log in with") || !strings.Contains(e.Error(), "the server allows publickey") {
		t.Errorf("have %v after %d connections: %v", e.Kind, s.conns.Load(), e)
	}
}

func TestUsualKeyFiles(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("HOME", t.TempDir())
	key, public := newKey(t)
	file := filepath.Join(os.Getenv("HOME"), ".ssh", "id_ed25519")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(key.Reveal()), 0o600)); err != nil {
		t.Fatal(err)
	}
	acquire(t, brisk(t), serve(t, public, nil).spec("", noKey))
}

// An agent that asks its user must not hold up a cancelled plan.
func TestAgentThatNeverAnswers(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := contextFor(200 * time.Millisecond)
	defer cancel()
	began := time.Now()
	spec := serve(t, nil, nil).spec("", func(s *host.Settings) { noKey(s); s.Agent, s.AgentSocket = sshtest.Ptr(true), sshtest.Ptr(socket) })
	if _, err := brisk(t).Acquire(ctx, spec); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("have %v after %v", err, time.Since(began))
	}
}

func TestAgentIdentityMayBeAFingerprint(t *testing.T) {
	socket, last := serveAgent(t, 9)
	s := serve(t, last, nil)
	for _, named := range []string{ssh.FingerprintSHA256(last), ssh.FingerprintLegacyMD5(last), "MD5:" + ssh.FingerprintLegacyMD5(last)} {
		acquire(t, brisk(t), s.spec("", func(l *host.Settings) {
			noKey(l)
			l.AgentSocket, l.AgentIdentity = sshtest.Ptr(socket), sshtest.Ptr(named)
		}))
	}
}

// asking serves keyboard-interactive with these questions, one round each.
func asking(t *testing.T, questions ...[]string) *server {
	t.Helper()
	return serve(t, nil, func(s *server) {
		s.config.PublicKeyCallback = nil
		s.config.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			for _, round := range questions {
				if _, err := ask("", "", round, make([]bool, len(round))); err != nil {
					return nil, err
				}
			}
			return nil, errors.New("no")
		}
	})
}

// What comes after the password is not the password once more: the password of an
// account that has expired was right, and a code is no password.
func TestQuestionsAfterThePassword(t *testing.T) {
	for want, questions := range map[string][][]string{
		"after the password the server asks \"New password: \"": {{"Password: "}, {}, {"New password: "}},
		"the server refused the password":                       {{"Password: "}, {"Password: "}},
		"which a password does not answer":                      {{"Password: ", "Verification code: "}},
	} {
		s := asking(t, questions...)
		e, _ := refusal(t, once(t), s.spec("", func(l *host.Settings) { noKey(l); l.Password = sshtest.Ptr(host.Secret("hunter2")) }))
		if e.Kind != host.Auth || !strings.Contains(e.Error(), strings.TrimSuffix(want, " \"")) {
			t.Errorf("want %q, have %v: %v", want, e.Kind, e)
		}
	}
}

// An agent that was named and does not work is the reason why there is nothing to
// log in with.
func TestDeadAgentThatWasNamedIsSaid(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	s := serve(t, nil, nil)
	e, _ := refusal(t, once(t), s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket = sshtest.Ptr(t.TempDir()) }))
	if e.Kind != host.Auth || !strings.Contains(e.Error(), "connect to the agent") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}
