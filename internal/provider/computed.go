package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// computed holds the attributes that the provider fills in.
type computed struct {
	ID, ManagedFile, ManagedContent types.String
	Effective                       types.Map
	MatchOverrides                  types.List
	DeadPeerTimeout                 types.Int64
	OpenSSHVersion, HostKeySHA256   types.String
	MachineID, Trail                types.String
	Loaded                          types.Bool
}

// computed returns the attributes as m has them.
func (m *serverModel) computed() computed {
	return computed{
		m.ID, m.ManagedFile, m.ManagedContent, m.Effective, m.MatchOverrides, m.DeadPeerTimeout,
		m.OpenSSHVersion, m.HostKeySHA256, m.MachineID, m.Trail, m.Loaded,
	}
}

// setComputed replaces all of them.
func (m *serverModel) setComputed(c computed) {
	m.ID, m.ManagedFile, m.ManagedContent, m.Effective, m.DeadPeerTimeout = c.ID, c.ManagedFile, c.ManagedContent, c.Effective, c.DeadPeerTimeout
	m.MatchOverrides = c.MatchOverrides
	m.OpenSSHVersion, m.HostKeySHA256, m.MachineID, m.Trail, m.Loaded = c.OpenSSHVersion, c.HostKeySHA256, c.MachineID, c.Trail, c.Loaded
}

// fill sets those that the plan left unknown.
func (m *serverModel) fill(c computed) {
	known := m.computed()
	unless(&c.ID, known.ID)
	unless(&c.ManagedFile, known.ManagedFile)
	unless(&c.ManagedContent, known.ManagedContent)
	unless(&c.Effective, known.Effective)
	unless(&c.MatchOverrides, known.MatchOverrides)
	unless(&c.DeadPeerTimeout, known.DeadPeerTimeout)
	unless(&c.OpenSSHVersion, known.OpenSSHVersion)
	unless(&c.HostKeySHA256, known.HostKeySHA256)
	unless(&c.MachineID, known.MachineID)
	unless(&c.Trail, known.Trail)
	unless(&c.Loaded, known.Loaded)
	m.setComputed(c)
}

func unless[T interface{ IsUnknown() bool }](to *T, known T) {
	if !known.IsUnknown() {
		*to = known
	}
}

// equal reports whether a plan with c would show nothing beside before.
func (c computed) equal(before computed) bool {
	return c.ID.Equal(before.ID) && c.ManagedFile.Equal(before.ManagedFile) && c.ManagedContent.Equal(before.ManagedContent) &&
		c.Effective.Equal(before.Effective) && sameOverrides(c.MatchOverrides, before.MatchOverrides) && c.DeadPeerTimeout.Equal(before.DeadPeerTimeout) &&
		c.OpenSSHVersion.Equal(before.OpenSSHVersion) && c.HostKeySHA256.Equal(before.HostKeySHA256) &&
		c.MachineID.Equal(before.MachineID) && c.Trail.Equal(before.Trail) && c.Loaded.Equal(before.Loaded)
}

// same reports whether nothing that a change of the host would repair differs.
// The version and the key of an unchanged machine are news, not drift.
func (c computed) same(before computed) bool {
	c.OpenSSHVersion, c.HostKeySHA256 = before.OpenSSHVersion, before.HostKeySHA256
	return c.equal(before)
}

// found is what an apply left behind.
func (m *serverModel) found(want sshserver.Want, sight reconcile.Sight, plan keepalive.Plan) computed {
	observed := sshserver.Observe(want, sight.Facts)
	c := m.seen(sight)
	c.ManagedFile = types.StringValue(plan.ManagedFile)
	c.ManagedContent = types.StringValue(plan.ManagedContent)
	c.Trail = types.StringValue(plan.Trail)
	c.Effective = attribute.TextMap(observed.Effective)
	c.MatchOverrides = overrideList(observed.Overrides)
	c.DeadPeerTimeout = attribute.DeadPeer(want, sight.Facts)
	return c
}

// predicted is what an apply will leave behind, as far as the facts say. What
// was managed before and no longer is falls back to a value that only the host
// will tell.
func (m *serverModel) predicted(want sshserver.Want, sight reconcile.Sight, plan keepalive.Plan) computed {
	c := m.seen(sight)
	c.ManagedFile = types.StringValue(plan.ManagedFile)
	c.ManagedContent = types.StringValue(plan.ManagedContent)
	c.Trail = types.StringValue(plan.Trail)
	c.Effective = attribute.TextMap(plan.Effective)
	c.MatchOverrides = overrideList(plan.Overrides)
	c.DeadPeerTimeout = attribute.DeadPeer(want, sight.Facts)
	c.Loaded = m.willBeLoaded(sight, len(plan.Changes) > 0)
	return c
}

// seen holds what a look alone tells.
func (m *serverModel) seen(sight reconcile.Sight) computed {
	c := m.computed()
	c.ID = types.StringValue(whereIs(m).String())
	c.OpenSSHVersion = types.StringValue(sight.Facts.VersionText)
	c.HostKeySHA256 = attribute.TextOrNull(sight.Identity.HostKeySHA256)
	c.MachineID = attribute.TextOrNull(sight.MachineID)
	c.Loaded = attribute.Loaded(sight)
	return c
}

func (m *serverModel) willBeLoaded(sight reconcile.Sight, changes bool) types.Bool {
	d := sight.Facts.Daemon
	switch {
	case d.PID == 0, d.NoPIDFile && !changes:
		return attribute.Loaded(sight)
	case d.NoPIDFile && m.Reload.ValueString() != "never":
		return types.BoolUnknown()
	case m.Reload.ValueString() != "never":
		return types.BoolValue(true)
	case changes:
		return types.BoolValue(false)
	}
	return attribute.Loaded(sight)
}
