package hostkey

import (
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// hostKeyAlgorithms is the order of OpenSSH since 8.5 (KEX_DEFAULT_PK_ALG), as far
// as x/crypto can verify them: it has no host keys on security tokens.
var hostKeyAlgorithms = []string{
	ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

// Algorithms is the order in which to ask for host keys: a server that has three
// keys shows only the one that the client prefers, so the recorded types come
// first. It is ssh's own order (order_hostkeyalgs of sshconnect2.c), since another
// one would have the server show another key than it shows to ssh. Types that are
// not recorded stay in the list, so that a replaced key is reported as changed and
// not as a failed negotiation.
func (t Checker) Algorithms() []string {
	var first, last []string
	verbatim := t.recordedType(ssh.KeyAlgoED25519)
	for _, algorithm := range hostKeyAlgorithms {
		keyType, isCert := plainType(algorithm)
		switch {
		case t.plainOnly && isCert || slices.Contains(t.excluded, keyType):
		case verbatim || isCert && slices.ContainsFunc(t.keys, knownhosts.Key.IsAuthority) || t.recordedType(keyType):
			first = append(first, algorithm)
		default:
			last = append(last, algorithm)
		}
	}
	return append(first, last...)
}

// recordedType reports whether a key of that type is recorded and not revoked. As
// in ssh the first one of each type decides.
func (t Checker) recordedType(keyType string) bool {
	known := plainKeys(t.keys, nil)
	for _, r := range known {
		if r.Public.Type() == keyType {
			_, revoked := t.revocation(r.Public, []string{t.name})
			return !revoked
		}
	}
	return len(known) == 0 && t.Pin.SHA256 != "" && t.Pin.KeyType == keyType
}

// plainType is the type of the keys that an algorithm is for.
func plainType(algorithm string) (keyType string, isCert bool) {
	keyType, isCert = strings.CutSuffix(algorithm, "-cert-v01@openssh.com")
	if strings.HasPrefix(keyType, "rsa-") {
		keyType = ssh.KeyAlgoRSA
	}
	return keyType, isCert
}

// Next says what to ask a server for once more after it showed a key that was
// refused, if another one of its keys may be the right one.
//
// An unmarked key of host_keys may be an authority's or a host's, so certificates
// are asked for first; but then a server with a certificate that counts for
// nothing does not show the plain key that is recorded. And a record of only a
// fingerprint does not say which type to ask for.
func (t Checker) Next(refused ssh.PublicKey) (Checker, bool) {
	if cert, ok := refused.(*ssh.Certificate); ok && !t.plainOnly && !t.pinOnly {
		t.plainOnly = slices.ContainsFunc(plainKeys(t.keys, cert.SignatureKey), func(r knownhosts.Key) bool { return r.Marker == knownhosts.EitherKey })
		if t.plainOnly {
			return t, true
		}
	}
	if t.pinOnly || t.Pin.SHA256 == "" || t.Pin.KeyType != "" || len(plainKeys(t.keys, nil)) > 0 {
		return t, false
	}
	t.excluded = append(slices.Clip(t.excluded), knownhosts.Plain(refused).Type())
	return t, len(t.Algorithms()) > 0
}
