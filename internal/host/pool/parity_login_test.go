package pool

import (
	"context"
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// TestParityLogin makes accounts, sshd_config files, key files, certificates and
// agents, and asks the real ssh of the server's release and this package whether the
// login is possible. Both read the same files and ask the same agent.
func TestParityLogin(t *testing.T) {
	t.Parallel()
	releases := parityReleases()
	n := parityCases(t, 60)
	for i, release := range releases {
		t.Run(release, func(t *testing.T) {
			h := newLoginHost(t, mathrand.New(mathrand.NewPCG(uint64(i), 2)), release, min(60, max(14, n/20)))
			run := &loginRun{host: h, agreed: map[string]int{}, differences: loginDifferences()}
			run.all(t, uint64(i), n/len(releases))
			run.report(t, release)
		})
	}
}

// loginDifferences are what this package refuses and ssh does not.
func loginDifferences() []loginDifference {
	return []loginDifference{
		{name: "named", reason: "a key or certificate that the user names must be usable; ssh goes on without it",
			is: func(c *loginCase, ours *host.Error) bool { return c.named && ours.Kind == host.Config }},
		{name: "SHA-256", reason: "sshd tells ssh since 9.6 that it does not accept rsa-sha2-512; we find out by a try, for which MaxAuthTries may leave no room",
			is: func(c *loginCase, ours *host.Error) bool {
				return ours.Login != nil && ours.Login.Exhausted && (c.server.has("PubkeyAcceptedAlgorithms rsa-sha2-256") || c.server.has("PubkeyAcceptedAlgorithms -rsa-sha2-512"))
			}},
	}
}

// loginDifference is an intended difference; ssh accepts and this package does not.
type loginDifference struct {
	name, reason string
	is           func(c *loginCase, ours *host.Error) bool
	count        int
}

// keyFile is a file of IdentityFile, and what lies beside it.
type keyFile struct {
	key    int // number of the key
	form   string
	beside string // the .pub: "", "own", "other"
	cert   string // the -cert.pub: "", "valid", or its flaw
}

var (
	keyForms  = []string{"openssh", "openssh", "openssh", "openssh", "openssh", "pem", "encrypted", "encrypted pem", "open to others", "open to the group", "public", "absent", "broken", "empty", "directory"}
	certForms = []string{"", "", "", "", "valid", "valid", "expired", "not yet valid", "other principal", "no principals", "other address", "critical option", "host certificate", "unknown authority", "of another key"}
)

// loginCase is one login.
type loginCase struct {
	number   int
	server   loginServer
	account  string
	files    []keyFile
	named    bool     // files[0] is private_key_path, and what lies beside is certificate
	certs    []string // CertificateFile: paths
	agent    []int    // keys of the agent; negative: its certificate, valid
	refused  []int    // that the agent does not sign with
	noAgent  bool
	only     bool   // IdentitiesOnly
	password string // "", or the program that tells it
}

func (c *loginCase) String() string {
	return fmt.Sprintf("case %d: %s: %s\n  files %+v named %t, certificates %q\n  agent %v refuses %v (none: %t), IdentitiesOnly %t, password %q\n",
		c.number, c.account, c.server, c.files, c.named, c.certs, c.agent, c.refused, c.noAgent, c.only, c.password)
}

func (c *loginCase) dir() string { return fmt.Sprintf("/tmp/%d", c.number) }

func (c *loginCase) file(i int) string { return fmt.Sprintf("%s/id%d", c.dir(), i) }

func (h *loginHost) loginCase(r *mathrand.Rand, number int) *loginCase {
	c := &loginCase{number: number, server: pick(r, h.logins), account: pick(r, loginAccounts)}
	key := func() int {
		if len(c.server.allowed) > 0 && r.IntN(2) == 0 {
			return pick(r, c.server.allowed)
		}
		return r.IntN(len(h.users))
	}
	for range r.IntN(4) {
		c.files = append(c.files, keyFile{key(), pick(r, keyForms), pick(r, []string{"", "", "own", "own", "own", "other"}), pick(r, certForms)})
	}
	c.named = len(c.files) == 1 && r.IntN(3) == 0
	if !c.named && len(c.files) > 0 && r.IntN(5) == 0 {
		c.certs = []string{c.file(r.IntN(len(c.files))) + "-cert.pub"}
	}
	if c.noAgent = c.named || r.IntN(3) == 0; !c.noAgent {
		for range r.IntN(5) {
			k := key()
			if r.IntN(6) == 0 {
				c.agent = append(c.agent, -k-1)
			} else if !slices.Contains(c.agent, k) {
				c.agent = append(c.agent, k)
			}
		}
		for _, k := range c.agent {
			// ssh-add treats a key and its certificate alike. With which of the two an agent
			// signs for its certificate differs between releases.
			if r.IntN(4) == 0 {
				c.refused = append(c.refused, k, -k-1)
			}
		}
	}
	c.only = c.named || r.IntN(4) == 0
	c.password = pick(r, []string{"", "", "", "tell", "tell", "lie"})
	return c
}

// text is a private key as it stands in a file.
func (f keyFile) text(key crypto.Signer) string {
	var block *pem.Block
	switch f.form {
	case "encrypted":
		block = sshtest.Must(ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("open sesame")))
	case "empty":
		return ""
	case "broken":
		text := pem.EncodeToMemory(sshtest.Must(ssh.MarshalPrivateKey(key, "")))
		return string(text[:len(text)/2])
	case "public":
		return sshtest.Authorized(sshtest.Signer(key)) + "\n"
	case "pem", "encrypted pem":
		return pemText(key, f.form == "encrypted pem")
	default:
		block = sshtest.Must(ssh.MarshalPrivateKey(key, ""))
	}
	return string(pem.EncodeToMemory(block))
}

