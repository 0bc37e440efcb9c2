package pool

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// Fault 13.
func TestEachRecordedTypeAloneWorks(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.config.AddHostKey(sshtest.RSAHostKey)
		s.config.AddHostKey(sshtest.ECDSAHostKey)
	})
	for _, recorded := range []ssh.Signer{sshtest.Ed25519HostKey, sshtest.RSAHostKey, sshtest.ECDSAHostKey} {
		h := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.HostKeys = []string{sshtest.Authorized(recorded)} }))
		if want := ssh.FingerprintSHA256(recorded.PublicKey()); h.Identity().HostKeySHA256 != want {
			t.Errorf("want %s, have %s", want, h.Identity().HostKeySHA256)
		}
	}
}

// What x/crypto's reader refuses as a whole is read line by line.
//
// Fault 15.
func TestBrokenLinesAreSkipped(t *testing.T) {
	good := sshtest.Authorized(sshtest.Ed25519HostKey)
	text := "garbage\n" +
		"# a comment\n\n" +
		"web1 ssh-nonsense AAAAB3NzaC1yc2E=\n" +
		"web1 ssh-ed25519 !!!\n" +
		"@strange web1 " + good + "\n" +
		"web1 ssh-rsa " + strings.Fields(good)[1] + "\n" +
		"web1 " + good + " root@web1\r\n" +
		"web2"
	keys, notes := knownhosts.Parse(text, "known_hosts")
	if len(keys) != 1 || keys[0].At != "known_hosts:8" || !keys[0].Matches("web1") || len(notes) != 6 {
		t.Errorf("have %d keys %+v, notes %q", len(keys), keys, notes)
	}
}

// The real program says which lines are about a host.
//
// Fault 16.
func TestMatchesLikeSSHKeygen(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		if os.Getenv("REQUIRE_SSHD") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(manyKnownHosts()), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, notes := knownhosts.Parse(manyKnownHosts(), "f")
	if len(notes) > 0 {
		t.Fatal(notes)
	}
	for _, name := range []string{
		"web1", "web2", "web22", "WEB1", "db.corp.example", "corp.example", "bad.corp.example", "[web1]:2222", "[web2]:2222",
		"10.0.0.5", "10.0.0.50", "[10.0.0.5]:22", "2001:db8::1", "[2001:db8::1]:2222", "hashed", "[hashed]:2200", "other", "*", "w?b1",
	} {
		var have []string
		for _, k := range keys {
			if k.Matches(strings.ToLower(name)) {
				have = append(have, strings.TrimPrefix(k.At, "f:"))
			}
		}
		if want := keygenLines(t, keygen, name, file); fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("%q: want lines %v, have %v", name, want, have)
		}
	}
}

func manyKnownHosts() string {
	key := sshtest.Authorized(sshtest.Ed25519HostKey)
	var b strings.Builder
	for _, hosts := range []string{
		"web1", "web1,web2", "web?", "*.corp.example,!bad.corp.example", "!bad.corp.example,*.corp.example", "[web1]:2222", "[*]:2222",
		"10.0.0.5", "10.0.0.*", "2001:db8::1", "[2001:db8::1]:2222", xknownhosts.HashHostname("hashed"), xknownhosts.HashHostname("[hashed]:2200"),
		"*", "Web1", "|1|broken", "!web1", "@cert-authority web*", "@revoked web2", "web1,", ",web1", "*,!web1",
	} {
		b.WriteString(hosts + " " + key + "\n")
	}
	return b.String()
}

// keygenLines are the line numbers that ssh-keygen -F finds.
func keygenLines(t *testing.T, keygen, name, file string) []string {
	t.Helper()
	out, err := exec.Command(keygen, "-F", name, "-f", file).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if _, number, ok := strings.Cut(line, " found: line "); ok {
			lines = append(lines, strings.Fields(number)[0])
		}
	}
	return lines
}

