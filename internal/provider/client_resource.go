package provider

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
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
type clientResource struct{ session *session }

// Metadata names the resource.
func (*clientResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_client"
	// The identity says where the host is, and a machine may move.
	resp.ResourceBehavior.MutableIdentity = true
}

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (r *clientResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session); ok {
		r.session = s
	}
}

// ValidateConfig finds what is wrong whatever the host is.
func (r *clientResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m clientModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	w, diags := m.want(ctx)
	resp.Diagnostics.Append(diags...)
	found := keepalive.CheckClient(w.client)
	if w.unknown {
		// What is not known yet may be what is missed.
		found = slices.DeleteFunc(found, func(p keepalive.Problem) bool {
			return p.Code == keepalive.NothingWanted || p.Code == keepalive.NoProbe
		})
	}
	resp.Diagnostics.Append(problems("", found)...)
}

// Create makes the settings effective. An error leaves no state: the change was
// rolled back.
func (r *clientResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m clientModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	patience, diags := m.Timeouts.Create(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	digests, diags := r.apply(ctx, &m, "create", patience, reconcile.Record{})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(writeDigests(ctx, resp.Private, digests)...)
	resp.Diagnostics.Append(setBlockIdentity(ctx, resp.Identity, &m)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update makes the new settings effective. An error keeps the prior state, so
// that the next plan proposes the same change.
func (r *clientResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, before clientModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setBlockIdentity(ctx, resp.Identity, &m)...)
	if m.sameOnHost(ctx, &before) {
		tflog.Debug(ctx, "nothing to change on the host", map[string]any{"host": m.Host.ValueString()})
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	patience, diags := m.Timeouts.Update(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	digests, diags := r.apply(ctx, &m, "update", patience, before.record(readDigests(ctx, req.Private)))
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(writeDigests(ctx, resp.Private, digests)...)
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, false)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// sameOnHost reports whether m and before ask for the same on the host.
func (m *clientModel) sameOnHost(ctx context.Context, before *clientModel) bool {
	now, diags := m.want(ctx)
	then, more := before.want(ctx)
	return m.clientComputed.equal(before.clientComputed) && !diags.HasError() && !more.HasError() && sameClient(now.client, then.client)
}

// apply makes m effective and fills in what was not known before. It returns the
// digests to record.
func (r *clientResource) apply(ctx context.Context, m *clientModel, doing string, patience time.Duration, rec reconcile.Record) (map[string]string, diag.Diagnostics) {
	ctx, leave := r.session.enter(ctx)
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	target, w, diags := r.ready(ctx, m, doing)
	if diags.HasError() {
		return nil, diags
	}
	sight, plan, outcome, err := r.session.engine.ApplyClient(ctx, target, w.client, rec)
	if err != nil {
		return nil, append(diags, failures(m.Host.ValueString(), doing, err)...)
	}
	tflog.Debug(ctx, "settings are effective", map[string]any{
		"host": target.Spec.String(), "outcome": string(outcome), "trail": plan.Trail, "managed_file": plan.ManagedFile,
	})
	// What the plan showed was verified by the engine and stays as it was shown.
	m.clientComputed = m.decided(sight, plan, keepalive.EffectiveClient(w.client, sight.Facts)).over(m.clientComputed)
	return sight.Digests(w.client.Block()), diags
}

// ready insists that everything is known, as it is by the time of an apply.
func (r *clientResource) ready(ctx context.Context, m *clientModel, doing string) (reconcile.ClientTarget, wantedClient, diag.Diagnostics) {
	where, diags := r.locate(ctx, m)
	if diags.HasError() {
		return reconcile.ClientTarget{}, wantedClient{}, diags
	}
	w, more := m.want(ctx)
	diags.Append(more...)
	switch {
	case where.unknown != "":
		diags.Append(notKnown(m.Host, doing, where.unknown))
	case w.unknown:
		diags.Append(notKnown(m.Host, doing, "a setting"))
	}
	return m.target(where), w, diags
}

func (r *clientResource) locate(ctx context.Context, m *clientModel) (whereabouts, diag.Diagnostics) {
	where, diags := r.session.find(ctx, address{Host: m.Host, SSH: m.SSH, Pin: m.HostKeySHA256.ValueString()})
	if where.spec.Transport == "image" {
		diags.AddAttributeError(path.Root("host"), m.Host.ValueString()+": an image runs no ssh",
			"The settings of a client are proven by its own ssh. Manage them over the transport ssh or local; for an image, render_ssh_config writes the text.")
	}
	return where, diags
}

// Delete puts back what was there before.
func (r *clientResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m clientModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, leave := r.session.enter(ctx)
	defer leave()
	patience, diags := m.Timeouts.Delete(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	target, w, diags := r.ready(ctx, &m, "destroy")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	same, err := r.session.engine.RemoveClient(ctx, target, w.client, m.record(nil))
	resp.Diagnostics.Append(r.session.removed(m.Host.ValueString(), m.OnUnreachable, same, err)...)
}
