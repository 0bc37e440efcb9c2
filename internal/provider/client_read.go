package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

func (m *clientModel) look(ctx context.Context, s *session, where resolvedTarget, importing bool) (sighting, diag.Diagnostics, error) {
	w, diags := m.want(ctx)
	if diags.HasError() {
		return sighting{}, diags, nil
	}
	sight, err := s.engine.LookClient(ctx, m.glance(where), w.client)
	switch {
	case err != nil:
		return sighting{}, diags, err
	case sight.Facts.Invalid != "":
		// What ssh refuses to read has no effective values to show.
		return sighting{}, append(diags, diagnostics.Problems(m.Host.ValueString(), sshclient.Plan(w.client, sight.Facts).Problems)...), nil
	case importing:
		sight, more, err := m.imported(ctx, s, where, sight)
		return sighting{digests: sight.Digests(w.client.Block()), machineID: sight.MachineID, identity: sight.Identity, holder: sshclient.Holder(w.client.Block(), sight.Facts)}, append(diags, more...), err
	}
	return sighting{digests: sight.Digests(w.client.Block()), machineID: sight.MachineID, identity: sight.Identity, holder: sshclient.Holder(w.client.Block(), sight.Facts)}, append(diags, m.refresh(ctx, where, sight)...), nil
}

// refresh puts what was seen into the model.
func (m *clientModel) refresh(ctx context.Context, where resolvedTarget, sight reconcile.ClientSight) diag.Diagnostics {
	name := m.Host.ValueString()
	w, diags := m.want(ctx)
	observed := sshclient.Observe(w.client, sight.Facts)
	diags.Append(diagnostics.Problems(name, observed.Drift)...)
	absorb("", m.typed(), observed.Values, &diags)
	m.Settings = absorbSettings("", m.Settings, observed.Values)
	after := m.seen(sight)
	after.Effective = attribute.TextMaps(sshclient.Effective(w.client, sight.Facts))
	if !observed.Managed {
		after.ManagedContent = types.StringNull()
		if !m.ManagedFile.IsNull() {
			diags.Append(diagnostics.LinesGone(name, m.ManagedFile.ValueString(), m.HostKeySHA256.ValueString(), sight.Identity.HostKeySHA256))
		}
	}
	if rec := where.record(m.record(nil)); rec.IsOther(sight.MachineID, sight.Identity) {
		// What was recorded stays: it is what a destroy compares with.
		after.MachineID, after.HostKeySHA256 = m.MachineID, m.HostKeySHA256
		diags.Append(diagnostics.OtherMachineSeen(name, rec, sight.MachineID))
	}
	m.clientComputed = after
	logDebug(ctx, "looked", map[string]any{"host": name, "managed": observed.Managed, "drift": len(observed.Drift)})
	return diags
}