// layOut writes the files of c and starts its agent.
func (run *loginRun) layOut(t *testing.T, c *loginCase) (stop func()) {
	h := run.host
	for i, f := range c.files {
		key := h.users[f.key]
		switch f.form {
		case "absent":
			h.write(t, c.file(i)+".absent", "")
		case "directory":
			if err := os.MkdirAll(filepath.Join(h.root, c.file(i)), 0o700); err != nil {
				t.Fatal(err)
			}
		default:
			h.write(t, c.file(i), f.text(key.private))
		}
		mode := map[string]os.FileMode{"open to others": 0o604, "open to the group": 0o640}[f.form]
		if mode != 0 {
			if err := os.Chmod(filepath.Join(h.root, c.file(i)), mode); err != nil {
				t.Fatal(err)
			}
		}
		other := h.users[(f.key+1)%len(h.users)]
		switch f.beside {
		case "own":
			h.write(t, c.file(i)+".pub", sshtest.Authorized(key.signer)+"\n")
		case "other":
			h.write(t, c.file(i)+".pub", sshtest.Authorized(other.signer)+"\n")
		}
		if f.cert != "" {
			public := key.public()
			if f.cert == "of another key" {
				public = other.public()
			}
			h.write(t, c.file(i)+"-cert.pub", string(ssh.MarshalAuthorizedKey(h.userCertificate(public, c.account, f.cert))))
		}
	}
	return run.serveAgent(t, c)
}

// serveAgent serves the agent of c at a socket that both sides see.
func (run *loginRun) serveAgent(t *testing.T, c *loginCase) (stop func()) {
	if c.noAgent {
		return func() {}
	}
	h := run.host
	m := newSelectiveAgent(t)
	for _, k := range c.agent {
		added := agent.AddedKey{PrivateKey: h.users[max(k, -k-1)].private}
		if k < 0 {
			added.Certificate = h.userCertificate(h.users[-k-1].public(), c.account, "")
		}
		if err := m.Add(added); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(c.refused, k) {
			public := h.users[max(k, -k-1)].public()
			if k < 0 {
				public = added.Certificate
			}
			m.refuses = append(m.refuses, public)
		}
	}
	path := filepath.Join(h.root, c.dir(), "agent")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			link, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(m, link); _ = link.Close() }()
		}
	}()
	return func() { _ = l.Close() }
}

// ssh runs the real ssh. It is in batch mode unless a password or a dialogue with
// PAM is a part of the question: in batch mode ssh tries neither.
func (run *loginRun) ssh(c *loginCase, port int) error {
	args := []string{"env", "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0", "SSH_ASKPASS=/bin/false"}
	if c.password != "" {
		args[3] = "SSH_ASKPASS=/usr/bin/" + c.password
	}
	args = append(args, "ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
		"-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=60")
	if c.password == "" && !c.server.has("KbdInteractiveAuthentication yes") {
		args = append(args, "-o", "BatchMode=yes")
	}
	if c.noAgent {
		args = append(args, "-o", "IdentityAgent=none")
	} else {
		args = append(args, "-o", "IdentityAgent="+c.dir()+"/agent")
	}
	if c.only {
		args = append(args, "-o", "IdentitiesOnly=yes")
	}
	for i := range c.files {
		args = append(args, "-o", "IdentityFile="+c.file(i))
	}
	if len(c.files) == 0 {
		args = append(args, "-o", "IdentityFile=none")
	}
	for _, cert := range c.certs {
		args = append(args, "-o", "CertificateFile="+cert)
	}
	if c.named && c.files[0].cert != "" {
		args = append(args, "-o", "CertificateFile="+c.file(0)+"-cert.pub")
	}
	args = append(args, "-p", sshtest.Itoa(port), c.account+"@127.0.0.1", "true")
	_, err := run.host.Exec(args...)
	return err
}

