package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// ImportState notes where the host is; the Read that follows looks at it.
func (r *serverResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	address, file := splitID(req.ID)
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var id serverIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		address, file = id.address(), id.File.ValueString()
	}
	if _, err := host.ParseAddress(address); err != nil {
		resp.Diagnostics.Append(diagnostics.BadImportID(req.ID, err))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	set := func(name string, value any) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	set("host", address)
	if file != "" {
		set("config_file", file)
	}
	set("placement", string(sshserver.Auto))
	set("drop_in_name", sshserver.DefaultDropIn)
	set("takeover", true)
	set("reload", defaultReload)
	set("confirm_timeout", defaultConfirmTimeout)
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, true)...)
	var m serverModel
	resp.Diagnostics.Append(resp.State.Get(ctx, &m)...)
	resp.Diagnostics.Append(m.identify(ctx, resp.Identity)...)
}

// imported declares the resource as the host was found.
func (m *serverModel) imported(ctx context.Context, s *session, where resolvedTarget, sight reconcile.Sight) (reconcile.Sight, diag.Diagnostics, error) {
	found := sshserver.Adopt(m.DropInName.ValueString(), sight.Facts)
	diags := m.adopt(ctx, found)
	w, more := m.want(ctx)
	diags.Append(more...)
	if diags.HasError() {
		return sight, diags, nil
	}
	// What the host's own sshd makes of the adopted values was not asked yet.
	sight, err := s.engine.Look(ctx, m.glance(where), w.server)
	if err != nil {
		return sight, diags, err
	}
	w.server.Claim.ID = sshserver.Holder(w.server.DropInName, sight.Facts)
	plan := sshserver.Plan(w.server, sight.Facts)
	diags.Append(diagnostics.Problems(m.Host.ValueString(), sshserver.ImportProblems(found, sight.Facts, plan.ManagedFile))...)
	after := m.found(w.server, sight, plan)
	if len(plan.Changes) > 0 {
		// Effective, but not by lines of ours: the next plan will show them.
		after.ManagedFile, after.ManagedContent, after.Trail = types.StringNull(), types.StringNull(), types.StringNull()
	}
	m.setComputed(after)
	return sight, diags, nil
}
