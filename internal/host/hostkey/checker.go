// Package hostkey decides whether the key that a machine shows is the right one, from
// what is recorded about it.
//
// It must not know how the machine is dialled, nor as whom one logs in.
package hostkey

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// Checker decides whether a host key is the right one for one machine, as ssh does
// (check_host_key of OpenSSH's sshconnect.c), and is stricter in what
// trustDifferences of the tests lists.
type Checker struct {
	Policy string
	host   string           // the name that a certificate must be for
	name   string           // under which the keys of the machine are recorded: "web1", "[web1]:2222"
	names  []string         // all names of the machine, for revocations
	keys   []knownhosts.Key // about name
	// bare are those about the name without the port. ssh asks it for a match only:
	// what else is recorded for the name without the port is about another sshd.
	bare    []knownhosts.Key
	revoked []knownhosts.Key // for whatever name
	all     []knownhosts.Key // under CheckHostIP, to look for addresses; else nil
	Pin     Pin
	pinOnly bool     // the record decides, whatever else is recorded
	passed  []string // files that could not be read
	looked  string   // where keys would be, for messages
	given   string   // where the user gives them, "" if nowhere
	lines   bool     // as lines of known_hosts
	shared  bool     // for other machines too
	hop     bool     // the machine is a jump host,
	place   string   // which the user wrote here

	plainOnly bool     // asks for no certificates
	excluded  []string // types of keys that are not asked for
}

// Pin is the key that a machine showed at an earlier login under accept-new.
type Pin struct {
	SHA256  string // "" if there is none
	KeyType string // "" in states of before 1.0
	At      string
}

// New picks from what is recorded what is about s.
func New(s host.Spec, r Records) Checker {
	t := Checker{
		Policy: s.HostKeyPolicy, host: knownhosts.CanonicalHost(s.Host), name: knownhosts.Name(s.Host, s.Port),
		Pin:    Pin{s.PinnedHostKey, s.PinnedHostKeyType, recordInState},
		passed: r.passed, looked: r.looked(), hop: s.JumpHost, place: s.Place,
	}
	t.given, t.lines = givenKeys(s)
	t.shared = s.SharedKeys
	t.names = namesAt(s.Host, s.Port)
	if s.HostKeyAlias != "" {
		t.host = knownhosts.Lower(s.HostKeyAlias)
		t.name = t.host // whatever the port
		t.names = append(t.names, t.host)
	}
	t.keys = permitting(r.Keys, t.name)
	if s.HostKeyAlias == "" && s.Port != 22 {
		t.bare = permitting(r.Keys, t.host)
	}
	t.revoked = slices.DeleteFunc(slices.Clone(r.Keys), func(k knownhosts.Key) bool { return k.Marker != knownhosts.RevokedKey })
	if s.CheckHostIP {
		t.all = r.Keys
	}
	for _, address := range s.AlternateAddresses {
		t.names = append(t.names, namesOf(address)...)
	}
	return t
}

