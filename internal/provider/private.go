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

// The keys of a resource's private state, which plans do not show and state
// keeps in the clear: nothing secret goes there.
const (
	// digestsKey holds the digest of each configuration file as the last look
	// found it, by path.
	digestsKey = "digests"
	// unseenKey is there when the last refresh could not look at the host.
	unseenKey = "unseen"
	// importKey is there from an import until the first look.
	importKey = "import"
	// metKey holds where the host answered last.
	metKey = "met"
	// resourceKey holds the id that is written beside the lines of the resource.
	resourceKey = "resource"
)

// sighting is what is kept of a look at a host, besides state.
type sighting struct {
	digests   map[string]string
	machineID string
	identity  host.Identity
	holder    string // id of the resource whose lines are there, "" if none tells
	changed   bool   // something on the host was changed
	other     bool   // it is not the recorded machine
}

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

// meetings are where hosts answered in this run that moved, by the way to where
// their settings say they are. A resource that has no record of that, or an old one,
// finds them by what another one knows.
type meetings struct {
	mu   sync.Mutex
	last map[string]lastAddress
}

// note records m for the way of spec; a host that answers where its settings say
// needs no note.
func (s *meetings) note(spec host.Spec, m lastAddress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Address == spec.Address() {
		delete(s.last, spec.RouteKey())
		return
	}
	if s.last == nil {
		s.last = map[string]lastAddress{}
	}
	s.last[spec.RouteKey()] = m
}

func (s *meetings) about(spec host.Spec) (lastAddress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.last[spec.RouteKey()]
	return m, ok
}

// expect lets where's host be met where it answered last, if its settings still
// name the same host.
func (s *session) expect(ctx context.Context, w resolvedTarget, private privateReader) resolvedTarget {
	if w.unknown != "" {
		return w
	}
	last, known := s.meetings.about(w.spec)
	own, recorded := recordedMeeting(ctx, private)
	w.spec, w.last = own.expected(w.spec), own
	if recorded && !known && own.Host == w.spec.Host && own.Address != w.spec.Address() {
		last, known = own, true
		s.meetings.note(w.spec, own)
	}
	if known {
		w.spec.AlternateAddresses, w.spec.ExpectedHostKey = []string{last.Address}, last.HostKey
	}
	return w
}

// expected is spec with what is known of its host's key besides the fingerprint in
// state, and with the keys that its jump hosts showed, where the policy of each goes
// by that.
func (m lastAddress) expected(spec host.Spec) host.Spec {
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

func recordedMeeting(ctx context.Context, private privateReader) (m lastAddress, ok bool) {
	raw, diags := private.GetKey(ctx, metKey)
	if diags.HasError() || len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return lastAddress{}, false
	}
	return m, m.Address != ""
}

// keep records what was seen, and warns of a host that did not answer where its
// settings say.
func (s *session) keep(ctx context.Context, seen sighting, private privateWriter, name string, spec host.Spec) diag.Diagnostics {
	diags := writeJSON(ctx, private, digestsKey, seen.digests)
	if seen.identity.Address == "" || seen.other {
		return diags
	}
	if seen.identity.Address != spec.Address() {
		diags.Append(diagnostics.MetElsewhere(name, spec.Address(), seen.identity.Address))
	}
	last := lastAddress{spec.Host, seen.identity.Address, seen.identity.HostKeySHA256, seen.identity.KeyType, seen.identity.Hops}
	s.meetings.note(spec, last)
	return append(diags, writeJSON(ctx, private, metKey, last)...)
}

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// nothingPrivate is the private state of a resource that does not exist yet.
type nothingPrivate struct{}

// GetKey returns nothing.
func (nothingPrivate) GetKey(context.Context, string) ([]byte, diag.Diagnostics) { return nil, nil }

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readDigests returns nil when there are none: after an import, or when another
// program wrote the state.
func readDigests(ctx context.Context, private privateReader) map[string]string {
	raw, diags := private.GetKey(ctx, digestsKey)
	if diags.HasError() || len(raw) == 0 {
		return nil
	}
	var digests map[string]string
	if json.Unmarshal(raw, &digests) != nil {
		return nil
	}
	return digests
}

func writeJSON(ctx context.Context, private privateWriter, key string, value any) diag.Diagnostics {
	raw, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot record "+key, err.Error())}
	}
	return private.SetKey(ctx, key, raw)
}

func hasFlag(ctx context.Context, private privateReader, key string) bool {
	raw, diags := private.GetKey(ctx, key)
	return !diags.HasError() && len(raw) > 0
}

func setFlag(ctx context.Context, private privateWriter, key string, on bool) diag.Diagnostics {
	if on {
		return private.SetKey(ctx, key, []byte("true"))
	}
	return private.SetKey(ctx, key, nil)
}
