package pool

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// bare has nothing to log in with: no key, no agent, no usual files.
func bare(t *testing.T) func(*host.Settings) {
	t.Helper()
	return func(l *host.Settings) { l.PrivateKey, l.IdentityFiles, l.Agent = nil, []string{}, sshtest.Ptr(false) }
}

func privateText(t testing.TB, key crypto.Signer) host.Secret {
	t.Helper()
	return host.Secret(pem.EncodeToMemory(sshtest.Must(ssh.MarshalPrivateKey(key, ""))))
}

// A server that asks for nothing lets in whoever it knows by other means, as
// Tailscale's does.
func TestServerThatWantsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, func(s *server) { s.config.NoClientAuth = true })
	acquire(t, brisk(t), s.spec("", bare(t)))
}

// An account without a password, where sshd allows that.
func TestAccountWithoutPassword(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "guest", NoKey: true}},
		Files: map[string]string{"/etc/ssh/sshd_config.d/00-empty.conf": "PermitEmptyPasswords yes\nPasswordAuthentication yes\nUsePAM no\n"}})
	m.Sh("passwd -d guest; passwd -u guest 2>/dev/null; true")
	h := acquire(t, once(t), specOf(t, m, "guest", bare(t)))
	if r := run(t, h, host.Script{Name: "who", Text: "id -un"}); r.Stdout != "guest\n" {
		t.Errorf("have %+v", r)
	}
}

// PAM may ask nothing, as a module does that asks the user on a telephone. Alone or
// after a key, that needs no password.
func TestDialogWithoutQuestions(t *testing.T) {
	t.Parallel()
	const pam = "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n"
	for methods, change := range map[string]func(*host.Settings){
		"publickey,keyboard-interactive": nil,
		"keyboard-interactive:pam":       bare(t),
	} {
		m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/pam.d/sshd": pam,
			"/etc/ssh/sshd_config.d/00-pam.conf": "KbdInteractiveAuthentication yes\nPermitRootLogin yes\nUsePAM yes\nAuthenticationMethods " + methods + "\n"}})
		acquire(t, once(t), specOf(t, m, "root", change))
	}
	m := hosttest.Start(t, hosttest.Options{RootPassword: "right", Files: map[string]string{
		"/etc/ssh/sshd_config.d/00-pam.conf": "KbdInteractiveAuthentication yes\nPermitRootLogin yes\nUsePAM yes\nAuthenticationMethods publickey,keyboard-interactive\n"}})
	acquire(t, once(t), specOf(t, m, "root", func(l *host.Settings) { l.Password = sshtest.Ptr(host.Secret("right")) }))
	e, _ := refusal(t, once(t), specOf(t, m, "root", nil))
	for _, want := range []string{"accepted publickey", "wants keyboard-interactive besides", `the server asks "Password:", and no password is set`} {
		if e.Kind != host.Auth || !strings.Contains(e.Error(), want) {
			t.Errorf("want %q, have %v: %v", want, e.Kind, e)
		}
	}
}

