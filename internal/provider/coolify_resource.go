package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// coolifyResource is sshkeepalive_coolify.
type coolifyResource = lifecycle[coolifyModel, coolify.Want, reconcile.CoolifySight, *coolifyModel]

func (*coolifyModel) kind() kind[coolifyModel, coolify.Want, reconcile.CoolifySight] {
	return kind[coolifyModel, coolify.Want, reconcile.CoolifySight]{
		name: "coolify", schema: coolifySchema, badImportID: diagnostics.BadFileID,
		fileDoc: "The environment file. Default " + coolify.DefaultFile + ".",
		importAttributes: func(file, _ string) map[string]any {
			return map[string]any{"file": cmp.Or(file, coolify.DefaultFile)}
		},
		importProblems: func(_ *coolifyModel, _ coolify.Want, _ reconcile.CoolifySight, plan keepalive.Plan) []keepalive.Problem {
			return plan.Problems
		},
		postApplyWarnings: func(m *coolifyModel) diag.Diagnostics {
			return diag.Diagnostics{diagnostics.NotLoadedYet(m.name(), m.managedFile())}
		},
	}
}

func (m *coolifyModel) operations(e engine, spec host.Spec) operations[coolify.Want, reconcile.CoolifySight] {
	t := reconcile.CoolifyTarget{Spec: spec, File: m.managedFile()}
	return operations[coolify.Want, reconcile.CoolifySight]{
		observe: func(ctx context.Context, want coolify.Want) (reconcile.CoolifySight, error) {
			return e.LookCoolify(ctx, t, want)
		},
		apply: func(ctx context.Context, want coolify.Want, rec reconcile.Record) (reconcile.CoolifySight, keepalive.Plan, reconcile.Outcome, error) {
			return e.ApplyCoolify(ctx, t, want, rec)
		},
		remove: func(ctx context.Context, want coolify.Want, rec reconcile.Record) (same, changed bool, err error) {
			return e.RemoveCoolify(ctx, t, want, rec)
		},
	}
}

func (*coolifyModel) observation(_ coolify.Want, s reconcile.CoolifySight) observation {
	return observation{digests: s.Digests(), machineID: s.MachineID, identity: s.Identity, holder: coolify.Holder(s.Facts)}
}

func (*coolifyModel) plan(_ host.Spec, want coolify.Want, s reconcile.CoolifySight) keepalive.Plan {
	return coolify.Plan(want, s.Facts)
}

func (*coolifyModel) observe(want coolify.Want, s reconcile.CoolifySight) keepalive.Observed {
	return coolify.Observe(want, s.Facts)
}

func (*coolifyModel) unchanged(_ coolify.Want, _ reconcile.CoolifySight, observed keepalive.Observed) bool {
	return len(observed.Drift) == 0
}

func (m *coolifyModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	return diags
}

func (m *coolifyModel) setSeen(s reconcile.CoolifySight) {
	m.CoolifyVersion = attribute.TextOrNull(coolify.Version(s.Facts))
}

func (m *coolifyModel) setFound(_ coolify.Want, _ reconcile.CoolifySight, observed keepalive.Observed) {
	m.Effective = attribute.TextMap(observed.Effective)
}

func (m *coolifyModel) setPredicted(_ coolify.Want, _ reconcile.CoolifySight, plan keepalive.Plan) {
	m.Effective = attribute.TextMap(plan.Effective)
}

// adopt asks again, because the values of keys without an attribute are seen only when
// they are asked for.
func (m *coolifyModel) adopt(ctx context.Context, s reconcile.CoolifySight, observe func(context.Context, coolify.Want) (reconcile.CoolifySight, error)) (diag.Diagnostics, error) {
	s, err := observe(ctx, coolify.Adopt(s.Facts))
	if err != nil {
		return nil, err
	}
	found := coolify.Adopt(s.Facts)
	if len(found.Settings) == 0 {
		return diag.Diagnostics{diagnostics.NothingToImport(m.name(), m.managedFile())}, nil
	}
	var diags diag.Diagnostics
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
