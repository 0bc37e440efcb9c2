package host

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// refuse builds the error about the key that was shown; r is what speaks against
// it, and flaw what is wrong with its certificate.
func (t trust) refuse(kind Kind, shown ssh.PublicKey, r recorded, flaw error) *Error {
	if kind == HostKeyChanged && r.shared {
		kind = HostKeyUnknown // what all hosts share says nothing about this one
	}
	plain := plainOf(shown)
	e := &Error{Kind: kind, Phase: PhaseHostKey, OfferedKey: ssh.FingerprintSHA256(plain), RecordedAt: r.at}
	e.HostKey = &HostKeyFacts{
		Name: t.name, OfferedType: plain.Type(), File: r.file, JumpHost: t.hop, Place: t.place,
		Given: t.given, Lines: t.lines, Shared: t.shared, Record: r.key == nil && r.at != "",
	}
	if r.key != nil {
		e.RecordedKey, e.HostKey.RecordedType = ssh.FingerprintSHA256(r.key), r.key.Type()
	} else if r.at != "" {
		e.RecordedKey, e.HostKey.RecordedType = t.record.sha256, t.record.keyType
	}
	text := t.reason(kind, shown, r)
	if flaw != nil && !errors.Is(flaw, errNoAuthority) {
		text += "; its certificate does not count: " + flaw.Error()
	}
	e.Err = errors.New(text)
	return e
}

func (t trust) reason(kind Kind, shown ssh.PublicKey, r recorded) string {
	switch {
	case kind == HostKeyRevoked && !samePublic(r.key, shown):
		return fmt.Sprintf("the host key was certified by an authority that is marked as revoked: the host shows %s; revoked at %s", described(shown), r.at)
	case kind == HostKeyRevoked:
		return fmt.Sprintf("the host key is marked as revoked: the host shows %s; revoked at %s", described(shown), r.at)
	case kind == HostKeyChanged && r.key == nil:
		return fmt.Sprintf("the host key changed: the host shows %s; allowed is %s (%s)", described(shown), strings.TrimSpace(t.record.keyType+" "+t.record.sha256), r.at)
	case kind == HostKeyChanged:
		return fmt.Sprintf("the host key changed: the host shows %s; allowed for %s %s", described(shown), t.name, t.allowed(shown))
	case r.key != nil:
		return fmt.Sprintf("the host shows %s; allowed %s", described(shown), t.allowed(shown))
	}
	text := fmt.Sprintf("no host key is recorded for %s in %s; the host shows %s", t.name, t.looked, described(shown))
	if len(t.keys) > 0 {
		text += "; allowed " + t.allowed(shown)
	}
	if len(t.passed) > 0 {
		text += "; passed over: " + strings.Join(t.passed, "; ")
	}
	return text
}

// allowed lists what would be accepted, the keys of the shown type first.
func (t trust) allowed(shown ssh.PublicKey) string {
	const most = 4
	var same, other []string
	for _, r := range t.keys {
		text := fmt.Sprintf("%s (%s)", described(r.key), r.at)
		if r.marker == authorityKey {
			text = fmt.Sprintf("what the authority %s certifies (%s)", described(r.key), r.at)
		}
		if r.key.Type() == plainOf(shown).Type() {
			same = append(same, text)
		} else {
			other = append(other, text)
		}
	}
	all := append(same, other...)
	if len(all) == 1 {
		return "is " + all[0]
	}
	if len(all) > most {
		return fmt.Sprintf("are %s, and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return "are " + strings.Join(all, ", ")
}