// RSA keys sign with SHA-512, else with SHA-256, whichever the server takes: from a
// text, with a certificate, and in an agent. SHA-1 is never used.
func TestSignatureAlgorithmsOfRSAKeys(t *testing.T) {
	t.Parallel()
	key := sshtest.Must(rsa.GenerateKey(rand.Reader, 2048))
	authority := sshtest.Signer(sshtest.NewEd25519())
	cert := &ssh.Certificate{Key: sshtest.Signer(key).PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"root"}, ValidBefore: ssh.CertTimeInfinity}
	signCert(cert, authority, "")
	ring := agent.NewKeyring()
	if err := errors.Join(ring.Add(agent.AddedKey{PrivateKey: key, Certificate: cert}), ring.Add(agent.AddedKey{PrivateKey: key})); err != nil {
		t.Fatal(err)
	}
	socket := listenAgent(t, ring)
	text := sshtest.Ptr(privateText(t, key))
	ways := map[string]func(*host.Settings){
		"text": func(l *host.Settings) { l.PrivateKey, l.Agent = text, sshtest.Ptr(false) },
		"certificate": func(l *host.Settings) {
			l.PrivateKey, l.Certificate = text, sshtest.Ptr(string(ssh.MarshalAuthorizedKey(cert)))
		},
		"agent": func(l *host.Settings) { noKey(l); l.IdentityFiles, l.AgentSocket = []string{}, &socket },
	}
	for _, c := range []struct {
		release, accepted string
		good              bool
	}{
		{"bookworm", "rsa-sha2-512", true}, {"trixie", "rsa-sha2-512", true}, {"trixie", "rsa-sha2-256", true},
		{"bookworm", "rsa-sha2-256", false}, // lists rsa-sha2-512, so that ssh does not get in either
		{"bookworm", "ssh-rsa", false}, {"trixie", "ssh-rsa", false}, {"bookworm", "ssh-ed25519", false}, {"trixie", "ssh-ed25519", false},
	} {
		accepted, good := c.accepted, c.good
		m := hosttest.Start(t, hosttest.Options{Release: c.release, Files: map[string]string{
			"/root/.ssh/authorized_keys":         sshtest.Authorized(sshtest.Signer(key)) + "\n",
			"/etc/ssh/ca.pub":                    sshtest.Authorized(authority) + "\n",
			"/etc/ssh/sshd_config.d/00-rsa.conf": "TrustedUserCAKeys /etc/ssh/ca.pub\nPubkeyAcceptedAlgorithms " + accepted + "," + certificateOf(accepted) + "\n",
		}})
		for way, change := range ways {
			spec := specOf(t, m, "root", change)
			if good {
				acquire(t, once(t), spec)
				continue
			}
			e, _ := refusal(t, once(t), spec)
			if e.Kind != host.Auth || !strings.Contains(e.Error(), "rsa-sha2-512") || strings.Contains(e.Error(), "signed with ssh-rsa") {
				t.Errorf("%s, %s: have %v: %v", accepted, way, e.Kind, e)
			}
		}
		if good {
			// The certificate alone, with the algorithm that is named in the error.
			m.Write("/root/.ssh/authorized_keys", "")
			acquire(t, once(t), specOf(t, m, "root", ways["certificate"]))
			acquire(t, once(t), specOf(t, m, "root", ways["agent"]))
			e, _ := refusal(t, once(t), specOf(t, m, "root", ways["text"]))
			if want := "ssh-rsa " + ssh.FingerprintSHA256(cert.Key) + " signed with " + accepted + " (private_key)"; !strings.Contains(e.Error(), want) {
				t.Errorf("want %q, have %v", want, e)
			}
		}
	}
}

func certificateOf(algorithm string) string { return algorithm + "-cert-v01@openssh.com" }

// OpenSSH 7.4, that of Debian 9, takes SHA-2 signatures and does not say so.
func TestSHA2ForOpenSSH74(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var tried []string
	key := sshtest.Must(rsa.GenerateKey(rand.Reader, 2048))
	s := serve(t, sshtest.Signer(key).PublicKey(), func(s *server) {
		s.config.ServerVersion = "SSH-2.0-OpenSSH_7.4p1 Debian-10+deb9u7"
		s.config.PublicKeyAuthAlgorithms = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoRSA}
		s.config.AuthLogCallback = func(_ ssh.ConnMetadata, _ string, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				tried = append(tried, err.Error())
			}
		}
	})
	_, _ = refusal(t, once(t), s.spec(privateText(t, key), nil))
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(tried, "; "); !strings.Contains(all, `"rsa-sha2-512" not accepted`) || strings.Contains(all, `"ssh-rsa"`) {
		t.Errorf("the server saw %s", all)
	}
}

