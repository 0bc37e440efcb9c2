package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

func (m *serverModel) look(ctx context.Context, s *session, where resolvedTarget, importing bool) (sighting, diag.Diagnostics, error) {
	w, diags := m.want(ctx)
	if diags.HasError() {
		return sighting{}, diags, nil
	}
	sight, err := s.engine.Look(ctx, m.glance(where), w.server)
	if err != nil {
		return sighting{}, diags, err
	}
	if importing {
		sight, more, err := m.imported(ctx, s, where, sight)
		return sighting{digests: sight.Digests(w.server.DropInName), machineID: sight.MachineID, identity: sight.Identity, holder: sshserver.Holder(w.server.DropInName, sight.Facts)}, append(diags, more...), err
	}
	diags.Append(s.pending.warn(m.Host.ValueString(), sight.Pending)...)
	seen := sighting{digests: sight.Digests(w.server.DropInName), machineID: sight.MachineID, identity: sight.Identity, holder: sshserver.Holder(w.server.DropInName, sight.Facts)}
	if len(sight.Pending) > 0 {
		seen.digests = nil // the host may go back to other files by itself
	}
	return seen, append(diags, m.refresh(ctx, where, sight)...), nil
}

// refresh puts what was seen into the model.
func (m *serverModel) refresh(ctx context.Context, where resolvedTarget, sight reconcile.Sight) diag.Diagnostics {
	name := m.Host.ValueString()
	w, diags := m.want(ctx)
	observed := sshserver.Observe(w.server, sight.Facts)
	diags.Append(diagnostics.Problems(name, observed.Drift)...)
	diags.Append(m.observe(ctx, observed.Values)...)
	after := m.seen(sight)
	after.Effective = attribute.TextMap(observed.Effective)
	after.DeadPeerTimeout = attribute.DeadPeer(sshserver.Want{}, sight.Facts)
	if !m.MatchOverrides.IsNull() {
		diags.Append(diagnostics.Problems(name, overrideProblems(observed.Overrides, m.MatchOverrides, w.server.Attributes(sight.Facts.Version)))...)
	} else if len(observed.Overrides) == 0 {
		after.MatchOverrides = overrideList(nil) // recorded by a version that had no such list
	}
	if !observed.Managed {
		after.ManagedContent = types.StringNull()
		if !m.ManagedFile.IsNull() {
			diags.Append(diagnostics.LinesGone(name, m.ManagedFile.ValueString(), m.HostKeySHA256.ValueString(), sight.Identity.HostKeySHA256))
		}
	}
	if sight.Facts.Daemon.Stale && m.Reload.ValueString() != "never" {
		diags.Append(diagnostics.Stale(name))
	}
	if rec := where.record(m.record(nil)); rec.IsOther(sight.MachineID, sight.Identity) {
		// What was recorded stays: it is what a destroy compares with.
		after.MachineID, after.HostKeySHA256 = m.MachineID, m.HostKeySHA256
		diags.Append(diagnostics.OtherMachineSeen(name, rec, sight.MachineID))
	}
	m.setComputed(after)
	logDebug(ctx, "looked", map[string]any{"host": name, "managed": observed.Managed, "drift": len(observed.Drift)})
	return diags
}
