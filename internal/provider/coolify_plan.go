package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

func (m *coolifyModel) entitle() {
	if !m.Host.IsUnknown() && !m.File.IsUnknown() {
		m.ID = types.StringValue(whichFile(m).String())
	}
}

func (m *coolifyModel) managedFile() string { return m.File.ValueString() }

func (m *coolifyModel) lines() string { return m.File.ValueString() }

func (m *coolifyModel) linesFound() string { return m.File.ValueString() }

func (m *coolifyModel) about(before *coolifyModel) bool {
	return m.File.Equal(before.File)
}

func (m *coolifyModel) stay(before *coolifyModel) {
	id := m.ID
	m.coolifyComputed = before.coolifyComputed
	m.ID = id
}

// leavePlaceOpen leaves the trail open: the place is the file, which is declared.
func (m *coolifyModel) leavePlaceOpen() { m.Trail = types.StringUnknown() }

func (m *coolifyModel) leaveOpen() {
	m.Effective = types.MapUnknown(types.StringType)
	m.Trail = types.StringUnknown()
}

func (m *coolifyModel) foresee(ctx context.Context, s *session, where resolvedTarget) (foresight[coolifyModel], error) {
	want := m.want().coolify
	want.Claim = where.claim
	sight, err := s.engine.LookCoolify(ctx, m.glance(where), want)
	if err != nil {
		return foresight[coolifyModel]{}, err
	}
	plan := coolify.Plan(want, sight.Facts)
	return foresight[coolifyModel]{
		machineID: sight.MachineID, identity: sight.Identity, plan: plan, digests: sight.Digests(), holder: coolify.Holder(sight.Facts),
		settled: func(before *coolifyModel) bool {
			return len(coolify.Mismatches(want, sight.Facts)) == 0 && m.seen(sight).equal(before.coolifyComputed)
		},
		decide: func(before *coolifyModel, changed bool) {
			m.decide(before, changed, m.decided(sight, plan, plan.Effective), len(plan.Edits) > 0)
		},
	}, nil
}

func (m *coolifyModel) decide(before *coolifyModel, changed bool, after coolifyComputed, changes bool) {
	if before == nil {
		m.coolifyComputed = after
		return
	}
	if !changes {
		// The trail tells of the last change, and there is none.
		after.Trail = before.Trail
	}
	if !changes && !changed && after.equal(before.coolifyComputed) {
		return
	}
	if changes && after.equal(before.coolifyComputed) {
		after.Trail = types.StringUnknown()
	}
	m.coolifyComputed = after
}

func (m *coolifyModel) look(ctx context.Context, s *session, where resolvedTarget, importing bool) (sighting, diag.Diagnostics, error) {
	sight, err := s.engine.LookCoolify(ctx, m.glance(where), m.want().coolify)
	if err != nil {
		return sighting{}, nil, err
	}
	var diags diag.Diagnostics
	if importing {
		sight, diags, err = m.imported(ctx, s, where, sight)
	} else {
		diags = m.refresh(ctx, where, sight)
	}
	return sighting{digests: sight.Digests(), machineID: sight.MachineID, identity: sight.Identity, holder: coolify.Holder(sight.Facts)}, diags, err
}

// refresh puts what was seen into the model.
func (m *coolifyModel) refresh(ctx context.Context, where resolvedTarget, sight reconcile.CoolifySight) diag.Diagnostics {
	name, want := m.Host.ValueString(), m.want().coolify
	observed := coolify.Observe(want, sight.Facts)
	diags := diagnostics.Problems(name, observed.Drift)
	absorb("", m.typed(), observed.Values, &diags)
	m.Settings = absorbSettings("", m.Settings, observed.Values)
	after := m.seen(sight)
	after.Effective = attribute.TextMap(observed.Effective)
	if rec := where.record(m.record(nil)); rec.IsOther(sight.MachineID, sight.Identity) {
		// What was recorded stays: it is what a destroy compares with.
		after.MachineID, after.HostKeySHA256 = m.MachineID, m.HostKeySHA256
		diags.Append(diagnostics.OtherMachineSeen(name, rec, sight.MachineID))
	}
	m.coolifyComputed = after
	logDebug(ctx, "looked", map[string]any{"host": name, "drift": len(observed.Drift)})
	return diags
}

// imported declares the resource as the file was found.
func (m *coolifyModel) imported(ctx context.Context, s *session, where resolvedTarget, sight reconcile.CoolifySight) (reconcile.CoolifySight, diag.Diagnostics, error) {
	// The values of keys without an attribute are seen only when they are asked for.
	sight, err := s.engine.LookCoolify(ctx, m.glance(where), coolify.Adopt(sight.Facts))
	if err != nil {
		return sight, nil, err
	}
	var diags diag.Diagnostics
	m.Settings = adoptSettings("", m.typed(), coolify.Adopt(sight.Facts).Settings, &diags)
	want := m.want().coolify
	if len(want.Settings) == 0 {
		diags.Append(diagnostics.NothingToImport(m.Host.ValueString(), m.File.ValueString()))
		return sight, diags, nil
	}
	want.Claim.ID = coolify.Holder(sight.Facts)
	plan := coolify.Plan(want, sight.Facts)
	m.coolifyComputed = m.decided(sight, plan, coolify.Effective(want, sight.Facts))
	return sight, append(diags, diagnostics.Problems(m.Host.ValueString(), plan.Problems)...), nil
}