// A password does not take the place of the agent and of the usual files: all are
// tried, keys first.
func TestPasswordBesideKeys(t *testing.T) {
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Password: "right"}}, SSHDArgs: []string{"-E", "/run/sshd.log"},
		Files: map[string]string{"/etc/ssh/sshd_config.d/00-password.conf": "PasswordAuthentication yes\nMaxAuthTries 3\n"}})
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SSH_AUTH_SOCK", "")
	with := func(password host.Secret, change func(*host.Settings)) host.Spec {
		return specOf(t, m, "admin", func(l *host.Settings) {
			noKey(l)
			l.Password = &password
			if change != nil {
				change(l)
			}
		})
	}
	file := filepath.Join(home, ".ssh", "id_ed25519")
	if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, m.Key, 0o600)); err != nil {
		t.Fatal(err)
	}
	method := func(spec host.Spec) string {
		t.Helper()
		r, err := once(t).ProbeLogin(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		return r.AuthMethod
	}
	if by := method(with("wrong", nil)); by != host.MethodPublicKey {
		t.Errorf("came in by %s, not by the usual file", by)
	}
	key := sshtest.Must(ssh.ParseRawPrivateKey(m.Key))
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if by := method(with("wrong", func(l *host.Settings) { l.AgentSocket = sshtest.Ptr(listenAgent(t, ring)) })); by != host.MethodPublicKey {
		t.Errorf("came in by %s, not by the agent", by)
	}
	// Many keys use up the tries of sshd before the password has its turn.
	full, _ := serveAgent(t, 9)
	if by := method(with("right", func(l *host.Settings) { l.AgentSocket = &full })); by != host.MethodPassword {
		t.Errorf("came in by %s, not by the password", by)
	}
	m.Sh(": >/run/sshd.log")
	e, _ := refusal(t, once(t), with("wrong", func(l *host.Settings) { l.AgentSocket = &full }))
	if n := strings.Count(m.Sh("cat /run/sshd.log"), "Failed password"); e.Kind != host.Auth || n != 1 || strings.Contains(e.Error(), "wrong") {
		t.Errorf("after %d passwords have %v: %v", n, e.Kind, e)
	}
}

// Each stage of AuthenticationMethods has its own turn, and a second key is another
// key.
func TestAuthenticationMethodsInStages(t *testing.T) {
	t.Parallel()
	one, two := sshtest.NewEd25519(), sshtest.NewEd25519()
	ring := agent.NewKeyring()
	if err := errors.Join(ring.Add(agent.AddedKey{PrivateKey: one}), ring.Add(agent.AddedKey{PrivateKey: two})); err != nil {
		t.Fatal(err)
	}
	with := func(l *host.Settings) {
		noKey(l)
		l.AgentSocket, l.IdentityFiles, l.Password = sshtest.Ptr(listenAgent(t, ring)), []string{}, sshtest.Ptr(host.Secret("right"))
	}
	for _, methods := range []string{"publickey,publickey", "publickey,password", "password,publickey", "publickey,publickey,password", "password,keyboard-interactive"} {
		m := hosttest.Start(t, hosttest.Options{RootPassword: "right", Files: map[string]string{
			"/root/.ssh/authorized_keys":            sshtest.Authorized(sshtest.Signer(one)) + "\n" + sshtest.Authorized(sshtest.Signer(two)) + "\n",
			"/etc/ssh/sshd_config.d/00-stages.conf": "KbdInteractiveAuthentication yes\nPasswordAuthentication yes\nPermitRootLogin yes\nAuthenticationMethods " + methods + "\n",
		}})
		r, err := once(t).ProbeLogin(t.Context(), specOf(t, m, "root", with))
		if err != nil || r.AuthMethod != methods {
			t.Errorf("%s: came in by %q, %v", methods, r.AuthMethod, err)
		}
	}
}