// certified is a signer whose host certificate is signed by authority.
func certified(t *testing.T, key, authority ssh.Signer, change func(*ssh.Certificate)) ssh.Signer {
	t.Helper()
	cert := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.HostCert, KeyId: "test", ValidPrincipals: []string{"127.0.0.1"},
		ValidBefore: uint64(time.Now().Add(time.Hour).Unix()),
	}
	if change != nil {
		change(cert)
	}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	return sshtest.Must(ssh.NewCertSigner(cert, key))
}

func TestTrust(t *testing.T) {
	authority, stranger := sshtest.Signer(sshtest.NewEd25519()), sshtest.Signer(sshtest.NewEd25519())
	good := certified(t, sshtest.Ed25519HostKey, authority, nil)
	line := func(marker string, s ssh.Signer) string { return marker + "127.0.0.1 " + sshtest.Authorized(s) + "\n" }
	for name, c := range map[string]struct {
		known, policy, pinned string
		port                  int
		offered               ssh.Signer
		want                  host.Kind
	}{
		"recorded":                      {known: line("", sshtest.Ed25519HostKey), offered: sshtest.Ed25519HostKey},
		"nothing recorded":              {offered: sshtest.Ed25519HostKey, want: host.HostKeyUnknown},
		"nothing recorded, accept-new":  {policy: host.PolicyAcceptNew, offered: sshtest.Ed25519HostKey},
		"changed":                       {known: line("", stranger), offered: sshtest.Ed25519HostKey, want: host.HostKeyChanged},
		"changed, accept-new":           {known: line("", stranger), policy: host.PolicyAcceptNew, offered: sshtest.Ed25519HostKey, want: host.HostKeyChanged},
		"changed, insecure":             {known: line("", stranger), policy: host.PolicyInsecure, offered: sshtest.Ed25519HostKey},
		"another type is a change":      {known: line("", sshtest.RSAHostKey), offered: sshtest.Ed25519HostKey, want: host.HostKeyChanged},
		"port 2222, bare name recorded": {known: line("", sshtest.Ed25519HostKey), port: 2222, offered: sshtest.Ed25519HostKey},
		"port 2222 has its own":         {known: line("", sshtest.Ed25519HostKey) + "[127.0.0.1]:2222 " + sshtest.Authorized(stranger), port: 2222, offered: sshtest.Ed25519HostKey, want: host.HostKeyChanged},
		"revoked":                       {known: line("", sshtest.Ed25519HostKey) + line("@revoked ", sshtest.Ed25519HostKey), offered: sshtest.Ed25519HostKey, want: host.HostKeyRevoked},
		"revoked, insecure":             {known: line("@revoked ", sshtest.Ed25519HostKey), policy: host.PolicyInsecure, offered: sshtest.Ed25519HostKey, want: host.HostKeyRevoked},
		"pinned":                        {policy: host.PolicyAcceptNew, pinned: ssh.FingerprintSHA256(sshtest.Ed25519HostKey.PublicKey()), offered: sshtest.Ed25519HostKey},
		"pinned another":                {policy: host.PolicyAcceptNew, pinned: ssh.FingerprintSHA256(stranger.PublicKey()), offered: sshtest.Ed25519HostKey, want: host.HostKeyChanged},
		"authority":                     {known: line("@cert-authority ", authority), offered: good},
		"authority unknown":             {known: line("@cert-authority ", stranger), offered: good, want: host.HostKeyUnknown},
		"authority unknown, key known":  {known: line("", sshtest.Ed25519HostKey), offered: good},
		"17 authority revoked":          {known: line("@cert-authority ", authority) + line("@revoked ", authority), offered: good, want: host.HostKeyRevoked},
		"expired": {known: line("@cert-authority ", authority), want: host.HostKeyUnknown, offered: certified(t, sshtest.Ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.ValidBefore = uint64(time.Now().Add(-time.Hour).Unix()) })},
		"another principal": {known: line("@cert-authority ", authority), want: host.HostKeyUnknown, offered: certified(t, sshtest.Ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.ValidPrincipals = []string{"web1"} })},
		"pattern as principal, which counts since 10.3": {known: line("@cert-authority ", authority), want: host.HostKeyUnknown, offered: certified(t, sshtest.Ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.ValidPrincipals = []string{"127.0.*"} })},
		"certificate of a user": {known: line("@cert-authority ", authority), want: host.HostKeyUnknown, offered: certified(t, sshtest.Ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.CertType = ssh.UserCert })},
	} {
		t.Run(name, func(t *testing.T) {
			spec := host.Spec{Host: "127.0.0.1", Port: max(22, c.port), HostKeyPolicy: c.policy, PinnedHostKey: c.pinned}
			if spec.HostKeyPolicy == "" {
				spec.HostKeyPolicy = host.PolicyStrict
			}
			keys, _ := knownhosts.Parse(c.known, "known_hosts")
			err := hostkey.New(spec, hostkey.Records{Keys: keys}).Check(c.offered.PublicKey())
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if e := failure(t, err); e.Kind != c.want || e.OfferedKey == "" {
				t.Errorf("want %s, have %s: %v", c.want, e.Kind, e.Err)
			}
		})
	}
}

