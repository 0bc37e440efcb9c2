package session

import (
	"slices"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// LastAddress says where a host answered last, and with which key. Its port or
// address may have been changed by what we manage.
type LastAddress struct {
	Host    string `json:"host"` // as the settings named it
	Address string `json:"address"`
	HostKey string `json:"host_key"`
	// HostKeyType is "" in what versions before 1.0 recorded.
	HostKeyType string `json:"host_key_type,omitempty"`
	// Hops are what the jump hosts on the way showed.
	Hops []host.HostKey `json:"hops,omitempty"`
}

// addressBook is where hosts answered in this run that moved, by the route to where
// their settings say they are. A resource that has no record of that, or an old one,
// finds its host by what another resource knows.
type addressBook struct {
	mu   sync.Mutex
	last map[string]LastAddress
}

// note records m for the route of spec; a host that answers where its settings say
// needs no note.
func (b *addressBook) note(spec host.Spec, m LastAddress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Address == spec.Address() {
		delete(b.last, spec.RouteKey())
		return
	}
	if b.last == nil {
		b.last = map[string]LastAddress{}
	}
	b.last[spec.RouteKey()] = m
}

func (b *addressBook) lookup(spec host.Spec) (LastAddress, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.last[spec.RouteKey()]
	return m, ok
}

// UseLastAddress has w's host dialled where it answered last, too, if its settings still
// name the same host. own is what the resource recorded, zero if nothing.
func (s *Session) UseLastAddress(w Location, own LastAddress) Location {
	if w.Unknown != "" {
		return w
	}
	last, known := s.addresses.lookup(w.Spec)
	w.Spec, w.last = own.complete(w.Spec), own
	if own.Address != "" && !known && own.Host == w.Spec.Host && own.Address != w.Spec.Address() {
		last, known = own, true
		s.addresses.note(w.Spec, own)
	}
	if known {
		w.Spec.AlternateAddresses, w.Spec.ExpectedHostKey = []string{last.Address}, last.HostKey
	}
	return w
}

// NoteAddress notes that the host of spec answered as seen, for the other resources of this
// run, and returns what to record of that.
func (s *Session) NoteAddress(spec host.Spec, seen host.Identity) LastAddress {
	last := LastAddress{spec.Host, seen.Address, seen.HostKeySHA256, seen.KeyType, seen.Hops}
	s.addresses.note(spec, last)
	return last
}

// complete returns spec with what is known of its host's key besides the fingerprint in
// state, and with the keys that its jump hosts showed, where the policy of each goes
// by that.
func (m LastAddress) complete(spec host.Spec) host.Spec {
	if spec.PinnedHostKey == m.HostKey {
		spec.PinnedHostKeyType = m.HostKeyType
	}
	spec.Jump = slices.Clone(spec.Jump)
	for i, hop := range spec.Jump {
		for _, shown := range m.Hops {
			if hop.HostKeyPolicy == "accept-new" && shown.Address == hop.Address() {
				spec.Jump[i].PinnedHostKey, spec.Jump[i].PinnedHostKeyType = shown.SHA256, shown.Type
			}
		}
	}
	return spec
}
