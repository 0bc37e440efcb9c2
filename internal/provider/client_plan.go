package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

func (m *clientModel) entitle() {
	if m.Host.IsUnknown() || m.ConfigFile.IsUnknown() || m.User.IsUnknown() || m.Match.IsUnknown() ||
		m.Patterns.IsUnknown() || attribute.AnyUnknownElement(m.Patterns) {
		return
	}
	m.ID = types.StringValue(whichBlock(m).String())
}

func (m *clientModel) managedFile() string { return m.ManagedFile.ValueString() }

func (m *clientModel) lines() string { return whichBlock(m).String() }

func (m *clientModel) linesFound() string {
	return whichBlock(m).Block.ValueString() + " in " + m.ManagedFile.ValueString()
}

func (m *clientModel) about(before *clientModel) bool {
	now, then := whichBlock(m), whichBlock(before)
	return now.File.Equal(then.File) && now.Block.Equal(then.Block)
}

func (m *clientModel) sameWish(ctx context.Context, before *clientModel) bool {
	now, diags := m.want(ctx)
	then, more := before.want(ctx)
	return !diags.HasError() && !more.HasError() && sameClient(now.client, then.client)
}

func (m *clientModel) stay(before *clientModel) {
	id := m.ID
	m.clientComputed = before.clientComputed
	m.ID = id
}

func (m *clientModel) leaveOpen() {
	m.Effective = types.MapUnknown(attribute.EffectiveType)
	m.Trail = types.StringUnknown()
}

func (m *clientModel) leavePlaceOpen() {
	m.ManagedFile, m.Trail = types.StringUnknown(), types.StringUnknown()
}

func (m *clientModel) foresee(ctx context.Context, s *session, where resolvedTarget) (foresight[clientModel], error) {
	w, _ := m.want(ctx) // what is wrong with it was said before
	w.client.Claim = where.claim
	sight, err := s.engine.LookClient(ctx, m.glance(where), w.client)
	if err != nil {
		return foresight[clientModel]{}, err
	}
	plan := sshclient.Plan(w.client, sight.Facts)
	return foresight[clientModel]{
		machineID: sight.MachineID, identity: sight.Identity, plan: plan, digests: sight.Digests(w.client.Block()),
		holder: sshclient.Holder(w.client.Block(), sight.Facts),
		settled: func(before *clientModel) bool {
			return len(plan.MakeDirs) == 0 && m.settled(before, w.client, sight)
		},
		decide: func(before *clientModel, changed bool) {
			after := m.decided(sight, plan, sshclient.Predict(w.client, sight.Facts, plan))
			m.decide(before, changed, after, len(plan.Changes)+len(plan.MakeDirs) > 0)
		},
	}, nil
}

func (m *clientModel) settled(before *clientModel, want sshclient.Want, sight reconcile.ClientSight) bool {
	observed := sshclient.Observe(want, sight.Facts)
	return observed.Managed && len(observed.Drift) == 0 && m.seen(sight).equal(before.clientComputed)
}

func (m *clientModel) decide(before *clientModel, changed bool, after clientComputed, changes bool) {
	if before == nil {
		m.clientComputed = after
		return
	}
	if !changes {
		// The trail tells of the last change, and there is none.
		after.Trail = before.Trail
	}
	if !changes && !changed && after.equal(before.clientComputed) {
		return
	}
	if changes && after.equal(before.clientComputed) {
		after.Trail = types.StringUnknown()
	}
	m.clientComputed = after
}
