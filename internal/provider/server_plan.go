package provider

import (
	"cmp"
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

func (m *serverModel) entitle() {
	if !m.Host.IsUnknown() {
		m.ID = types.StringValue(whereIs(m).String())
	}
}

func (m *serverModel) managedFile() string { return m.ManagedFile.ValueString() }

func (m *serverModel) lines() string {
	return m.DropInName.ValueString() + " of " + cmp.Or(m.ConfigFile.ValueString(), "sshd_config")
}

func (m *serverModel) linesFound() string {
	return m.DropInName.ValueString() + " in " + m.ManagedFile.ValueString()
}

func (m *serverModel) about(before *serverModel) bool { return m.lines() == before.lines() }

func (m *serverModel) sameWish(ctx context.Context, before *serverModel) bool {
	now, diags := m.want(ctx)
	then, more := before.want(ctx)
	return !diags.HasError() && !more.HasError() && sameServer(now.server, then.server)
}

// sameServer compares what is asked for and not how it is spelled in HCL.
func sameServer(a, b sshserver.Want) bool { return reflect.DeepEqual(a, b) }

func (m *serverModel) stay(before *serverModel) {
	was := before.computed()
	was.ID = m.ID
	m.setComputed(was)
}

func (m *serverModel) leaveOpen() {
	m.Effective = types.MapUnknown(types.StringType)
	m.Trail = types.StringUnknown()
}

func (m *serverModel) leavePlaceOpen() {
	m.ManagedFile, m.Trail = types.StringUnknown(), types.StringUnknown()
}

func (m *serverModel) foresee(ctx context.Context, s *session, where resolvedTarget) (foresight[serverModel], error) {
	w, _ := m.want(ctx) // what is wrong with it was said before
	w.server.Claim = where.claim
	sight, err := s.engine.Look(ctx, m.glance(where), w.server)
	if err != nil {
		return foresight[serverModel]{}, err
	}
	plan := sshserver.Plan(connecting(w.server, where.spec), sight.Facts)
	return foresight[serverModel]{
		machineID: sight.MachineID, identity: sight.Identity, plan: plan, digests: sight.Digests(w.server.DropInName), pending: sight.Pending,
		holder:  sshserver.Holder(w.server.DropInName, sight.Facts),
		settled: func(before *serverModel) bool { return m.settled(before, w.server, sight) },
		decide: func(before *serverModel, changed bool) {
			m.decide(before, changed, m.predicted(w.server, sight, plan), len(plan.Changes) > 0)
		},
		since: func(before *serverModel) []keepalive.Problem {
			recorded := types.ListNull(overrideType())
			if before != nil {
				recorded = before.MatchOverrides
			}
			return overrideProblems(plan.Overrides, recorded, w.server.Attributes(sight.Facts.Version))
		},
	}, nil
}

func (m *serverModel) settled(before *serverModel, want sshserver.Want, sight reconcile.Sight) bool {
	observed := sshserver.Observe(want, sight.Facts)
	unloaded := sight.Facts.Daemon.Stale && m.Reload.ValueString() != "never"
	return observed.Managed && len(observed.Drift) == 0 && !unloaded && m.seen(sight).same(before.computed()) &&
		sameOverrides(overrideList(observed.Overrides), before.MatchOverrides)
}

func (m *serverModel) decide(before *serverModel, changed bool, after computed, changes bool) {
	if before == nil {
		m.setComputed(after)
		return
	}
	was := before.computed()
	if !changes {
		// The trail tells of the last change, and there is none.
		after.Trail = was.Trail
		if sameOverrides(after.MatchOverrides, was.MatchOverrides) {
			after.MatchOverrides = was.MatchOverrides // lines that others moved
		}
	}
	if m.released(before) {
		after.DeadPeerTimeout = types.Int64Unknown()
	}
	if !changes && !changed && after.same(was) {
		return
	}
	if changes && after.equal(was) {
		after.Trail = types.StringUnknown()
	}
	m.setComputed(after)
}

// released reports whether a typed attribute was managed and shall no longer be,
// which another profile may mean as well.
func (m *serverModel) released(before *serverModel) bool {
	if !m.Profile.Equal(before.Profile) {
		return true
	}
	now := m.typed()
	for name, field := range before.typed() {
		was, _ := valueOf(field)
		is, _ := valueOf(now[name])
		if !was.IsNull() && is.IsNull() {
			return true
		}
	}
	return false
}
