package pool

import (
	"context"
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
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// TestParityTrust makes known_hosts files, servers and policies, and asks the real
// ssh of the server's release and this package whether the host key is accepted.
// Whatever ssh refuses must be refused here; the few cases that are refused here
// only are listed with their reasons.
func TestParityTrust(t *testing.T) {
	t.Parallel()
	releases := parityReleases()
	n := parityCases(t, 150)
	keys := newParityKeys()
	for i, release := range releases {
		t.Run(release, func(t *testing.T) {
			servers := min(40, max(12, n/20))
			h := newParityHost(t, mathrand.New(mathrand.NewPCG(uint64(i), 1)), release, keys, servers)
			run := &trustRun{host: h, differences: trustDifferences()}
			run.all(t, uint64(i), n/len(releases))
			run.report(t, release)
		})
	}
}

// trustCase is one question, or two: the second visit is to another server that
// stands for the first one after its keys have changed.
type trustCase struct {
	number int
	name   string // as typed after ssh
	port   int
	alias  string
	policy string
	user   []string // texts of the user's files
	global []string
	form   string // how the files are named to us
	visits []parityServer
}

// absentFile and directoryFile are texts of files that cannot be read.
const (
	absentFile    = "\x00absent"
	directoryFile = "\x00directory"
)

func (c trustCase) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "case %d: %s port %d alias %q policy %s, files given as %s\n", c.number, c.name, c.port, c.alias, c.policy, c.form)
	for _, s := range c.visits {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	for _, text := range append(append([]string{}, c.user...), c.global...) {
		fmt.Fprintf(&b, "  file %q\n", text)
	}
	return b.String()
}

// lineMaker makes lines of known_hosts files that are mostly about one host.
type lineMaker struct {
	r     *mathrand.Rand
	keys  parityKeys
	names []string // that are looked up, and near misses
	near  []parityKey
	far   []parityKey
}

func (m lineMaker) chance(n int) bool { return m.r.IntN(n) == 0 }

