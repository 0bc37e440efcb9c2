package datasources

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// loginResult is whether a host lets us in, in data sources where that is a value.
type loginResult struct {
	Reachable types.Bool   `tfsdk:"reachable"`
	Failure   types.String `tfsdk:"failure"`
	Phase     types.String `tfsdk:"phase"`
	Error     types.String `tfsdk:"error"`
	NextStep  types.String `tfsdk:"next_step"`
}

func loginSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"reachable": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether we could log in."},
		"failure":   computedText("What sort of failure it is, null if none: `unreachable`, `timeout`, `proxy denied` (a proxy or jump host that forbids the way), `throttled`, `not ssh`, `negotiation`, `host key unknown`, `host key changed`, `host key revoked`, `authentication refused`, `handshake lost`."),
		"phase":     computedText("How far we came, null if we could log in: `resolve`, `connect`, `identification`, `key exchange`, `host key`, `authentication`."),
		"error":     computedText("What happened, in full; null if we could log in."),
		"next_step": computedText("What to do about it; null if we could log in."),
	}
}

// loginFailed reports whether err is a login that failed by what the host did, or the
// way to it, and puts it into e.
func loginFailed(err error, e **host.Error) bool {
	return errors.As(err, e) && (*e).Kind != host.Config && (*e).Kind != host.Canceled && (*e).Phase != host.PhaseIdle
}

func (r *loginResult) fail(e *host.Error) {
	r.Reachable = types.BoolValue(false)
	r.Failure, r.Phase = types.StringValue(string(e.Kind)), types.StringValue(string(e.Phase))
	r.Error, r.NextStep = types.StringValue(e.Error()), types.StringValue(diagnostics.ReachAdvice(e))
}
