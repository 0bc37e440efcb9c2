package host

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// trust decides whether a host key is the right one for one machine.
type trust struct {
	policy string
	host   string // the name alone, for principals of certificates
	names  []string
	keys   []recorded // those about this host, and the revoked ones
	pinned string     // fingerprint that alone is accepted, and where it is from
	pinAt  string
	// plainFirst takes the unmarked keys of host_keys for those of hosts, not of
	// authorities.
	plainFirst bool
}

// newTrust picks from keys what is about s. For a port other than 22 ssh looks
// for "[host]:port" and, only if that is not recorded, for the bare name.
func newTrust(s Spec, keys []recorded) trust {
	t := trust{policy: s.HostKeyPolicy, host: strings.ToLower(s.Host), pinned: s.PinnedHostKey, pinAt: "the recorded host_key_sha256"}
	t.names = []string{knownName(s.Host, s.Port)}
	if s.Port != 22 {
		t.names = append(t.names, knownName(s.Host, 22))
	}
	if s.HostKeyAlias != "" {
		t.host = strings.ToLower(s.HostKeyAlias)
		t.names = []string{t.host} // whatever the port
	}
	for _, name := range t.names {
		t.keys = about(keys, name)
		if slices.ContainsFunc(t.keys, func(r recorded) bool { return r.marker != revokedKey }) {
			break
		}
	}
	return t
}

func about(keys []recorded, name string) []recorded {
	var found []recorded
	for _, key := range keys {
		if key.matches(name) {
			found = append(found, key)
		}
	}
	return found
}

// check accepts key or says why not. The error is an *Error without host.
func (t trust) check(key ssh.PublicKey) error {
	plain := key
	cert, certified := key.(*ssh.Certificate)
	if certified {
		plain = cert.Key
	}
	if at, revoked := t.revoked(plain, cert); revoked {
		return t.verdict(HostKeyRevoked, plain, recorded{key: plain, at: at}, errors.New("the offered host key is marked as revoked"))
	}
	if t.policy == policyInsecure {
		return nil
	}
	if t.pinned != "" {
		return t.checkPinned(plain)
	}
	if certified {
		if err := t.checkCert(cert); err == nil {
			return nil
		} else if !errors.Is(err, errNoAuthority) {
			return t.verdict(HostKeyUnknown, plain, recorded{}, err)
		}
	}
	return t.checkPlain(plain)
}

func (t trust) revoked(key ssh.PublicKey, cert *ssh.Certificate) (at string, yes bool) {
	for _, r := range t.keys {
		if r.marker == revokedKey && (sameKey(r.key, key) || cert != nil && sameKey(r.key, cert.SignatureKey)) {
			return r.at, true
		}
	}
	return "", false
}

func (t trust) checkPinned(key ssh.PublicKey) error {
	offered := ssh.FingerprintSHA256(key)
	if offered == t.pinned {
		return nil
	}
	return &Error{Kind: HostKeyChanged, Phase: PhaseHostKey, OfferedKey: offered, RecordedKey: t.pinned, RecordedAt: t.pinAt,
		Err: fmt.Errorf("the host key changed: offered %s %s, recorded %s (%s)", key.Type(), offered, t.pinned, t.pinAt)}
}

// errNoAuthority says that no recorded authority signed a certificate; its key
// may still be recorded by itself, as ssh tries too.
var errNoAuthority = errors.New("no recorded authority signed the host certificate")

func (t trust) checkCert(cert *ssh.Certificate) error {
	if !t.signed(cert) {
		return errNoAuthority
	}
	if cert.CertType != ssh.HostCert {
		return errors.New("the certificate offered as host key is not a host certificate")
	}
	var checker ssh.CertChecker
	if err := checker.CheckCert(t.principal(cert), cert); err != nil {
		return fmt.Errorf("host certificate %q: %w", cert.KeyId, err)
	}
	return nil
}

func (t trust) signed(cert *ssh.Certificate) bool {
	return slices.ContainsFunc(t.keys, func(r recorded) bool { return r.authority() && sameKey(r.key, cert.SignatureKey) })
}

