package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// Read replaces the recorded values by the effective ones. A host that is not
// known yet is not dialled, and one that does not answer keeps its state.
func (r *clientResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m clientModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// As in sshkeepalive_server: before anything can return.
	resp.Diagnostics.Append(setBlockIdentity(ctx, resp.Identity, &m)...)
	ctx, leave := r.session.enter(ctx)
	defer leave()
	where, diags := r.locate(ctx, &m)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || where.unknown != "" {
		return
	}
	importing := hasFlag(ctx, req.Private, importKey)
	sight, diags, looked := r.lookAgain(ctx, &m, where, importing)
	resp.Diagnostics.Append(diags...)
	if !looked && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, true)...)
	}
	if !looked || resp.Diagnostics.HasError() {
		return
	}
	if importing {
		sight, diags = r.imported(ctx, &m, where, sight)
	} else {
		diags = m.refresh(ctx, sight)
	}
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, false)...)
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, false)...)
	resp.Diagnostics.Append(writeDigests(ctx, resp.Private, sight.Digests(whichBlock(&m).Block.ValueString()))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// lookAgain looks at the host for what state says is wanted. looked is false
// when it did not answer and the policy allows to go on.
func (r *clientResource) lookAgain(ctx context.Context, m *clientModel, where whereabouts, importing bool) (sight reconcile.ClientSight, diags diag.Diagnostics, looked bool) {
	w, diags := m.want(ctx)
	patience, more := m.Timeouts.Read(ctx, lookTimeout)
	diags.Append(more...)
	if diags.HasError() {
		return sight, diags, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sight, err := r.session.engine.LookClient(ctx, m.glance(where), w.client)
	name := m.Host.ValueString()
	switch {
	case err == nil && sight.Facts.Invalid != "":
		// What ssh refuses to read has no effective values to show.
		return sight, append(diags, problems(name, keepalive.PlanClient(w.client, sight.Facts).Problems)...), false
	case err == nil:
		return sight, diags, true
	case importing:
		return sight, append(diags, failures(name, "import", err)...), false
	}
	return sight, append(diags, r.session.unlooked(name, "refresh", m.OnUnreachable, err)...), false
}

// refresh puts what was seen into the model.
func (m *clientModel) refresh(ctx context.Context, sight reconcile.ClientSight) diag.Diagnostics {
	name := m.Host.ValueString()
	w, diags := m.want(ctx)
	observed := keepalive.ObserveClient(w.client, sight.Facts)
	diags.Append(problems(name, observed.Drift)...)
	absorb("", m.typed(), observed.Values, &diags)
	m.Settings = absorbSettings("", m.Settings, observed.Values)
	after := m.seen(sight)
	after.Effective = textMaps(keepalive.EffectiveClient(w.client, sight.Facts))
	if !observed.Managed {
		after.ManagedContent = types.StringNull()
		diags.Append(linesGone(name, m.ManagedFile.ValueString()))
	}
	if m.record(nil).IsOther(sight.MachineID, sight.Identity) {
		// What was recorded stays: it is what a destroy compares with.
		after.MachineID, after.HostKeySHA256 = m.MachineID, m.HostKeySHA256
		diags.Append(otherMachineSeen(name))
	}
	m.clientComputed = after
	tflog.Debug(ctx, "looked", map[string]any{"host": name, "managed": observed.Managed, "drift": len(observed.Drift)})
	return diags
}