// host_keys may hold the key of an authority without saying so, or that of the
// host, whatever else the server has.
func TestHostKeysMayBeAnAuthority(t *testing.T) {
	authority, stranger := sshtest.Signer(sshtest.NewEd25519()), sshtest.Signer(sshtest.NewEd25519())
	for name, c := range map[string]struct {
		has   []ssh.Signer
		known string
		conns int64
		want  host.Kind
	}{
		"authority, marked":                    {has: []ssh.Signer{certified(t, sshtest.Ed25519HostKey, authority, nil), sshtest.RSAHostKey}, known: "@cert-authority * " + sshtest.Authorized(authority), conns: 1},
		"authority":                            {has: []ssh.Signer{certified(t, sshtest.Ed25519HostKey, authority, nil), sshtest.RSAHostKey}, known: sshtest.Authorized(authority), conns: 1},
		"authority, plain key of its type":     {has: []ssh.Signer{sshtest.Ed25519HostKey, sshtest.RSAHostKey, certified(t, sshtest.RSAHostKey, authority, nil)}, known: sshtest.Authorized(authority), conns: 1},
		"host, certificate of the same key":    {has: []ssh.Signer{sshtest.Ed25519HostKey, certified(t, sshtest.Ed25519HostKey, stranger, nil)}, known: sshtest.Authorized(sshtest.Ed25519HostKey), conns: 1},
		"host, certificate of another key":     {has: []ssh.Signer{sshtest.Ed25519HostKey, sshtest.RSAHostKey, certified(t, sshtest.RSAHostKey, stranger, nil)}, known: sshtest.Authorized(sshtest.Ed25519HostKey), conns: 2},
		"neither":                              {has: []ssh.Signer{sshtest.Ed25519HostKey, sshtest.RSAHostKey}, known: sshtest.Authorized(stranger), conns: 1, want: host.HostKeyChanged},
		"neither, certificate of an authority": {has: []ssh.Signer{sshtest.Ed25519HostKey, certified(t, sshtest.RSAHostKey, authority, nil)}, known: sshtest.Authorized(stranger), conns: 2, want: host.HostKeyChanged},
		"authority, the certificate is over": {has: []ssh.Signer{sshtest.Ed25519HostKey, certified(t, sshtest.RSAHostKey, authority, func(c *ssh.Certificate) { c.ValidBefore = 1 })},
			known: sshtest.Authorized(authority), conns: 1, want: host.HostKeyUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			key, public := newKey(t)
			s := serve(t, public, func(s *server) {
				s.config = &ssh.ServerConfig{ServerVersion: s.config.ServerVersion, PublicKeyCallback: s.config.PublicKeyCallback}
				for _, k := range c.has {
					s.config.AddHostKey(k)
				}
			})
			spec := s.spec(key, func(l *host.Settings) { l.HostKeys = []string{c.known} })
			if c.want == "" {
				acquire(t, brisk(t), spec)
			} else if e, _ := refusal(t, brisk(t), spec); e.Kind != c.want {
				t.Errorf("have %v: %v", e.Kind, e)
			}
			if n := s.conns.Load(); n != c.conns {
				t.Errorf("want %d connections, have %d", c.conns, n)
			}
		})
	}
}