// our logs in with this package, by the same files.
func (run *loginRun) our(t *testing.T, c *loginCase) (by string, failed *host.Error) {
	root := run.host.root
	user, policy := c.account, host.PolicyInsecure
	settings := host.Settings{Host: sshtest.Ptr("127.0.0.1"), Port: sshtest.Ptr(c.server.port()), User: &user, HostKeyPolicy: &policy, DefaultKnownHosts: []string{}}
	switch {
	case c.named:
		settings.PrivateKeyPath = sshtest.Ptr(root + c.file(0))
		if c.files[0].cert != "" {
			settings.Certificate = sshtest.Ptr(root + c.file(0) + "-cert.pub")
		}
	default:
		settings.IdentityFiles = []string{}
		for i := range c.files {
			settings.IdentityFiles = append(settings.IdentityFiles, root+c.file(i))
		}
		for _, cert := range c.certs {
			settings.CertificateFiles = append(settings.CertificateFiles, root+cert)
		}
	}
	if c.noAgent {
		settings.Agent = sshtest.Ptr(false)
	} else {
		settings.AgentSocket = sshtest.Ptr(root + c.dir() + "/agent")
	}
	settings.IdentitiesOnly = &c.only
	switch c.password {
	case "tell":
		settings.Password = sshtest.Ptr(host.Secret(loginPassword))
	case "lie":
		settings.Password = sshtest.Ptr(host.Secret("battery-staple"))
	}
	spec := sshtest.Must(host.Resolve("host", settings))
	p := New(Options{Version: "test"})
	p.retry.attempts = 1
	conn, err := p.dial(context.Background(), spec, func(context.Context) (login.Route, func(), error) {
		return func(ctx context.Context, _ string) (net.Conn, error) {
			return login.Direct(spec)(ctx, c.server.address)
		}, func() {}, nil
	}, nil)
	if err != nil {
		return "", failure(t, err)
	}
	conn.Close(errors.New("done"))
	return conn.Handshake.AuthMethod, nil
}

// loginRun is the state of one run.
type loginRun struct {
	host *loginHost

	mu          sync.Mutex
	agreed      map[string]int
	differences []loginDifference
	exhausted   int // ssh used up the tries of sshd
	failures    int
}

func (run *loginRun) all(t *testing.T, seed uint64, n int) {
	t.Helper()
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range 3 { // ssh waits for sshd, and we for both
		workers.Go(func() {
			for number := range numbers {
				run.one(t, run.host.loginCase(mathrand.New(mathrand.NewPCG(seed, uint64(number))), number)) //nolint:gosec // not negative
			}
		})
	}
	for number := range n {
		numbers <- number
	}
	close(numbers)
	workers.Wait()
}

func (run *loginRun) one(t *testing.T, c *loginCase) {
	stop := run.layOut(t, c)
	defer stop()
	said := run.ssh(c, c.server.port())
	by, ours := run.our(t, c)
	run.compare(t, c, said, by, ours)
}

func (run *loginRun) compare(t *testing.T, c *loginCase, said error, by string, ours *host.Error) {
	if ours != nil && ours.Kind != host.Auth && ours.Kind != host.Config && !(ours.Kind == host.HandshakeLost && c.account == "denied") {
		t.Errorf("%swe say neither yes nor no: %s: %v; ssh: %v", c, ours.Kind, ours, said)
		return
	}
	// ssh also offers keys that it cannot sign with, and ends where keys have used up the
	// tries of sshd before a password had its turn. Of an sshd that counts no tries, ssh
	// must get in where we do.
	exhausted := said != nil && ours == nil && strings.Contains(said.Error(), "Too many authentication failures")
	if exhausted {
		said = run.ssh(c, c.server.withoutTriesLimit())
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	switch {
	case (said == nil) == (ours == nil):
		word := "refused"
		if ours == nil {
			word = "accepted by " + by
		}
		if exhausted {
			run.exhausted++
		}
		run.agreed[word]++
		return
	case said == nil:
		for i, d := range run.differences {
			if d.is(c, ours) {
				run.differences[i].count++
				return
			}
		}
	}
	run.failures++
	if run.failures <= 10 {
		t.Errorf("%sssh says: %v\n  we: by %q: %v", c, said, by, ours)
	}
}

func (run *loginRun) report(t *testing.T, release string) {
	t.Helper()
	total := 0
	for _, what := range sortedKeys(run.agreed) {
		t.Logf("%s: %5d %s by both", release, run.agreed[what], what)
		total += run.agreed[what]
	}
	t.Logf("%s: %5d of them where ssh used up MaxAuthTries, with keys that it cannot sign with or before the password had its turn; without that limit ssh gets in too", release, run.exhausted)
	for _, d := range run.differences {
		t.Logf("%s: %5d refused by us only: %s: %s", release, d.count, d.name, d.reason)
		total += d.count
	}
	t.Logf("%s: %d logins, %d disagreements", release, total+run.failures, run.failures)
	if run.failures > 0 {
		t.Errorf("%d disagreements", run.failures)
	}
}

func sortedKeys(m map[string]int) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
