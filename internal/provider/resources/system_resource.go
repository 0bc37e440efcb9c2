package resources

import (
	"context"

	systemkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/system"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// systemResource is sshkeepalive_host.
type systemResource = lifecycle[systemModel, system.Want, system.Facts, *systemModel]

func (*systemModel) kind() kind[systemModel, system.Want, system.Facts] {
	return kind[systemModel, system.Want, system.Facts]{
		name: "host", schema: systemSchema,
		plan: system.Plan, observe: system.Observe, holder: systemkind.Kind.Holder, digests: systemkind.Kind.Digests,
		badImportID: diagnostics.BadHostID,
		fileDoc:     "Not used: a host is managed once.",
		importAttributes: func(file, _ string) map[string]any {
			if file != "" {
				return nil
			}
			return map[string]any{}
		},
	}
}

func (*systemModel) reconciler(e session.Engine) session.Reconciler[system.Want, system.Facts] {
	return e.System
}

func (*systemModel) target(spec host.Spec) reconcile.Target { return reconcile.Target{Spec: spec} }

func (*systemModel) unchanged(_ system.Want, _ system.Facts, observed keepalive.Observed) bool {
	return observed.Managed && len(observed.Drift) == 0
}

func (m *systemModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	return diags
}

func (*systemModel) setSeen(system.Facts) {}

func (m *systemModel) setFound(_ system.Want, have system.Facts, observed keepalive.Observed) {
	m.Effective = attribute.TextMap(observed.Effective)
	m.setTimeouts(nil, have)
}

func (m *systemModel) setPredicted(_ system.Want, have system.Facts, plan keepalive.Plan) {
	m.Effective = attribute.TextMap(plan.Effective)
	m.setTimeouts(plan.Expect, have)
}

func (m *systemModel) setTimeouts(expect []keepalive.Expectation, have system.Facts) {
	orNull := func(seconds int64, ok bool) types.Int64 {
		if !ok {
			return types.Int64Null()
		}
		return types.Int64Value(seconds)
	}
	values := system.After(expect, have)
	m.UnacknowledgedTimeout, m.KeepaliveTimeout = orNull(system.Unacknowledged(values)), orNull(system.Unanswered(values))
}

func (m *systemModel) adopt(_ context.Context, have system.Facts, _ func(system.Want) (system.Facts, error)) (diags diag.Diagnostics, _ error) { //nolint:unparam // as managedModel has it
	found := system.Adopt(have)
	if len(found.Settings) == 0 {
		return diag.Diagnostics{diagnostics.NothingOnHost(m.name())}, nil
	}
	adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
