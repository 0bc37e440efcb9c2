package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
)

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

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

func writeDigests(ctx context.Context, private privateWriter, digests map[string]string) diag.Diagnostics {
	raw, err := json.Marshal(digests)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot record digests", err.Error())}
	}
	return private.SetKey(ctx, digestsKey, raw)
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
