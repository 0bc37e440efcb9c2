package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

var (
	_ resource.ResourceWithConfigure      = (*clientResource)(nil)
	_ resource.ResourceWithIdentity       = (*clientResource)(nil)
	_ resource.ResourceWithImportState    = (*clientResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*clientResource)(nil)
	_ resource.ResourceWithValidateConfig = (*clientResource)(nil)
)

// clientResource is sshkeepalive_client.
type clientResource struct {
	lifecycle[clientModel, *clientModel]
}

// Metadata names the resource.
func (*clientResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_client"
	// The identity says where the host is, and a machine may move.
	resp.ResourceBehavior.MutableIdentity = true
}

func (m *clientModel) place() place {
	return place{address{m.Host, m.SSH, m.HostKeySHA256.ValueString()}, m.OnUnreachable, m.Timeouts, m.Adopt, false}
}

func (m *clientModel) check(ctx context.Context) (found []keepalive.Problem, unknown bool, diags diag.Diagnostics) {
	w, diags := m.want(ctx)
	return sshclient.Check(w.client), w.unknown, diags
}

func (*clientModel) aftermath() diag.Diagnostics { return nil }

func (m *clientModel) suits(where resolvedTarget) diag.Diagnostics {
	return imageRunsNoSSH(m.Host, where)
}

func imageRunsNoSSH(h types.String, where resolvedTarget) diag.Diagnostics {
	if where.spec.Transport != "image" {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("host"), h.ValueString()+": an image runs no ssh",
		"The settings of a client are proven by its own ssh. Manage them over the transport ssh or local; for an image, render_ssh_config writes the text.")}
}

func (m *clientModel) sameOnHost(ctx context.Context, before *clientModel) bool {
	return m.clientComputed.equal(before.clientComputed) && m.sameWish(ctx, before)
}

func (m *clientModel) apply(ctx context.Context, s *session, where resolvedTarget, rec reconcile.Record) (sighting, error) {
	w, _ := m.want(ctx) // what is wrong with it was said before
	w.client.Claim = where.claim
	target := m.target(where)
	sight, plan, outcome, err := s.engine.ApplyClient(ctx, target, w.client, rec)
	if err != nil {
		return sighting{}, err
	}
	logDebug(ctx, "settings are effective", map[string]any{
		"host": target.Spec.String(), "outcome": string(outcome), "trail": plan.Trail, "managed_file": plan.ManagedFile,
	})
	// What the plan showed was verified by the engine and stays as it was shown.
	m.clientComputed = m.decided(sight, plan, sshclient.Effective(w.client, sight.Facts)).over(m.clientComputed)
	return sighting{digests: sight.Digests(w.client.Block()), machineID: sight.MachineID, identity: sight.Identity, holder: sshclient.Holder(w.client.Block(), sight.Facts)}, nil
}

func (m *clientModel) remove(ctx context.Context, s *session, where resolvedTarget) (same, changed bool, err error) {
	w, _ := m.want(ctx) // what is wrong with it was said before
	w.client.Claim = where.claim
	same, err = s.engine.RemoveClient(ctx, m.target(where), w.client, where.record(m.record(nil)))
	return same, false, err
}
