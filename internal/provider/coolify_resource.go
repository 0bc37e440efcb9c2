package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

var (
	_ resource.ResourceWithConfigure      = (*coolifyResource)(nil)
	_ resource.ResourceWithIdentity       = (*coolifyResource)(nil)
	_ resource.ResourceWithImportState    = (*coolifyResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*coolifyResource)(nil)
	_ resource.ResourceWithValidateConfig = (*coolifyResource)(nil)
)

// coolifyResource is sshkeepalive_coolify.
type coolifyResource struct {
	lifecycle[coolifyModel, *coolifyModel]
}

// Metadata names the resource.
func (*coolifyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_coolify"
	// The identity says where the host is, and a machine may move.
	resp.ResourceBehavior.MutableIdentity = true
}

func (m *coolifyModel) place() place {
	return place{address{m.Host, m.SSH, m.HostKeySHA256.ValueString()}, m.OnUnreachable, m.Timeouts, m.Adopt, false}
}

//nolint:unparam // the model of another resource may not be readable
func (m *coolifyModel) check(context.Context) (found []keepalive.Problem, unknown bool, diags diag.Diagnostics) {
	w := m.want()
	found = coolify.Check(w.coolify)
	if file := m.File.ValueString(); file != "" {
		found = append(found, coolify.CheckFile(file)...)
	}
	return found, w.unknown, nil
}

func (*coolifyModel) suits(resolvedTarget) diag.Diagnostics { return nil }

func (m *coolifyModel) aftermath() diag.Diagnostics {
	return diag.Diagnostics{diagnostics.NotLoadedYet(m.Host.ValueString(), m.File.ValueString())}
}

func (m *coolifyModel) sameOnHost(ctx context.Context, before *coolifyModel) bool {
	return m.coolifyComputed.equal(before.coolifyComputed) && m.sameWish(ctx, before)
}

func (m *coolifyModel) apply(ctx context.Context, s *session, where resolvedTarget, rec reconcile.Record) (sighting, error) {
	w, target := m.want(), m.target(where)
	w.coolify.Claim = where.claim
	sight, plan, outcome, err := s.engine.ApplyCoolify(ctx, target, w.coolify, rec)
	if err != nil {
		return sighting{}, err
	}
	logDebug(ctx, "settings are written", map[string]any{
		"host": target.Spec.String(), "outcome": string(outcome), "trail": plan.Trail, "file": target.File,
	})
	// What the plan showed was verified by the engine and stays as it was shown.
	m.coolifyComputed = m.decided(sight, plan, coolify.Effective(w.coolify, sight.Facts)).over(m.coolifyComputed)
	return sighting{digests: sight.Digests(), machineID: sight.MachineID, identity: sight.Identity, holder: coolify.Holder(sight.Facts), changed: outcome == reconcile.Applied}, nil
}

func (m *coolifyModel) remove(ctx context.Context, s *session, where resolvedTarget) (same, changed bool, err error) {
	want := m.want().coolify
	want.Claim = where.claim
	return s.engine.RemoveCoolify(ctx, m.target(where), want, where.record(m.record(nil)))
}