// A certificate is worth nothing once its authority is revoked, not even to who
// trusts any key.
//
// Fault 17.
func TestRevokedAuthority(t *testing.T) {
	authority := sshtest.Signer(sshtest.NewEd25519())
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.config = &ssh.ServerConfig{ServerVersion: s.config.ServerVersion, PublicKeyCallback: s.config.PublicKeyCallback}
		s.config.AddHostKey(certified(t, sshtest.Ed25519HostKey, authority, nil))
	})
	lines := "@cert-authority * " + sshtest.Authorized(authority) + "\n"
	trusting := func(policy, lines string) host.Spec {
		return s.spec(key, func(l *host.Settings) { l.HostKeys, l.HostKeyPolicy, l.KnownHosts = nil, &policy, &lines })
	}
	acquire(t, brisk(t), trusting(host.PolicyStrict, lines))
	lines += "@revoked * " + sshtest.Authorized(authority) + "\n"
	for _, policy := range []string{host.PolicyStrict, host.PolicyAcceptNew, host.PolicyInsecure} {
		e, _ := refusal(t, brisk(t), trusting(policy, lines))
		if e.Kind != host.HostKeyRevoked || e.RecordedAt != "known_hosts:2" {
			t.Errorf("%s: have %v at %s: %v", policy, e.Kind, e.RecordedAt, e)
		}
	}
	if n := s.conns.Load(); n != 4 {
		t.Errorf("want one connection each, have %d", n)
	}
}

// A second machine at an address seen in this run is noticed under accept-new.
func TestAcceptNewRemembersForTheRun(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	p := brisk(t)
	spec := s.spec(key, func(l *host.Settings) {
		l.HostKeys, l.HostKeyPolicy, l.KnownHosts = nil, sshtest.Ptr(host.PolicyAcceptNew), sshtest.Ptr("# none\n")
	})
	acquire(t, p, spec)
	p.firstKeys[spec.Address()] = hostkey.Pin{SHA256: ssh.FingerprintSHA256(sshtest.RSAHostKey.PublicKey()), KeyType: ssh.KeyAlgoRSA}
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	_, err := p.AcquireDedicated(ctx, spec)
	if e := failure(t, err); e.Kind != host.HostKeyChanged {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

func TestNamedKnownHostsFileMustBeThere(t *testing.T) {
	spec := specTo(t, 22, func(s *host.Settings) { s.KnownHostsFiles = []string{filepath.Join(t.TempDir(), "absent")} })
	if e, _ := refusal(t, once(t), spec); e.Kind != host.Config || !strings.Contains(e.Error(), "absent") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Parsing never fails as a whole, and what it returns has a key.
func FuzzReadKnownHosts(f *testing.F) {
	key := sshtest.Authorized(sshtest.Signer(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))) // the same in every worker
	f.Add("web1,!web2 "+key+"\n|1|c2FsdA==|aGFzaA== "+key+"\n@revoked w?b* "+key, "web1")
	f.Add("garbage\n@revoked\n|1||| x y", "")
	f.Fuzz(func(t *testing.T, text, host string) {
		keys, _ := knownhosts.Parse(text, "f")
		for _, k := range keys {
			if k.Public == nil || !bytes.Contains([]byte(text), []byte(k.Patterns)) {
				t.Errorf("have %+v", k)
			}
			k.Matches(host)
		}
	})
}

// A record of before types were recorded is a fingerprint alone: the server is
// asked for its other keys before the key counts as changed.
func TestRecordWithoutTypeAsksFurther(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.config.AddHostKey(sshtest.RSAHostKey) })
	recordedAs := func(sha256, keyType string, change func(*host.Settings)) host.Spec {
		spec := s.spec(key, func(l *host.Settings) {
			l.HostKeys, l.HostKeyPolicy, l.KnownHosts = nil, sshtest.Ptr(host.PolicyAcceptNew), sshtest.Ptr("# none\n")
			if change != nil {
				change(l)
			}
		})
		spec.PinnedHostKey, spec.PinnedHostKeyType = sha256, keyType
		return spec
	}
	other := ssh.FingerprintSHA256(sshtest.ECDSAHostKey.PublicKey())
	for name, c := range map[string]struct {
		spec  host.Spec
		conns int64
		want  host.Kind
	}{
		"type not recorded":     {spec: recordedAs(knownhosts.Fingerprint(sshtest.RSAHostKey.PublicKey()), "", nil), conns: 2},
		"type recorded":         {spec: recordedAs(knownhosts.Fingerprint(sshtest.RSAHostKey.PublicKey()), ssh.KeyAlgoRSA, nil), conns: 1},
		"changed, no type":      {spec: recordedAs(other, "", nil), conns: 3, want: host.HostKeyChanged},
		"changed, type":         {spec: recordedAs(other, ssh.KeyAlgoECDSA256, nil), conns: 1, want: host.HostKeyChanged},
		"changed, key is given": {spec: recordedAs(other, ssh.KeyAlgoECDSA256, func(l *host.Settings) { l.HostKeys = []string{sshtest.Authorized(sshtest.RSAHostKey)} }), conns: 1},
		"changed, other key is given": {spec: recordedAs(knownhosts.Fingerprint(sshtest.RSAHostKey.PublicKey()), ssh.KeyAlgoRSA, func(l *host.Settings) { l.HostKeys = []string{sshtest.Authorized(sshtest.ECDSAHostKey)} }),
			conns: 1, want: host.HostKeyChanged},
	} {
		before := s.conns.Load()
		if c.want == "" {
			acquire(t, brisk(t), c.spec)
		} else if e, _ := refusal(t, brisk(t), c.spec); e.Kind != c.want || !strings.Contains(e.Error(), e.RecordedAt) || e.RecordedAt == "" {
			t.Errorf("%s: have %v at %q: %v", name, e.Kind, e.RecordedAt, e)
		}
		if n := s.conns.Load() - before; n != c.conns {
			t.Errorf("%s: want %d connections, have %d", name, c.conns, n)
		}
	}
}

