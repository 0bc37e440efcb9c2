package resources

import (
	"cmp"
	"context"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// coolifyResource is sshkeepalive_coolify.
type coolifyResource = lifecycle[coolifyModel, coolify.Want, coolify.Facts, *coolifyModel]

func (*coolifyModel) kind() kind[coolifyModel, coolify.Want, coolify.Facts] {
	return kind[coolifyModel, coolify.Want, coolify.Facts]{
		name: "coolify", schema: coolifySchema,
		plan: coolify.Plan, observe: coolify.Observe, holder: envfile.Kind.Holder, digests: envfile.Kind.Digests,
		badImportID: diagnostics.BadFileID,
		fileDoc:     "The environment file. Default " + coolify.DefaultFile + ".",
		importAttributes: func(file, _ string) map[string]any {
			return map[string]any{"file": cmp.Or(file, coolify.DefaultFile)}
		},
		postApplyWarnings: func(m *coolifyModel) diag.Diagnostics {
			return diag.Diagnostics{diagnostics.NotLoadedYet(m.name(), m.managedFile())}
		},
	}
}

func (*coolifyModel) reconciler(e session.Engine) session.Reconciler[coolify.Want, coolify.Facts] {
	return e.Coolify
}

func (m *coolifyModel) target(spec host.Spec) reconcile.Target {
	return reconcile.Target{Spec: spec, File: m.managedFile()}
}

func (*coolifyModel) unchanged(_ coolify.Want, _ coolify.Facts, observed keepalive.Observed) bool {
	return len(observed.Drift) == 0
}

func (m *coolifyModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	return diags
}

func (m *coolifyModel) setSeen(have coolify.Facts) {
	m.CoolifyVersion = attribute.TextOrNull(coolify.Version(have))
}

func (m *coolifyModel) setFound(_ coolify.Want, _ coolify.Facts, observed keepalive.Observed) {
	m.Effective = attribute.TextMap(observed.Effective)
}

func (m *coolifyModel) setPredicted(_ coolify.Want, _ coolify.Facts, plan keepalive.Plan) {
	m.Effective = attribute.TextMap(plan.Effective)
}

// adopt asks again, because the values of keys without an attribute are seen only when
// they are asked for.
func (m *coolifyModel) adopt(_ context.Context, have coolify.Facts, look func(coolify.Want) (coolify.Facts, error)) (diag.Diagnostics, error) {
	have, err := look(coolify.Adopt(have))
	if err != nil {
		return nil, err
	}
	found := coolify.Adopt(have)
	if len(found.Settings) == 0 {
		return diag.Diagnostics{diagnostics.NothingToImport(m.name(), m.managedFile())}, nil
	}
	var diags diag.Diagnostics
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
