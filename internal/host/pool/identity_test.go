package pool

import (
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// keyFiles writes files and returns where.
func keyFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func encrypted(t *testing.T, key any) string {
	t.Helper()
	return string(pem.EncodeToMemory(sshtest.Must(ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("open sesame")))))
}

// identities has the files of dir tried, and an agent that holds held.
func identities(t *testing.T, dir string, held []any, names ...string) func(*host.Settings) {
	ring := agent.NewKeyring()
	for _, key := range held {
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
	}
	socket := listenAgent(t, ring)
	return func(l *host.Settings) {
		noKey(l)
		l.AgentSocket, l.IdentityFiles = &socket, []string{}
		for _, name := range names {
			l.IdentityFiles = append(l.IdentityFiles, filepath.Join(dir, name))
		}
	}
}

func TestIdentityFiles(t *testing.T) {
	wrong, _ := newKey(t)
	right, public := newKey(t)
	held := sshtest.NewEd25519()
	heldKey := sshtest.Signer(held).PublicKey()
	dir := keyFiles(t, map[string]string{
		"wrong": wrong.Reveal(), "right": right.Reveal(), "junk": "junk", "locked": encrypted(t, held), "half.pub": string(ssh.MarshalAuthorizedKey(heldKey)),
	})
	for name, c := range map[string]struct {
		server ssh.PublicKey
		held   []any
		files  []string
		offers int64
	}{
		"in order, without the useless": {public, nil, []string{"absent", "junk", "wrong", "right"}, 2},
		"encrypted, in the agent":       {heldKey, []any{held}, []string{"locked"}, 1},
		"public half":                   {heldKey, []any{sshtest.NewEd25519(), held}, []string{"half.pub"}, 1},
		"public half beside":            {heldKey, []any{sshtest.NewEd25519(), held}, []string{"half"}, 1},
		"the agent's others come first": {heldKey, []any{sshtest.NewEd25519(), held}, []string{"wrong"}, 2},
		"none but the agent's":          {heldKey, []any{held}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.server, nil)
			acquire(t, brisk(t), s.spec("", identities(t, dir, c.held, c.files...)))
			if n := s.tries.Load(); n != c.offers {
				t.Errorf("want %d offers, have %d", c.offers, n)
			}
		})
	}
}

func TestIdentityFilesAreAllThereIs(t *testing.T) {
	held := sshtest.NewEd25519()
	dir := keyFiles(t, map[string]string{"locked": encrypted(t, sshtest.NewEd25519())})
	s := serve(t, sshtest.Signer(held).PublicKey(), nil)
	for name, c := range map[string]struct {
		change func(*host.Settings)
		want   string
	}{
		"only":     {func(l *host.Settings) { l.IdentitiesOnly = sshtest.Ptr(true) }, "locked: it is encrypted"},
		"no agent": {func(l *host.Settings) { l.Agent = sshtest.Ptr(false) }, "absent: no such file"},
	} {
		e, _ := refusal(t, brisk(t), s.spec("", func(l *host.Settings) {
			identities(t, dir, []any{held}, "absent", "locked")(l)
			c.change(l)
		}))
		if e.Kind != host.Auth || !strings.Contains(e.Error(), c.want) || s.tries.Load() != 0 {
			t.Errorf("%s: have %v after %d offers", name, e, s.tries.Load())
		}
	}
}

func TestIdentitiesOnlyLeavesTheUsualFiles(t *testing.T) {
	key, public := newKey(t)
	socket, _ := serveAgent(t, 9)
	t.Setenv("HOME", t.TempDir())
	if err := os.Mkdir(os.Getenv("HOME")+"/.ssh", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("HOME")+"/.ssh/id_ed25519", []byte(key.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, public, nil)
	acquire(t, brisk(t), s.spec("", func(l *host.Settings) { noKey(l); l.AgentSocket, l.IdentitiesOnly = &socket, sshtest.Ptr(true) }))
	if n := s.tries.Load(); n != 1 {
		t.Errorf("want one key offered, have %d", n)
	}
}

func TestCertificatesOfIdentityFiles(t *testing.T) {
	authority, key := sshtest.Signer(sshtest.NewEd25519()), sshtest.NewEd25519()
	cert := &ssh.Certificate{Key: sshtest.Signer(key).PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"root"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	checker := &ssh.CertChecker{IsUserAuthority: func(k ssh.PublicKey) bool { return knownhosts.SameKey(k, authority.PublicKey()) }}
	s := serve(t, nil, func(s *server) { s.config.PublicKeyCallback = checker.Authenticate })
	text := string(ssh.MarshalAuthorizedKey(cert))
	other, _ := newKey(t)
	dir := keyFiles(t, map[string]string{
		"id": string(pem.EncodeToMemory(sshtest.Must(ssh.MarshalPrivateKey(key, "")))), "id-cert.pub": text, "other": other.Reveal(),
		"bare": string(pem.EncodeToMemory(sshtest.Must(ssh.MarshalPrivateKey(key, "")))), "elsewhere.pub": text,
	})
	acquire(t, brisk(t), s.spec("", identities(t, dir, nil, "other", "id")))
	acquire(t, brisk(t), s.spec("", func(l *host.Settings) {
		identities(t, dir, nil, "other", "bare")(l)
		l.CertificateFiles = []string{filepath.Join(dir, "absent"), filepath.Join(dir, "other"), filepath.Join(dir, "elsewhere.pub")}
	}))
	if e, _ := refusal(t, brisk(t), s.spec("", identities(t, dir, nil, "other", "bare"))); e.Kind != host.Auth {
		t.Errorf("have %v", e)
	}
}

func TestHostKeyAlias(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	line := func(name string) *string {
		text := name + " " + sshtest.Authorized(sshtest.Ed25519HostKey)
		return &text
	}
	spec := func(change func(*host.Settings)) host.Spec {
		return s.spec(key, func(l *host.Settings) {
			l.HostKeys = nil
			change(l)
		})
	}
	acquire(t, brisk(t), spec(func(l *host.Settings) { l.HostKeyAlias, l.KnownHosts = sshtest.Ptr("Known"), line("known") }))
	files := keyFiles(t, map[string]string{"kh": *line("known")})
	acquire(t, brisk(t), spec(func(l *host.Settings) {
		l.HostKeyAlias, l.DefaultKnownHosts = sshtest.Ptr("known"), []string{filepath.Join(files, "absent"), filepath.Join(files, "kh")}
	}))
	e, _ := refusal(t, brisk(t), spec(func(l *host.Settings) { l.HostKeyAlias, l.KnownHosts = sshtest.Ptr("other"), line("known") }))
	if e.Kind != host.HostKeyUnknown || !strings.Contains(e.Error(), "recorded for other") {
		t.Errorf("have %v", e)
	}
}

func TestAddressFamily(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.AddressFamily = sshtest.Ptr("inet") }))
	if e, _ := refusal(t, once(t), s.spec(key, func(l *host.Settings) { l.AddressFamily = sshtest.Ptr("inet6") })); e.Kind != host.Unreachable {
		t.Errorf("have %v", e)
	}
}