// A revocation counts under whatever name of the machine it stands: the name, the
// name with the port, the address behind the name, and where else it may be met.
func TestRevocationUnderAnyName(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	own := sshtest.Authorized(sshtest.Ed25519HostKey)
	port := sshtest.Itoa(s.port())
	for _, revoked := range []string{"localhost", "[localhost]:" + port, "127.0.0.1", "[127.0.0.1]:" + port, "[192.0.2.7]:9", "192.0.2.7", "alias"} {
		for _, policy := range []string{host.PolicyStrict, host.PolicyAcceptNew, host.PolicyInsecure} {
			spec := s.spec(key, func(l *host.Settings) {
				l.Host, l.HostKeys, l.HostKeyPolicy, l.AddressFamily = sshtest.Ptr("localhost"), nil, &policy, sshtest.Ptr("inet")
				if revoked == "alias" {
					l.HostKeyAlias = sshtest.Ptr("alias")
				}
				l.KnownHosts = sshtest.Ptr("[localhost]:" + port + ",alias " + own + "\n@revoked " + revoked + " " + own + "\n")
			})
			spec.AlternateAddresses = []string{"192.0.2.7:9"}
			if e, _ := refusal(t, brisk(t), spec); e.Kind != host.HostKeyRevoked || e.RecordedAt != "known_hosts:2" {
				t.Errorf("%s, %s: have %v: %v", revoked, policy, e.Kind, e)
			}
		}
	}
	if n := s.logins.Load(); n != 0 {
		t.Errorf("%d logins", n)
	}
}