// givenKeys is where the user gives host keys of s, and whether as lines of
// known_hosts.
func givenKeys(s host.Spec) (where string, lines bool) {
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
func permitting(keys []knownhosts.Key, name string) []knownhosts.Key {
	var found []knownhosts.Key
	for _, key := range keys {
		if key.Marker != knownhosts.RevokedKey && key.Matches(name) {
			found = append(found, key)
		}
	}
	return found
}

// namesAt is how known_hosts may spell a machine: with the port, and without.
func namesAt(host string, port int) []string {
	if port == 22 {
		return []string{knownhosts.CanonicalHost(host)}
	}
	return []string{knownhosts.Name(host, port), knownhosts.CanonicalHost(host)}
}

func namesOf(address string) []string {
	name, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	port, err := host.ParsePort(text)
	if err != nil {
		return nil
	}
	return namesAt(name, port)
}

// Check accepts key or says why not. also is where the machine was found to be.
// The error is an *Error without host.
func (t Checker) Check(key ssh.PublicKey, also ...string) error {
	if r, yes := t.revocation(key, append(also, t.names...)); yes {
		return t.refuse(host.HostKeyRevoked, key, r, nil)
	}
	switch {
	case t.Policy == host.PolicyInsecure:
		return nil
	case t.pinOnly:
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
func (t Checker) permitsAddress(key ssh.PublicKey, names []string) error {
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
	return t.refuse(host.HostKeyChanged, key, similar(known, key), nil)
}

// PasswordWithheld says under the policy insecure why no password is sent: another key is
// recorded. ssh with StrictHostKeyChecking=no sends none either.
func (t Checker) PasswordWithheld(key ssh.PublicKey) error {
	var e *host.Error
	if t.Policy != host.PolicyInsecure || !errors.As(t.permits(key), &e) || e.RecordedKey == "" {
		return nil
	}
	return fmt.Errorf("the password was not sent: %w", e.Err)
}

// revocation looks under every name: a permission for one name must not outweigh
// the prohibition that stands under another one.
func (t Checker) revocation(key ssh.PublicKey, names []string) (knownhosts.Key, bool) {
	for _, r := range t.revoked {
		if !slices.ContainsFunc(names, r.Matches) {
			continue
		}
		if cert, ok := key.(*ssh.Certificate); knownhosts.SamePlain(r.Public, key) || ok && knownhosts.SamePlain(r.Public, cert.SignatureKey) {
			return r, true
		}
	}
	return knownhosts.Key{}, false
}

// permits is nil if something vouches for key. A certificate that does not count
// leaves its key, which may be recorded by itself.
func (t Checker) permits(key ssh.PublicKey) error {
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

func (t Checker) vouchedBare(cert *ssh.Certificate) bool {
	return t.checkCert(cert, t.bare) == nil || holds(t.bare, cert.Key)
}

// permitsPlain judges the key of what was shown without its certificate, which
// has the flaw and was signed by authority.
func (t Checker) permitsPlain(shown, authority ssh.PublicKey, flaw error) error {
	key := knownhosts.Plain(shown)
	known := plainKeys(t.keys, authority)
	switch {
	case holds(known, key):
		return nil
	case len(known) > 0:
		return t.refuse(host.HostKeyChanged, shown, similar(known, key), flaw)
	case holds(t.bare, key):
		return nil
	case t.Pin.SHA256 != "":
		return t.matchesRecord(shown, flaw)
	case t.Policy == host.PolicyAcceptNew:
		return nil
	}
	return t.refuse(host.HostKeyUnknown, shown, knownhosts.Key{}, flaw)
}

func (t Checker) matchesRecord(shown ssh.PublicKey, flaw error) error {
	if knownhosts.Fingerprint(shown) == t.Pin.SHA256 {
		return nil
	}
	return t.refuse(host.HostKeyChanged, shown, knownhosts.Key{At: t.Pin.At}, flaw)
}

// plainKeys are those that a host may show by themselves. A key of host_keys that
// signed what was shown is an authority's.
func plainKeys(keys []knownhosts.Key, authority ssh.PublicKey) []knownhosts.Key {
	var plain []knownhosts.Key
	for _, r := range keys {
		if r.Marker == knownhosts.PlainKey || r.Marker == knownhosts.EitherKey && (authority == nil || !knownhosts.SamePlain(r.Public, authority)) {
			plain = append(plain, r)
		}
	}
	return plain
}

func holds(keys []knownhosts.Key, key ssh.PublicKey) bool {
	return slices.ContainsFunc(keys, func(r knownhosts.Key) bool {
		return (r.Marker == knownhosts.PlainKey || r.Marker == knownhosts.EitherKey) && knownhosts.SameKey(r.Public, key)
	})
}

// similar is the recorded key of the same type, if there is one.
func similar(keys []knownhosts.Key, key ssh.PublicKey) knownhosts.Key {
	for _, r := range keys {
		if r.Public.Type() == key.Type() {
			return r
		}
	}
	return keys[0]
}

// At is t for one of spec's addresses. A user who trusts any key at the address
// that is named does not thereby trust any key at another one.
func (t Checker) At(address string, spec host.Spec) Checker {
	t.names = append(slices.Clip(t.names), namesOf(address)...)
	if t.Policy == host.PolicyInsecure && address != spec.Address() && spec.ExpectedHostKey != "" {
		t.Policy, t.pinOnly = host.PolicyStrict, true
		t.Pin = Pin{SHA256: spec.ExpectedHostKey, At: "shown at " + spec.Address()}
	}
	return t
}

// Callback adapts check to x/crypto and tells seen what was offered. direct says
// that the remote address is the machine's, and not that of a proxy.
func (t Checker) Callback(direct bool, seen func(key ssh.PublicKey, verdict error)) ssh.HostKeyCallback {
	return func(_ string, remote net.Addr, key ssh.PublicKey) error {
		var also []string
		if direct && remote != nil {
			also = namesOf(remote.String())
		}
		err := t.Check(key, also...)
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
