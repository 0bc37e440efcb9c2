package provider

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// lastAddress says where a host answered last, and with which key. Its port or
// address may have been changed by what we manage.
type lastAddress struct {
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
	last map[string]lastAddress
}

// note records m for the route of spec; a host that answers where its settings say
// needs no note.
func (b *addressBook) note(spec host.Spec, m lastAddress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Address == spec.Address() {
		delete(b.last, spec.RouteKey())
		return
	}
	if b.last == nil {
		b.last = map[string]lastAddress{}
	}
	b.last[spec.RouteKey()] = m
}

func (b *addressBook) lookup(spec host.Spec) (lastAddress, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.last[spec.RouteKey()]
	return m, ok
}

// useLastAddress has w's host dialled where it answered last, too, if its settings still
// name the same host.
func (s *session) useLastAddress(ctx context.Context, w resolvedTarget, private privateReader) resolvedTarget {
	if w.unknown != "" {
		return w
	}
	last, known := s.addresses.lookup(w.spec)
	own, recorded := recordedAddress(ctx, private)
	w.spec, w.last = own.complete(w.spec), own
	if recorded && !known && own.Host == w.spec.Host && own.Address != w.spec.Address() {
		last, known = own, true
		s.addresses.note(w.spec, own)
	}
	if known {
		w.spec.AlternateAddresses, w.spec.ExpectedHostKey = []string{last.Address}, last.HostKey
	}
	return w
}

// complete returns spec with what is known of its host's key besides the fingerprint in
// state, and with the keys that its jump hosts showed, where the policy of each goes
// by that.
func (m lastAddress) complete(spec host.Spec) host.Spec {
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

func recordedAddress(ctx context.Context, private privateReader) (m lastAddress, ok bool) {
	raw, diags := private.GetKey(ctx, metKey)
	if diags.HasError() || len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return lastAddress{}, false
	}
	return m, m.Address != ""
}

// savePrivate records what was seen, and warns of a host that did not answer where its
// settings say.
func (s *session) savePrivate(ctx context.Context, seen observation, private privateWriter, name string, spec host.Spec) diag.Diagnostics {
	diags := writeJSON(ctx, private, digestsKey, seen.digests)
	if seen.identity.Address == "" || seen.other {
		return diags
	}
	if seen.identity.Address != spec.Address() {
		diags.Append(diagnostics.MetElsewhere(name, spec.Address(), seen.identity.Address))
	}
	last := lastAddress{spec.Host, seen.identity.Address, seen.identity.HostKeySHA256, seen.identity.KeyType, seen.identity.Hops}
	s.addresses.note(spec, last)
	return append(diags, writeJSON(ctx, private, metKey, last)...)
}
