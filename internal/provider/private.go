package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
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
)

// sighting is what is kept of a look at a host, besides state.
type sighting struct {
	digests  map[string]string
	identity host.Identity
}

// meeting says where a host answered last, and with which key. Its port or
// address may have been changed by what we manage.
type meeting struct {
	Host    string `json:"host"` // as the settings named it
	Address string `json:"address"`
	HostKey string `json:"host_key"`
}

// expect lets where's host be met where it answered last, if its settings still
// name the same host.
func (w whereabouts) expect(ctx context.Context, private privateReader) whereabouts {
	raw, diags := private.GetKey(ctx, metKey)
	var last meeting
	if diags.HasError() || len(raw) == 0 || json.Unmarshal(raw, &last) != nil {
		return w
	}
	if last.Host == w.spec.Host && last.Address != "" && last.Address != w.spec.Address() {
		w.spec.Elsewhere, w.spec.ShownHostKey = []string{last.Address}, last.HostKey
	}
	return w
}

// keep records s, and warns of a host that did not answer where its settings say.
func (s sighting) keep(ctx context.Context, private privateWriter, name string, spec host.Spec) diag.Diagnostics {
	diags := writeJSON(ctx, private, digestsKey, s.digests)
	if s.identity.Address == "" {
		return diags
	}
	if s.identity.Address != spec.Address() {
		diags.Append(metElsewhere(name, spec.Address(), s.identity.Address))
	}
	last := meeting{spec.Host, s.identity.Address, s.identity.HostKeySHA256}
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
