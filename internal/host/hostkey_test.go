package host

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
	"golang.org/x/crypto/ssh/knownhosts"
)

func TestFault13EachRecordedTypeAloneWorks(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.config.AddHostKey(rsaHostKey)
		s.config.AddHostKey(ecdsaHostKey)
	})
	for _, recorded := range []ssh.Signer{ed25519HostKey, rsaHostKey, ecdsaHostKey} {
		h := acquire(t, brisk(t), s.spec(key, func(l *Settings) { l.HostKeys = []string{authorized(recorded)} }))
		if want := ssh.FingerprintSHA256(recorded.PublicKey()); h.Identity().HostKeySHA256 != want {
			t.Errorf("want %s, have %s", want, h.Identity().HostKeySHA256)
		}
	}
}

// What x/crypto's reader refuses as a whole is read line by line.
func TestFault15BrokenLinesAreSkipped(t *testing.T) {
	good := authorized(ed25519HostKey)
	text := "garbage\n" +
		"# a comment\n\n" +
		"web1 ssh-nonsense AAAAB3NzaC1yc2E=\n" +
		"web1 ssh-ed25519 !!!\n" +
		"@strange web1 " + good + "\n" +
		"web1 ssh-rsa " + strings.Fields(good)[1] + "\n" +
		"web1 " + good + " root@web1\r\n" +
		"web2"
	keys, notes := readKnownHosts(text, "known_hosts")
	if len(keys) != 1 || keys[0].at != "known_hosts:8" || !keys[0].matches("web1") || len(notes) != 6 {
		t.Errorf("have %d keys %+v, notes %q", len(keys), keys, notes)
	}
}

// The real program says which lines are about a host.
func TestFault16MatchesLikeSSHKeygen(t *testing.T) {
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
	keys, notes := readKnownHosts(manyKnownHosts(), "f")
	if len(notes) > 0 {
		t.Fatal(notes)
	}
	for _, name := range []string{
		"web1", "web2", "web22", "WEB1", "db.corp.example", "corp.example", "bad.corp.example", "[web1]:2222", "[web2]:2222",
		"10.0.0.5", "10.0.0.50", "[10.0.0.5]:22", "2001:db8::1", "[2001:db8::1]:2222", "hashed", "[hashed]:2200", "other", "*", "w?b1",
	} {
		var have []string
		for _, k := range keys {
			if k.matches(strings.ToLower(name)) {
				have = append(have, strings.TrimPrefix(k.at, "f:"))
			}
		}
		if want := keygenLines(t, keygen, name, file); fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("%q: want lines %v, have %v", name, want, have)
		}
	}
}