// A bad usual file is passed over, and the error says so if nothing else helps.
func TestUnreadableUsualKnownHosts(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if err := os.WriteFile(good, []byte(knownhosts.Name("127.0.0.1", s.port())+" "+sshtest.Authorized(sshtest.Ed25519HostKey)), 0o600); err != nil {
		t.Fatal(err)
	}
	from := func(files ...string) host.Spec {
		return s.spec(key, func(l *host.Settings) { l.HostKeys, l.DefaultKnownHosts = nil, files })
	}
	acquire(t, brisk(t), from(dir, filepath.Join(dir, "absent"), good))
	e, _ := refusal(t, brisk(t), from(dir, filepath.Join(dir, "absent")))
	if e.Kind != host.HostKeyUnknown || !strings.Contains(e.Error(), "passed over: "+dir+": is a directory") || strings.Contains(e.Error(), "no such file") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Keys that count for every host say nothing about the key of this one having
// changed, and the error names what the user wrote.
func TestKeysOfAllHostsAreNotAChange(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	given := func(as string, shared bool) *host.Error {
		e, _ := refusal(t, brisk(t), s.spec(key, func(l *host.Settings) {
			l.HostKeys, l.Names, l.SharedKeys = []string{sshtest.Authorized(sshtest.RSAHostKey)}, host.Names{"host_keys": as}, shared
		}))
		return e
	}
	if e := given("connection.host_keys", true); e.Kind != host.HostKeyUnknown || e.RecordedAt != "connection.host_keys[0]" || !e.HostKey.Shared || e.HostKey.Given != "connection.host_keys" {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	for names, at := range map[string]string{"ssh.host_key": "ssh.host_key", `hosts["a"].host_keys`: `hosts["a"].host_keys[0]`} {
		e := given(names, false)
		for _, want := range []string{at, "ssh-ed25519 " + e.OfferedKey, "ssh-rsa " + e.RecordedKey} {
			if e.Kind != host.HostKeyChanged || !strings.Contains(e.Error(), want) {
				t.Errorf("want %q, have %v: %v", want, e.Kind, e)
			}
		}
	}
}

// A weak RSA key is not recorded, and neither is a key that nothing can verify.
func TestTinyKeysAreNotRecorded(t *testing.T) {
	tiny := "AAAAB3NzaC1yc2EAAAADAQABAAAAYQDFERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERM="
	keys, notes := knownhosts.Parse("web1 ssh-rsa "+tiny+"\nweb1 ssh-dss "+dssKey+"\n", "f")
	if len(keys) != 1 || keys[0].Public.Type() != knownhosts.AlgorithmDSA || len(notes) != 1 || !strings.Contains(notes[0], "768 bits") {
		t.Errorf("have %v, notes %q", keys, notes)
	}
	if keys[0].Public.Verify(nil, &ssh.Signature{}) == nil {
		t.Error("a DSA signature is accepted")
	}
}

// Under insecure a machine that shows another key than the recorded one may be
// logged in to with a key, which tells it nothing, and never with a password.
func TestPasswordIsKeptFromAChangedHost(t *testing.T) {
	key, public := newKey(t)
	asked := 0
	s := serve(t, public, func(s *server) {
		s.config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			asked++
			return &ssh.Permissions{}, nil
		}
	})
	with := func(recorded ssh.Signer, change func(*host.Settings)) host.Spec {
		return s.spec(key, func(l *host.Settings) {
			l.HostKeys, l.HostKeyPolicy = nil, sshtest.Ptr(host.PolicyInsecure)
			l.KnownHosts = sshtest.Ptr("# none\n" + knownhosts.Name("127.0.0.1", s.port()) + " " + sshtest.Authorized(recorded))
			change(l)
		})
	}
	password := func(l *host.Settings) { l.PrivateKey, l.Password = nil, sshtest.Ptr(host.Secret("p")) }
	acquire(t, brisk(t), with(sshtest.RSAHostKey, func(*host.Settings) {}))
	e, _ := refusal(t, brisk(t), with(sshtest.RSAHostKey, password))
	if e.Kind != host.Auth || asked != 0 || !strings.Contains(e.Error(), "the password was not sent: the host key changed") || !strings.Contains(e.Error(), "known_hosts:2") {
		t.Errorf("asked %d times, %v: %v", asked, e.Kind, e)
	}
	acquire(t, brisk(t), with(sshtest.Ed25519HostKey, password))
	acquire(t, brisk(t), with(sshtest.Ed25519HostKey, func(l *host.Settings) { password(l); l.KnownHosts = sshtest.Ptr("# none\n") }))
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
