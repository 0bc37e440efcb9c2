package resources

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
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

// observation is what a look at a host tells, whatever is managed there.
type observation struct {
	digests   map[string]string
	machineID string // of the machine that answered
	identity  host.Identity
	holder    string              // id of the resource whose lines are there, "" if none tells
	pending   []reconcile.Pending // changes of other runs, which the host may take back
	other     bool                // it is not the recorded machine
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
func readDigests(ctx context.Context, private privateReader) (digests map[string]string) {
	readJSON(ctx, private, digestsKey, &digests)
	return digests
}

// readJSON leaves into as it is where nothing that can be read is recorded.
func readJSON[T any](ctx context.Context, private privateReader, key string, into *T) {
	raw, diags := private.GetKey(ctx, key)
	var recorded T
	if !diags.HasError() && len(raw) > 0 && json.Unmarshal(raw, &recorded) == nil {
		*into = recorded
	}
}

func writeJSON(ctx context.Context, private privateWriter, key string, value any) diag.Diagnostics {
	raw, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diagnostics.CannotRecord(key, err)}
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

// recordOf is what to record after an apply that left lines with the id of holder.
func recordOf(c keepalive.Claim, holder string) session.ResourceRecord {
	if c.Former != "" && holder == c.Former {
		return session.ResourceRecord{ID: c.Former, Imported: true}
	}
	return session.ResourceRecord{ID: c.ID}
}

// recordedResource returns the zero record of a resource that has none.
func recordedResource(ctx context.Context, private privateReader) (record session.ResourceRecord) {
	readJSON(ctx, private, resourceKey, &record)
	return record
}

// recordedAddress returns the zero address of a host that did not answer yet.
func recordedAddress(ctx context.Context, private privateReader) (last session.LastAddress) {
	readJSON(ctx, private, metKey, &last)
	return last
}

// savePrivate records what was seen, and warns of a host that did not answer where its
// settings say.
func savePrivate(ctx context.Context, s *session.Session, seen observation, private privateWriter, name string, spec host.Spec) diag.Diagnostics {
	diags := writeJSON(ctx, private, digestsKey, seen.digests)
	if seen.identity.Address == "" || seen.other {
		return diags
	}
	if seen.identity.Address != spec.Address() {
		diags.Append(diagnostics.MetElsewhere(name, spec.Address(), seen.identity.Address))
	}
	return append(diags, writeJSON(ctx, private, metKey, s.NoteAddress(spec, seen.identity))...)
}
