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
func (r *serverResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform before 1.12 forgets the identity whenever it writes state, and
	// newer ones insist on it: it is set before anything can return.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, &m)...)
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
	if resp.Diagnostics.HasError() {
		return
	}
	if !looked {
		resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, true)...)
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
	resp.Diagnostics.Append(writeDigests(ctx, resp.Private, sight.Digests())...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// lookAgain looks at the host for what state says is wanted. looked is false
// when it did not answer and the policy allows to go on.
func (r *serverResource) lookAgain(ctx context.Context, m *serverModel, where whereabouts, importing bool) (sight reconcile.Sight, diags diag.Diagnostics, looked bool) {
	w, diags := m.want(ctx)
	patience, more := m.Timeouts.Read(ctx, lookTimeout)
	diags.Append(more...)
	if diags.HasError() {
		return sight, diags, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sight, err := r.session.engine.Look(ctx, m.glance(where), w.server)
	if err == nil {
		return sight, diags, true
	}
	name := m.Host.ValueString()
	if importing {
		return sight, append(diags, failures(name, "refresh", err)...), false
	}
	return sight, append(diags, r.session.unlooked(name, "refresh", m.OnUnreachable, err)...), false
}

// refresh puts what was seen into the model.
func (m *serverModel) refresh(ctx context.Context, sight reconcile.Sight) diag.Diagnostics {
	name := m.Host.ValueString()
	w, diags := m.want(ctx)
	observed := keepalive.ObserveServer(w.server, sight.Facts)
	diags.Append(problems(name, observed.Drift)...)
	diags.Append(m.observe(ctx, observed.Values)...)
	after := m.seen(sight)
	after.Effective = textMap(observed.Effective)
	after.DeadPeerTimeout = deadPeer(keepalive.Server{}, sight.Facts)
	if !observed.Managed {
		after.ManagedContent = types.StringNull()
		diags.Append(linesGone(name, m.ManagedFile.ValueString()))
	}
	if sight.Facts.Daemon.Stale && m.Reload.ValueString() != "never" {
		diags.Append(stale(name))
	}
	if otherMachine(m.record(nil), sight) {
		// What was recorded stays: it is what a destroy compares with.
		after.MachineID, after.HostKeySHA256 = m.MachineID, m.HostKeySHA256
		diags.Append(otherMachineSeen(name))
	}
	m.setComputed(after)
	tflog.Debug(ctx, "looked", map[string]any{"host": name, "managed": observed.Managed, "drift": len(observed.Drift)})
	return diags
}

// otherMachine reports whether the machine at the address is not the one that
// was recorded.
func otherMachine(rec reconcile.Record, sight reconcile.Sight) bool {
	return rec.IsOther(sight.MachineID, sight.Identity)
}