// principal is the one in cert that names this host; OpenSSH lets it be a
// pattern, x/crypto compares text.
func (t trust) principal(cert *ssh.Certificate) string {
	for _, p := range cert.ValidPrincipals {
		if wildcardMatch(strings.ToLower(p), t.host) {
			return p
		}
	}
	return t.host
}

func (t trust) checkPlain(key ssh.PublicKey) error {
	var other *recorded
	for i, r := range t.keys {
		if r.marker != plainKey && r.marker != eitherKey {
			continue
		}
		if sameKey(r.key, key) {
			return nil
		}
		// Show the recorded key of the same type, if there is one.
		if other == nil || r.key.Type() == key.Type() && other.key.Type() != key.Type() {
			other = &t.keys[i]
		}
	}
	if other != nil {
		return t.verdict(HostKeyChanged, key, *other, fmt.Errorf("the host key changed: offered %s %s, recorded %s %s (%s)",
			key.Type(), ssh.FingerprintSHA256(key), other.key.Type(), ssh.FingerprintSHA256(other.key), other.at))
	}
	if t.policy == policyAcceptNew {
		return nil
	}
	return t.verdict(HostKeyUnknown, key, recorded{}, fmt.Errorf("no host key is recorded for %s; offered %s %s",
		t.names[0], key.Type(), ssh.FingerprintSHA256(key)))
}

func (t trust) verdict(kind Kind, offered ssh.PublicKey, r recorded, err error) *Error {
	e := &Error{Kind: kind, Phase: PhaseHostKey, OfferedKey: ssh.FingerprintSHA256(offered), RecordedAt: r.at, Err: err}
	if r.key != nil {
		e.RecordedKey = ssh.FingerprintSHA256(r.key)
	}
	return e
}

func (r recorded) authority() bool { return r.marker == authorityKey || r.marker == eitherKey }

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

func (t trust) hasEither() bool {
	return slices.ContainsFunc(t.keys, func(r recorded) bool { return r.marker == eitherKey })
}

// prefersPlain reports whether a server whose key was not accepted should be asked
// once more, for plain keys. An unmarked key of host_keys may be an authority's,
// so certificates are asked for first; but then a server with a certificate that
// nobody here knows does not show the plain key which is recorded.
func (t trust) prefersPlain(refused ssh.PublicKey) bool {
	cert, certified := refused.(*ssh.Certificate)
	return certified && t.hasEither() && !t.plainFirst && !t.signed(cert)
}

// algorithms is the order in which to ask for host keys: the recorded types come
// first, because a server that has three keys shows only the one we prefer, and
// x/crypto's own order begins with ECDSA. What is not recorded stays in the list,
// so that a replaced key is reported as changed and not as a failed negotiation.
func (t trust) algorithms() []string {
	supported := ssh.SupportedAlgorithms().HostKeys
	var order []string
	add := func(names ...string) {
		for _, name := range names {
			if slices.Contains(supported, name) && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	if t.hasEither() && !t.plainFirst {
		for _, r := range t.keys {
			add(certsOf(r.key.Type())...)
		}
		add(certAlgorithms...)
	}
	for _, r := range t.keys {
		switch r.marker {
		case authorityKey:
			add(certAlgorithms...)
		case eitherKey, plainKey:
			add(signaturesOf(r.key.Type())...)
		}
	}
	add(keyAlgorithms...)
	add(certAlgorithms...)
	return order
}

// keyAlgorithms is OpenSSH's order, so that a first contact records the type of
// key that ssh would record.
var keyAlgorithms = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

var certAlgorithms = []string{
	ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoSKED25519v01, ssh.CertAlgoSKECDSA256v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
}

func signaturesOf(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

func certsOf(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01}
	}
	return []string{keyType + "-cert-v01@openssh.com"}
}

// callback adapts check to x/crypto and tells seen what was offered.
func (t trust) callback(seen func(key ssh.PublicKey, verdict error)) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, key ssh.PublicKey) error {
		err := t.check(key)
		seen(key, err)
		return err
	}
}