func manyKnownHosts() string {
	key := authorized(ed25519HostKey)
	var b strings.Builder
	for _, hosts := range []string{
		"web1", "web1,web2", "web?", "*.corp.example,!bad.corp.example", "!bad.corp.example,*.corp.example", "[web1]:2222", "[*]:2222",
		"10.0.0.5", "10.0.0.*", "2001:db8::1", "[2001:db8::1]:2222", knownhosts.HashHostname("hashed"), knownhosts.HashHostname("[hashed]:2200"),
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
	return must(ssh.NewCertSigner(cert, key))
}

func TestTrust(t *testing.T) {
	authority, stranger := mustSigner(newEd25519()), mustSigner(newEd25519())
	good := certified(t, ed25519HostKey, authority, nil)
	line := func(marker string, s ssh.Signer) string { return marker + "127.0.0.1 " + authorized(s) + "\n" }
	for name, c := range map[string]struct {
		known, policy, pinned string
		port                  int
		offered               ssh.Signer
		want                  Kind
	}{
		"recorded":                      {known: line("", ed25519HostKey), offered: ed25519HostKey},
		"nothing recorded":              {offered: ed25519HostKey, want: HostKeyUnknown},
		"nothing recorded, accept-new":  {policy: policyAcceptNew, offered: ed25519HostKey},
		"changed":                       {known: line("", stranger), offered: ed25519HostKey, want: HostKeyChanged},
		"changed, accept-new":           {known: line("", stranger), policy: policyAcceptNew, offered: ed25519HostKey, want: HostKeyChanged},
		"changed, insecure":             {known: line("", stranger), policy: policyInsecure, offered: ed25519HostKey},
		"another type is a change":      {known: line("", rsaHostKey), offered: ed25519HostKey, want: HostKeyChanged},
		"port 2222, bare name recorded": {known: line("", ed25519HostKey), port: 2222, offered: ed25519HostKey},
		"port 2222 has its own":         {known: line("", ed25519HostKey) + "[127.0.0.1]:2222 " + authorized(stranger), port: 2222, offered: ed25519HostKey, want: HostKeyChanged},
		"revoked":                       {known: line("", ed25519HostKey) + line("@revoked ", ed25519HostKey), offered: ed25519HostKey, want: HostKeyRevoked},
		"revoked, insecure":             {known: line("@revoked ", ed25519HostKey), policy: policyInsecure, offered: ed25519HostKey, want: HostKeyRevoked},
		"pinned":                        {policy: policyAcceptNew, pinned: ssh.FingerprintSHA256(ed25519HostKey.PublicKey()), offered: ed25519HostKey},
		"pinned another":                {policy: policyAcceptNew, pinned: ssh.FingerprintSHA256(stranger.PublicKey()), offered: ed25519HostKey, want: HostKeyChanged},
		"authority":                     {known: line("@cert-authority ", authority), offered: good},
		"authority unknown":             {known: line("@cert-authority ", stranger), offered: good, want: HostKeyUnknown},
		"authority unknown, key known":  {known: line("", ed25519HostKey), offered: good},
		"17 authority revoked":          {known: line("@cert-authority ", authority) + line("@revoked ", authority), offered: good, want: HostKeyRevoked},
		"expired": {known: line("@cert-authority ", authority), want: HostKeyUnknown, offered: certified(t, ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.ValidBefore = uint64(time.Now().Add(-time.Hour).Unix()) })},
		"another principal": {known: line("@cert-authority ", authority), want: HostKeyUnknown, offered: certified(t, ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.ValidPrincipals = []string{"web1"} })},
		"pattern as principal, which counts since 10.3": {known: line("@cert-authority ", authority), want: HostKeyUnknown, offered: certified(t, ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.ValidPrincipals = []string{"127.0.*"} })},
		"certificate of a user": {known: line("@cert-authority ", authority), want: HostKeyUnknown, offered: certified(t, ed25519HostKey, authority,
			func(c *ssh.Certificate) { c.CertType = ssh.UserCert })},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Host: "127.0.0.1", Port: max(22, c.port), HostKeyPolicy: c.policy, PinnedHostKey: c.pinned}
			if spec.HostKeyPolicy == "" {
				spec.HostKeyPolicy = policyStrict
			}
			keys, _ := readKnownHosts(c.known, "known_hosts")
			err := newTrust(spec, records{keys: keys}).check(c.offered.PublicKey())
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
	authority, stranger := mustSigner(newEd25519()), mustSigner(newEd25519())
	for name, c := range map[string]struct {
		has   []ssh.Signer
		known string
		conns int64
		want  Kind
	}{
		"authority, marked":                    {has: []ssh.Signer{certified(t, ed25519HostKey, authority, nil), rsaHostKey}, known: "@cert-authority * " + authorized(authority), conns: 1},
		"authority":                            {has: []ssh.Signer{certified(t, ed25519HostKey, authority, nil), rsaHostKey}, known: authorized(authority), conns: 1},
		"authority, plain key of its type":     {has: []ssh.Signer{ed25519HostKey, rsaHostKey, certified(t, rsaHostKey, authority, nil)}, known: authorized(authority), conns: 1},
		"host, certificate of the same key":    {has: []ssh.Signer{ed25519HostKey, certified(t, ed25519HostKey, stranger, nil)}, known: authorized(ed25519HostKey), conns: 1},
		"host, certificate of another key":     {has: []ssh.Signer{ed25519HostKey, rsaHostKey, certified(t, rsaHostKey, stranger, nil)}, known: authorized(ed25519HostKey), conns: 2},
		"neither":                              {has: []ssh.Signer{ed25519HostKey, rsaHostKey}, known: authorized(stranger), conns: 1, want: HostKeyChanged},
		"neither, certificate of an authority": {has: []ssh.Signer{ed25519HostKey, certified(t, rsaHostKey, authority, nil)}, known: authorized(stranger), conns: 2, want: HostKeyChanged},
		"authority, the certificate is over": {has: []ssh.Signer{ed25519HostKey, certified(t, rsaHostKey, authority, func(c *ssh.Certificate) { c.ValidBefore = 1 })},
			known: authorized(authority), conns: 1, want: HostKeyUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			key, public := newKey(t)
			s := serve(t, public, func(s *server) {
				s.config = &ssh.ServerConfig{ServerVersion: s.config.ServerVersion, PublicKeyCallback: s.config.PublicKeyCallback}
				for _, k := range c.has {
					s.config.AddHostKey(k)
				}
			})
			spec := s.spec(key, func(l *Settings) { l.HostKeys = []string{c.known} })
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
func TestFault17RevokedAuthority(t *testing.T) {
	authority := mustSigner(newEd25519())
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.config = &ssh.ServerConfig{ServerVersion: s.config.ServerVersion, PublicKeyCallback: s.config.PublicKeyCallback}
		s.config.AddHostKey(certified(t, ed25519HostKey, authority, nil))
	})
	lines := "@cert-authority * " + authorized(authority) + "\n"
	trusting := func(policy, lines string) Spec {
		return s.spec(key, func(l *Settings) { l.HostKeys, l.HostKeyPolicy, l.KnownHosts = nil, &policy, &lines })
	}
	acquire(t, brisk(t), trusting(policyStrict, lines))
	lines += "@revoked * " + authorized(authority) + "\n"
	for _, policy := range []string{policyStrict, policyAcceptNew, policyInsecure} {
		e, _ := refusal(t, brisk(t), trusting(policy, lines))
		if e.Kind != HostKeyRevoked || e.RecordedAt != "known_hosts:2" {
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
	spec := s.spec(key, func(l *Settings) {
		l.HostKeys, l.HostKeyPolicy, l.KnownHosts = nil, ptr(policyAcceptNew), ptr("# none\n")
	})
	acquire(t, p, spec)
	p.firsts[spec.Address()] = record{sha256: ssh.FingerprintSHA256(rsaHostKey.PublicKey()), keyType: ssh.KeyAlgoRSA}
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	_, err := p.AcquireDedicated(ctx, spec)
	if e := failure(t, err); e.Kind != HostKeyChanged {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

func TestNamedKnownHostsFileMustBeThere(t *testing.T) {
	spec := specTo(t, 22, func(s *Settings) { s.KnownHostsFiles = []string{filepath.Join(t.TempDir(), "absent")} })
	if e, _ := refusal(t, once(t), spec); e.Kind != Config || !strings.Contains(e.Error(), "absent") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Parsing never fails as a whole, and what it returns has a key.
func FuzzReadKnownHosts(f *testing.F) {
	key := authorized(mustSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))) // the same in every worker
	f.Add("web1,!web2 "+key+"\n|1|c2FsdA==|aGFzaA== "+key+"\n@revoked w?b* "+key, "web1")
	f.Add("garbage\n@revoked\n|1||| x y", "")
	f.Fuzz(func(t *testing.T, text, host string) {
		keys, _ := readKnownHosts(text, "f")
		for _, k := range keys {
			if k.key == nil || !bytes.Contains([]byte(text), []byte(k.patterns)) {
				t.Errorf("have %+v", k)
			}
			k.matches(host)
		}
	})
}

// A record of before types were recorded is a fingerprint alone: the server is
// asked for its other keys before the key counts as changed.
func TestRecordWithoutTypeAsksFurther(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.config.AddHostKey(rsaHostKey) })
	recordedAs := func(sha256, keyType string, change func(*Settings)) Spec {
		spec := s.spec(key, func(l *Settings) {
			l.HostKeys, l.HostKeyPolicy, l.KnownHosts = nil, ptr(policyAcceptNew), ptr("# none\n")
			if change != nil {
				change(l)
			}
		})
		spec.PinnedHostKey, spec.PinnedHostKeyType = sha256, keyType
		return spec
	}
	other := ssh.FingerprintSHA256(ecdsaHostKey.PublicKey())
	for name, c := range map[string]struct {
		spec  Spec
		conns int64
		want  Kind
	}{
		"type not recorded":     {spec: recordedAs(fingerprint(rsaHostKey.PublicKey()), "", nil), conns: 2},
		"type recorded":         {spec: recordedAs(fingerprint(rsaHostKey.PublicKey()), ssh.KeyAlgoRSA, nil), conns: 1},
		"changed, no type":      {spec: recordedAs(other, "", nil), conns: 3, want: HostKeyChanged},
		"changed, type":         {spec: recordedAs(other, ssh.KeyAlgoECDSA256, nil), conns: 1, want: HostKeyChanged},
		"changed, key is given": {spec: recordedAs(other, ssh.KeyAlgoECDSA256, func(l *Settings) { l.HostKeys = []string{authorized(rsaHostKey)} }), conns: 1},
		"changed, other key is given": {spec: recordedAs(fingerprint(rsaHostKey.PublicKey()), ssh.KeyAlgoRSA, func(l *Settings) { l.HostKeys = []string{authorized(ecdsaHostKey)} }),
			conns: 1, want: HostKeyChanged},
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
	own := authorized(ed25519HostKey)
	port := itoa(s.port())
	for _, revoked := range []string{"localhost", "[localhost]:" + port, "127.0.0.1", "[127.0.0.1]:" + port, "[192.0.2.7]:9", "192.0.2.7", "alias"} {
		for _, policy := range []string{policyStrict, policyAcceptNew, policyInsecure} {
			spec := s.spec(key, func(l *Settings) {
				l.Host, l.HostKeys, l.HostKeyPolicy, l.AddressFamily = ptr("localhost"), nil, &policy, ptr("inet")
				if revoked == "alias" {
					l.HostKeyAlias = ptr("alias")
				}
				l.KnownHosts = ptr("[localhost]:" + port + ",alias " + own + "\n@revoked " + revoked + " " + own + "\n")
			})
			spec.AlternateAddresses = []string{"192.0.2.7:9"}
			if e, _ := refusal(t, brisk(t), spec); e.Kind != HostKeyRevoked || e.RecordedAt != "known_hosts:2" {
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
	if err := os.WriteFile(good, []byte(knownName("127.0.0.1", s.port())+" "+authorized(ed25519HostKey)), 0o600); err != nil {
		t.Fatal(err)
	}
	from := func(files ...string) Spec {
		return s.spec(key, func(l *Settings) { l.HostKeys, l.DefaultKnownHosts = nil, files })
	}
	acquire(t, brisk(t), from(dir, filepath.Join(dir, "absent"), good))
	e, _ := refusal(t, brisk(t), from(dir, filepath.Join(dir, "absent")))
	if e.Kind != HostKeyUnknown || !strings.Contains(e.Error(), "passed over: "+dir+": is a directory") || strings.Contains(e.Error(), "no such file") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Keys that count for every host say nothing about the key of this one having
// changed, and the error names what the user wrote.
func TestKeysOfAllHostsAreNotAChange(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	given := func(as string, shared bool) *Error {
		e, _ := refusal(t, brisk(t), s.spec(key, func(l *Settings) {
			l.HostKeys, l.Names, l.SharedKeys = []string{authorized(rsaHostKey)}, Names{"host_keys": as}, shared
		}))
		return e
	}
	if e := given("connection.host_keys", true); e.Kind != HostKeyUnknown || e.RecordedAt != "connection.host_keys[0]" || !e.HostKey.Shared || e.HostKey.Given != "connection.host_keys" {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	for names, at := range map[string]string{"ssh.host_key": "ssh.host_key", `hosts["a"].host_keys`: `hosts["a"].host_keys[0]`} {
		e := given(names, false)
		for _, want := range []string{at, "ssh-ed25519 " + e.OfferedKey, "ssh-rsa " + e.RecordedKey} {
			if e.Kind != HostKeyChanged || !strings.Contains(e.Error(), want) {
				t.Errorf("want %q, have %v: %v", want, e.Kind, e)
			}
		}
	}
}

// A weak RSA key is not recorded, and neither is a key that nothing can verify.
func TestTinyKeysAreNotRecorded(t *testing.T) {
	tiny := "AAAAB3NzaC1yc2EAAAADAQABAAAAYQDFERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERERM="
	keys, notes := readKnownHosts("web1 ssh-rsa "+tiny+"\nweb1 ssh-dss "+dssKey+"\n", "f")
	if len(keys) != 1 || keys[0].key.Type() != algorithmDSA || len(notes) != 1 || !strings.Contains(notes[0], "768 bits") {
		t.Errorf("have %v, notes %q", keys, notes)
	}
	if keys[0].key.Verify(nil, &ssh.Signature{}) == nil {
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
	with := func(recorded ssh.Signer, change func(*Settings)) Spec {
		return s.spec(key, func(l *Settings) {
			l.HostKeys, l.HostKeyPolicy = nil, ptr(policyInsecure)
			l.KnownHosts = ptr("# none\n" + knownName("127.0.0.1", s.port()) + " " + authorized(recorded))
			change(l)
		})
	}
	password := func(l *Settings) { l.PrivateKey, l.Password = nil, ptr(Secret("p")) }
	acquire(t, brisk(t), with(rsaHostKey, func(*Settings) {}))
	e, _ := refusal(t, brisk(t), with(rsaHostKey, password))
	if e.Kind != Auth || asked != 0 || !strings.Contains(e.Error(), "the password was not sent: the host key changed") || !strings.Contains(e.Error(), "known_hosts:2") {
		t.Errorf("asked %d times, %v: %v", asked, e.Kind, e)
	}
	acquire(t, brisk(t), with(ed25519HostKey, password))
	acquire(t, brisk(t), with(ed25519HostKey, func(l *Settings) { password(l); l.KnownHosts = ptr("# none\n") }))
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