// ssh does not use a private key that other accounts may read.
func TestKeyFileThatOthersMayRead(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	file := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(file, []byte(key.Reveal()), 0o644); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	s := serve(t, public, nil)
	named := s.spec("", func(l *host.Settings) { noKey(l); l.PrivateKeyPath = &file })
	e, _ := refusal(t, once(t), named)
	if e.Kind != host.Config || !strings.Contains(e.Error(), "(mode 0644), and ssh refuses such a file: chmod 600 "+file) {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	listed := s.spec("", func(l *host.Settings) { bare(t)(l); l.IdentityFiles = []string{file} })
	if e, _ := refusal(t, once(t), listed); e.Kind != host.Auth || !strings.Contains(e.Error(), "mode 0644") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	acquire(t, once(t), named)
	acquire(t, once(t), listed)
}

// A certificate that ssh finds by itself, beside a key file, may have expired like one
// that is named, and the error says so.
func TestExpiredCertificateBesideAFile(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	cert := &ssh.Certificate{Key: public, CertType: ssh.UserCert, ValidPrincipals: []string{"root"}, ValidBefore: 1_000_000_000}
	signCert(cert, sshtest.Signer(sshtest.NewEd25519()), "")
	file := filepath.Join(t.TempDir(), "id")
	if err := errors.Join(os.WriteFile(file, []byte(key.Reveal()), 0o600), os.WriteFile(file+"-cert.pub", ssh.MarshalAuthorizedKey(cert), 0o600)); err != nil {
		t.Fatal(err)
	}
	s := serve(t, nil, nil)
	e, _ := refusal(t, once(t), s.spec("", func(l *host.Settings) { bare(t)(l); l.IdentityFiles = []string{file} }))
	if want := "the certificate expired at 2001-09-09"; e.Kind != host.Auth || !strings.Contains(e.Error(), want) || !strings.Contains(e.Login.CertProblem, want) {
		t.Errorf("want %q, have %v: %v", want, e.Kind, e)
	}
}

// sshd ends a connection without a word when the key was good and PAM refuses the
// account.
func TestAccountThatPAMRefuses(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{
		"/etc/pam.d/sshd": "auth required pam_permit.so\naccount required pam_deny.so\nsession required pam_permit.so\n"}})
	e, _ := refusal(t, once(t), specOf(t, m, "root", nil))
	for _, want := range []string{"after it had accepted ssh-ed25519 SHA256:", "PAM may refuse the account"} {
		if e.Kind != host.HandshakeLost || !strings.Contains(e.Error(), want) {
			t.Errorf("want %q, have %v: %v", want, e.Kind, e)
		}
	}
}

// The usual files are those that ssh of each release tries, in its order, without those
// of XMSS and DSA, which newer releases do not have, and of ML-DSA, which x/crypto
// does not have.
func TestUsualKeyFilesAreThoseOfSSH(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bookworm", "trixie", "sid"} {
		out, complaint, exit := hosttest.Binary(t, release).Run(nil, "ssh", "-F", "none", "-G", "web")
		if exit != 0 {
			t.Fatal(complaint)
		}
		var files []string
		for line := range strings.Lines(out) {
			file, ok := strings.CutPrefix(strings.TrimSpace(line), "identityfile ")
			if ok && !strings.HasSuffix(file, "_xmss") && !strings.HasSuffix(file, "_dsa") && !strings.Contains(file, "mldsa") {
				files = append(files, file)
			}
		}
		if !slices.Equal(files, login.DefaultKeyFiles) {
			t.Errorf("%s: ssh tries %q, we %q", release, files, login.DefaultKeyFiles)
		}
	}
}

// A server that hangs up after a password is not sent the password again.
func TestServerHangsUpAfterThePassword(t *testing.T) {
	t.Parallel()
	var told atomic.Int64
	s := serve(t, nil, func(s *server) {
		s.config.PublicKeyCallback = nil
		s.config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			told.Add(1)
			s.cut()
			return nil, errors.New("wrong")
		}
	})
	e, _ := refusal(t, brisk(t), s.spec("", func(l *host.Settings) { bare(t)(l); l.Password = sshtest.Ptr(host.Secret("hunter2")) }))
	if e.Kind != host.Auth || told.Load() != 1 || !strings.Contains(e.Error(), "after the password was sent") {
		t.Errorf("have %v after %d passwords: %v", e.Kind, told.Load(), e)
	}
}
