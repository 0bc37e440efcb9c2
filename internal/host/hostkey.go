package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/crypto/ssh"
)

// trust decides whether a host key is the right one for one machine, as ssh does
// (check_host_key of OpenSSH's sshconnect.c), and is stricter in what
// trustDifferences of the tests lists.
type trust struct {
	policy string
	host   string     // the name that a certificate must be for
	name   string     // under which the keys of the machine are recorded: "web1", "[web1]:2222"
	names  []string   // all names of the machine, for revocations
	keys   []recorded // about name
	// bare are those about the name without the port. ssh asks it for a match only:
	// what else is recorded for the name without the port is about another sshd.
	bare    []recorded
	revoked []recorded // for whatever name
	all     []recorded // under CheckHostIP, to look for addresses; else nil
	record  record
	only    bool     // the record decides, whatever else is recorded
	passed  []string // files that could not be read
	looked  string   // where keys would be, for messages
	given   string   // where the user gives them, "" if nowhere
	lines   bool     // as lines of known_hosts
	shared  bool     // for other machines too
	hop     bool     // the machine is a jump host,
	place   string   // which the user wrote here

	plainOnly bool     // asks for no certificates
	without   []string // types of keys that are not asked for
}

// record is the key that a machine showed at an earlier login under accept-new.
type record struct {
	sha256  string // "" if there is none
	keyType string // "" in states of before 1.0
	at      string
}

// newTrust picks from what is recorded what is about s.
func newTrust(s Spec, r records) trust {
	t := trust{
		policy: s.HostKeyPolicy, host: canonicalHost(s.Host), name: knownName(s.Host, s.Port),
		record: record{s.PinnedHostKey, s.PinnedHostKeyType, recordInState},
		passed: r.passed, looked: r.looked(), hop: s.JumpHost, place: s.Place,
	}
	t.given, t.lines = givenKeys(s)
	t.shared = s.SharedKeys
	t.names = namesAt(s.Host, s.Port)
	if s.HostKeyAlias != "" {
		t.host = lower(s.HostKeyAlias)
		t.name = t.host // whatever the port
		t.names = append(t.names, t.host)
	}
	t.keys = permitting(r.keys, t.name)
	if s.HostKeyAlias == "" && s.Port != 22 {
		t.bare = permitting(r.keys, t.host)
	}
	t.revoked = slices.DeleteFunc(slices.Clone(r.keys), func(k recorded) bool { return k.marker != revokedKey })
	if s.CheckHostIP {
		t.all = r.keys
	}
	for _, address := range s.AlternateAddresses {
		t.names = append(t.names, namesOf(address)...)
	}
	return t
}

// givenKeys is where the user gives host keys of s, and whether as lines of
// known_hosts.
func givenKeys(s Spec) (where string, lines bool) {
	switch {
	case len(s.HostKeys) > 0:
		return s.Names.Written("host_keys"), false
	case s.KnownHosts != "":
		return s.Names.Written("known_hosts"), true
	case len(s.KnownHostsFiles) > 0:
		return s.KnownHostsFiles[0], true
	}
	return "", false
}

const recordInState = "the recorded host_key_sha256"

// permitting are the keys and authorities that are recorded for name.
func permitting(keys []recorded, name string) []recorded {
	var found []recorded
	for _, key := range keys {
		if key.marker != revokedKey && key.matches(name) {
			found = append(found, key)
		}
	}
	return found
}

// namesAt is how known_hosts may spell a machine: with the port, and without.
func namesAt(host string, port int) []string {
	if port == 22 {
		return []string{canonicalHost(host)}
	}
	return []string{knownName(host, port), canonicalHost(host)}
}

func namesOf(address string) []string {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	port, err := parsePort(text)
	if err != nil {
		return nil
	}
	return namesAt(host, port)
}

// check accepts key or says why not. also is where the machine was found to be.
// The error is an *Error without host.
func (t trust) check(key ssh.PublicKey, also ...string) error {
	if r, yes := t.revocation(key, append(also, t.names...)); yes {
		return t.refuse(HostKeyRevoked, key, r, nil)
	}
	switch {
	case t.policy == policyInsecure:
		return nil
	case t.only:
		return t.matchesRecord(key, nil)
	}
	if err := t.permits(key); err != nil {
		return err
	}
	return t.permitsAddress(key, also)
}

// isRemoteAddress reports whether name is an IP address, and not of this machine.
func isRemoteAddress(name string) bool {
	address, err := netip.ParseAddr(name)
	return err == nil && !address.IsLoopback()
}

// permitsAddress is CheckHostIP of ssh: the address must not be recorded with other
// keys only. ssh asks neither about certificates nor about addresses of this machine.
func (t trust) permitsAddress(key ssh.PublicKey, names []string) error {
	if _, certified := key.(*ssh.Certificate); certified || len(names) == 0 || names[0] == t.name {
		return nil
	}
	if !isRemoteAddress(names[len(names)-1]) {
		return nil
	}
	known := plainKeys(permitting(t.all, names[0]), nil)
	if len(known) == 0 || holds(known, key) {
		return nil
	}
	t.name, t.keys = names[0], known
	return t.refuse(HostKeyChanged, key, similar(known, key), nil)
}