func pick[T any](r *mathrand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (m lineMaker) hosts() string {
	name := pick(m.r, m.names)
	switch m.r.IntN(12) {
	case 0:
		return knownhosts.HashHostname(name)
	case 1:
		return "*"
	case 2:
		return "*,!" + name
	case 3:
		return "!other," + name
	case 4:
		return strings.Replace(name, "web", "w?b", 1)
	case 5:
		return "*.corp.example," + name
	case 6:
		return strings.ToUpper(name)
	case 7:
		return pick(m.r, []string{"other", "[*]:2222", "[*]:*", "*:2222", "|1|broken", ",", "db.corp.example,10.9.9.9"})
	case 8:
		return "other," + name + ",10.9.9.9"
	}
	return name
}

// key is a public key as a line has it: type and base64.
func (m lineMaker) key(marker string) string {
	from := m.far
	if m.chance(3) || len(m.far) == 0 || !m.chance(4) {
		from = m.near
	}
	key := pick(m.r, from).public()
	switch {
	case marker == "@cert-authority" && !m.chance(8), marker == "@revoked" && m.chance(4):
		key = pick(m.r, m.keys.authorities[:2]).public()
	case m.chance(60):
		// A certificate in the place of a key is a key of another type.
		cert := &ssh.Certificate{Key: key, CertType: ssh.HostCert, ValidBefore: ssh.CertTimeInfinity, ValidPrincipals: []string{"x"}}
		signCert(cert, m.keys.authorities[0].signer, "")
		key = cert
	case m.chance(60):
		return "ssh-dss " + dssKey
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func (m lineMaker) line() string {
	marker := pick(m.r, []string{"", "", "", "", "", "", "", "", "@cert-authority", "@cert-authority", "@cert-authority", "@revoked", "@CERT-AUTHORITY", "@other"})
	gap := func() string { return pick(m.r, []string{" ", " ", " ", " ", "\t", "  ", " \t"}) }
	line := m.hosts() + gap() + m.key(marker)
	if marker != "" {
		line = marker + gap() + line
	}
	if m.chance(20) {
		line = gap() + line
	}
	return m.spoiled(line)
}

// spoiled leaves most lines as they are.
func (m lineMaker) spoiled(line string) string {
	switch m.r.IntN(24) {
	case 0:
		return line[:len(line)-1-m.r.IntN(len(line)/2)]
	case 1:
		return line + "="
	case 2:
		return line + "\r"
	case 3:
		return line + " root@web # comment"
	case 4:
		return strings.Replace(line, " ssh-rsa ", " rsa-sha2-512 ", 1)
	case 5:
		return strings.Replace(line, "ssh-ed25519", "ecdsa-sha2-nistp256", 1)
	case 6:
		return "# " + line
	case 7:
		return line + "\tx\r"
	case 8:
		return strings.Replace(line, "AAAA", "AAAA\v", 1)
	}
	return line
}

func (m lineMaker) file() string {
	if m.chance(25) {
		return pick(m.r, []string{absentFile, directoryFile, ""})
	}
	var b strings.Builder
	for range m.r.IntN(4) {
		b.WriteString(m.line() + "\n")
		if m.chance(15) {
			b.WriteString(pick(m.r, []string{"\n", "garbage\n", "#\n", " \t\n", "web1\n"}))
		}
	}
	text := b.String()
	if m.chance(8) {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

func (h *parityHost) trustCase(r *mathrand.Rand, number int) trustCase {
	s := pick(r, h.servers)
	c := trustCase{number: number, port: pick(r, []int{22, 22, 2222}), visits: []parityServer{s}}
	c.policy = pick(r, []string{host.PolicyStrict, host.PolicyStrict, host.PolicyStrict, host.PolicyAcceptNew, host.PolicyAcceptNew, host.PolicyInsecure})
	c.name = pick(r, []string{s.name(), s.name(), s.ip(), s.ip6(), strings.ToUpper(s.name()), strings.Replace(strings.ToUpper(s.ip6()), "::", ":0::", 1)})
	lookedUp := s.name()
	if net.ParseIP(c.name) != nil {
		lookedUp = net.ParseIP(c.name).String()
	}
	m := lineMaker{r: r, keys: h.keys, near: s.keys, far: h.keys.keysBeside(s)}
	m.names = []string{lookedUp, lookedUp, fmt.Sprintf("[%s]:2222", lookedUp), fmt.Sprintf("[%s]:2222", lookedUp), fmt.Sprintf("[%s]:22", lookedUp), s.ip()}
	if r.IntN(5) == 0 {
		c.alias = pick(r, []string{"alias", "Alias"})
		m.names = append(m.names, "alias", "alias", "alias", "alias", "alias", "[alias]:2222")
	}
	if c.alias != "" && c.policy == host.PolicyAcceptNew && r.IntN(3) > 0 {
		next := pick(r, h.servers)
		c.visits, m.near = append(c.visits, next), append(slices.Clip(m.near), next.keys...)
	}
	for range 1 + r.IntN(2) {
		c.user = append(c.user, m.file())
	}
	if r.IntN(2) == 0 {
		c.global = append(c.global, m.file())
	}
	c.form = pick(r, []string{"usual files", "usual files", "files", "text"})
	if c.form != "usual files" && strings.ContainsRune(strings.Join(append(c.user, c.global...), ""), 0) {
		c.form = "usual files" // those that are named must be there
	}
	return c
}

// trustRun is the state of one run.
type trustRun struct {
	host *parityHost

	mu          sync.Mutex
	agreed      map[string]int
	differences []difference
	failures    int
}

func (run *trustRun) all(t *testing.T, seed uint64, n int) {
	t.Helper()
	run.agreed = map[string]int{}
	numbers := make(chan int)
	dir := t.TempDir()
	var workers sync.WaitGroup
	for range 3 { // ssh waits for sshd, and we for both
		workers.Go(func() {
			for number := range numbers {
				run.one(t, run.host.trustCase(mathrand.New(mathrand.NewPCG(seed, uint64(number))), number), dir) //nolint:gosec // not negative
			}
		})
	}
	for number := range n {
		numbers <- number
	}
	close(numbers)
	workers.Wait()
}

func (run *trustRun) one(t *testing.T, c trustCase, dir string) {
	files := run.layOut(t, c, fmt.Sprintf("%s/%d", dir, c.number))
	var recorded *host.Error // what an earlier visit left in state
	for visit, s := range c.visits {
		said := run.ssh(t, c, s)
		ours := run.our(t, c, s, files, recorded)
		if !run.compare(t, c, visit, said, ours) || ours.Kind != host.Auth {
			return
		}
		recorded = ours
	}
}

// layOut writes the files of c for both sides: ssh may write to its own.
func (run *trustRun) layOut(t *testing.T, c trustCase, dir string) (files []string) {
	for i, text := range append(append([]string{}, c.user...), c.global...) {
		theirs, ours := fmt.Sprintf("/tmp/%d/known%d", c.number, i), fmt.Sprintf("%s/known%d", dir, i)
		files = append(files, ours)
		switch text {
		case absentFile:
		case directoryFile:
			if err := errors.Join(os.MkdirAll(ours, 0o700), os.MkdirAll(run.host.root+theirs, 0o700)); err != nil {
				t.Fatal(err)
			}
		default:
			run.host.write(t, theirs, text)
			if err := errors.Join(os.MkdirAll(filepath.Dir(ours), 0o700), os.WriteFile(ours, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}

// ssh is what the real program says at the end.
func (run *trustRun) ssh(t *testing.T, c trustCase, s parityServer) string {
	word := map[string]string{host.PolicyStrict: "yes", host.PolicyAcceptNew: "accept-new", host.PolicyInsecure: "no"}[c.policy]
	var names []string
	for i := range len(c.user) + len(c.global) {
		names = append(names, fmt.Sprintf("/tmp/%d/known%d", c.number, i))
	}
	global := "none"
	if len(c.global) > 0 {
		global = strings.Join(names[len(c.user):], " ")
	}
	args := []string{
		"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=" + word, "-o", "PubkeyAuthentication=no",
		"-o", "UserKnownHostsFile=" + strings.Join(names[:len(c.user)], " "), "-o", "GlobalKnownHostsFile=" + global, "-o", "ConnectTimeout=60",
	}
	name := c.name
	if c.alias != "" {
		args = append(args, "-o", "HostKeyAlias="+c.alias)
		name = s.ip()
	}
	_, err := run.host.Exec(append(args, "-p", sshtest.Itoa(c.port), "root@"+name, "true")...)
	if err == nil {
		t.Fatalf("%sssh got a shell", c)
	}
	return err.Error()
}

// our is what this package makes of the same server. It dials it where it can be
// reached from here.
func (run *trustRun) our(t *testing.T, c trustCase, s parityServer, files []string, recorded *host.Error) *host.Error {
	key, _ := newKey(t)
	settings := host.Settings{Host: &c.name, Port: &c.port, User: sshtest.Ptr("root"), PrivateKey: &key, HostKeyPolicy: &c.policy}
	if c.alias != "" {
		settings.HostKeyAlias = sshtest.Ptr(strings.ToLower(c.alias))
	}
	switch c.form {
	case "usual files":
		settings.DefaultKnownHosts = files
	case "files":
		settings.KnownHostsFiles = files
	default:
		settings.KnownHosts = sshtest.Ptr(strings.Join(append(append([]string{}, c.user...), c.global...), "\n") + "\n")
	}
	spec := sshtest.Must(host.Resolve(c.name, settings))
	if recorded != nil {
		spec.PinnedHostKey, spec.PinnedHostKeyType = recorded.Handshake.HostKeySHA256, recorded.Handshake.KeyType
	}
	p := New(Options{Version: "test"})
	_, err := p.dial(context.Background(), spec, func(context.Context) (login.Route, func(), error) {
		return func(ctx context.Context, _ string) (net.Conn, error) { return login.Direct(spec)(ctx, s.address) }, func() {}, nil
	}, nil)
	return failure(t, err)
}

// compare reports whether the visit counts; a disagreement is shown with all there
// is to know about it.
func (run *trustRun) compare(t *testing.T, c trustCase, visit int, said string, ours *host.Error) (agreed bool) {
	accepted := strings.Contains(said, "Permission denied (")
	refused := strings.Contains(said, "Host key verification failed.") || strings.Contains(said, "Bad server host key") || strings.Contains(said, "no matching host key type found")
	if accepted == refused {
		t.Errorf("%sssh says neither yes nor no: %s", c, said)
		return false
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	weAccept := ours.Kind == host.Auth
	weRefuse := ours.Kind == host.HostKeyUnknown || ours.Kind == host.HostKeyChanged || ours.Kind == host.HostKeyRevoked
	switch {
	case weAccept == weRefuse:
		t.Errorf("%svisit %d: we say neither yes nor no: %v", c, visit+1, ours)
		return false
	case weAccept == accepted:
		word := "refused"
		if accepted {
			word = "accepted"
		}
		run.agreed[c.policy+" "+word]++
		return true
	case accepted && run.intended(ours):
		return false
	}
	run.failures++
	if run.failures <= 10 {
		t.Errorf("%svisit %d: ssh accepts: %t, we: %v\nssh says: %s", c, visit+1, accepted, ours, said)
	}
	return false
}

func (run *trustRun) intended(ours *host.Error) bool {
	for i, d := range run.differences {
		if d.is(ours) {
			run.differences[i].count++
			return true
		}
	}
	return false
}

func (run *trustRun) report(t *testing.T, release string) {
	t.Helper()
	total := 0
	for what, n := range run.agreed {
		t.Logf("%s: %5d %s by both", release, n, what)
		total += n
	}
	for _, d := range run.differences {
		t.Logf("%s: %5d refused by us only: %s: %s", release, d.count, d.name, d.reason)
		total += d.count
	}
	t.Logf("%s: %d cases, %d disagreements", release, total+run.failures, run.failures)
	if run.failures > 0 {
		t.Errorf("%d disagreements", run.failures)
	}
}
