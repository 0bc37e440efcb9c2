package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
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