// withheld says under the policy insecure why no password is sent: another key is
// recorded. ssh with StrictHostKeyChecking=no sends none either.
func (t trust) withheld(key ssh.PublicKey) error {
	var e *Error
	if t.policy != policyInsecure || !errors.As(t.permits(key), &e) || e.RecordedKey == "" {
		return nil
	}
	return fmt.Errorf("the password was not sent: %w", e.Err)
}

// revocation looks under every name: a permission for one name must not outweigh
// the prohibition that stands under another one.
func (t trust) revocation(key ssh.PublicKey, names []string) (recorded, bool) {
	for _, r := range t.revoked {
		if !slices.ContainsFunc(names, r.matches) {
			continue
		}
		if cert, ok := key.(*ssh.Certificate); samePublic(r.key, key) || ok && samePublic(r.key, cert.SignatureKey) {
			return r, true
		}
	}
	return recorded{}, false
}

// permits is nil if something vouches for key. A certificate that does not count
// leaves its key, which may be recorded by itself.
func (t trust) permits(key ssh.PublicKey) error {
	cert, certified := key.(*ssh.Certificate)
	if !certified {
		return t.permitsPlain(key, nil, nil)
	}
	flaw := t.checkCert(cert, t.keys)
	switch {
	case flaw == nil:
		return nil
	case errors.Is(flaw, errNoAuthority) && t.vouchedBare(cert):
		return nil
	}
	return t.permitsPlain(cert, cert.SignatureKey, flaw)
}

func (t trust) vouchedBare(cert *ssh.Certificate) bool {
	return t.checkCert(cert, t.bare) == nil || holds(t.bare, cert.Key)
}

// permitsPlain judges the key of what was shown without its certificate, which
// has the flaw and was signed by authority.
func (t trust) permitsPlain(shown, authority ssh.PublicKey, flaw error) error {
	key := plainOf(shown)
	known := plainKeys(t.keys, authority)
	switch {
	case holds(known, key):
		return nil
	case len(known) > 0:
		return t.refuse(HostKeyChanged, shown, similar(known, key), flaw)
	case holds(t.bare, key):
		return nil
	case t.record.sha256 != "":
		return t.matchesRecord(shown, flaw)
	case t.policy == policyAcceptNew:
		return nil
	}
	return t.refuse(HostKeyUnknown, shown, recorded{}, flaw)
}

func (t trust) matchesRecord(shown ssh.PublicKey, flaw error) error {
	if fingerprint(shown) == t.record.sha256 {
		return nil
	}
	return t.refuse(HostKeyChanged, shown, recorded{at: t.record.at}, flaw)
}

// plainKeys are those that a host may show by themselves. A key of host_keys that
// signed what was shown is an authority's.
func plainKeys(keys []recorded, authority ssh.PublicKey) []recorded {
	var plain []recorded
	for _, r := range keys {
		if r.marker == plainKey || r.marker == eitherKey && (authority == nil || !samePublic(r.key, authority)) {
			plain = append(plain, r)
		}
	}
	return plain
}

func holds(keys []recorded, key ssh.PublicKey) bool {
	return slices.ContainsFunc(keys, func(r recorded) bool {
		return (r.marker == plainKey || r.marker == eitherKey) && sameKey(r.key, key)
	})
}

// similar is the recorded key of the same type, if there is one.
func similar(keys []recorded, key ssh.PublicKey) recorded {
	for _, r := range keys {
		if r.key.Type() == key.Type() {
			return r
		}
	}
	return keys[0]
}

// at is t for one of spec's addresses. A user who trusts any key at the address
// that is named does not thereby trust any key at another one.
func (t trust) at(address string, spec Spec) trust {
	t.names = append(slices.Clip(t.names), namesOf(address)...)
	if t.policy == policyInsecure && address != spec.Address() && spec.ExpectedHostKey != "" {
		t.policy, t.only = policyStrict, true
		t.record = record{sha256: spec.ExpectedHostKey, at: "shown at " + spec.Address()}
	}
	return t
}

// callback adapts check to x/crypto and tells seen what was offered. direct says
// that the remote address is the machine's, and not that of a proxy.
func (t trust) callback(direct bool, seen func(key ssh.PublicKey, verdict error)) ssh.HostKeyCallback {
	return func(_ string, remote net.Addr, key ssh.PublicKey) error {
		var also []string
		if direct && remote != nil {
			also = namesOf(remote.String())
		}
		err := t.check(key, also...)
		seen(key, err)
		return err
	}
}

// described is a key as messages show it.
func described(key ssh.PublicKey) string {
	if cert, ok := key.(*ssh.Certificate); ok {
		return fmt.Sprintf("%s %s (certified by %s %s)", cert.Key.Type(), ssh.FingerprintSHA256(cert.Key), cert.SignatureKey.Type(), ssh.FingerprintSHA256(cert.SignatureKey))
	}
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}
