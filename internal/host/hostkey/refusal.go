package hostkey

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// refuse builds the error about the key that was shown; r is what speaks against
// it, and flaw what is wrong with its certificate.
func (t Checker) refuse(kind host.Kind, shown ssh.PublicKey, r knownhosts.Key, flaw error) *host.Error {
	if kind == host.HostKeyChanged && r.Shared {
		kind = host.HostKeyUnknown // what all hosts share says nothing about this one
	}
	plain := knownhosts.Plain(shown)
	e := &host.Error{Kind: kind, Phase: host.PhaseHostKey, OfferedKey: ssh.FingerprintSHA256(plain), RecordedAt: r.At}
	e.HostKey = &host.HostKeyFacts{
		Name: t.name, OfferedType: plain.Type(), File: r.File, JumpHost: t.hop, Place: t.place,
		Given: t.given, Lines: t.lines, Shared: t.shared, Record: r.Public == nil && r.At != "",
	}
	if r.Public != nil {
		e.RecordedKey, e.HostKey.RecordedType = ssh.FingerprintSHA256(r.Public), r.Public.Type()
	} else if r.At != "" {
		e.RecordedKey, e.HostKey.RecordedType = t.Pin.SHA256, t.Pin.KeyType
	}
	text := t.reason(kind, shown, r)
	if flaw != nil && !errors.Is(flaw, errNoAuthority) {
		text += "; its certificate does not count: " + flaw.Error()
	}
	e.Err = errors.New(text)
	return e
}

func (t Checker) reason(kind host.Kind, shown ssh.PublicKey, r knownhosts.Key) string {
	switch {
	case kind == host.HostKeyRevoked && !knownhosts.SamePlain(r.Public, shown):
		return fmt.Sprintf("the host key was certified by an authority that is marked as revoked: the host shows %s; revoked at %s", described(shown), r.At)
	case kind == host.HostKeyRevoked:
		return fmt.Sprintf("the host key is marked as revoked: the host shows %s; revoked at %s", described(shown), r.At)
	case kind == host.HostKeyChanged && r.Public == nil:
		return fmt.Sprintf("the host key changed: the host shows %s; allowed is %s (%s)", described(shown), strings.TrimSpace(t.Pin.KeyType+" "+t.Pin.SHA256), r.At)
	case kind == host.HostKeyChanged:
		return fmt.Sprintf("the host key changed: the host shows %s; allowed for %s %s", described(shown), t.name, t.allowed(shown))
	case r.Public != nil:
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
func (t Checker) allowed(shown ssh.PublicKey) string {
	const most = 4
	var same, other []string
	for _, r := range t.keys {
		text := fmt.Sprintf("%s (%s)", described(r.Public), r.At)
		if r.Marker == knownhosts.AuthorityKey {
			text = fmt.Sprintf("what the authority %s certifies (%s)", described(r.Public), r.At)
		}
		if r.Public.Type() == knownhosts.Plain(shown).Type() {
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
