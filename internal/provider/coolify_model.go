package provider

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// coolifyModel is sshkeepalive_coolify as Terraform holds it.
type coolifyModel struct {
	Host          types.String   `tfsdk:"host"`
	SSH           types.Object   `tfsdk:"ssh"`
	OnUnreachable types.String   `tfsdk:"on_unreachable"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	Adopt         types.Bool     `tfsdk:"adopt"`

	File    types.String `tfsdk:"file"`
	Release types.String `tfsdk:"release"`

	MuxEnabled            types.Bool          `tfsdk:"mux_enabled"`
	MuxPersistTime        attribute.TimeValue `tfsdk:"mux_persist_time"`
	MuxMaxAge             attribute.TimeValue `tfsdk:"mux_max_age"`
	MuxHealthCheckEnabled types.Bool          `tfsdk:"mux_health_check_enabled"`
	MuxHealthCheckTimeout attribute.TimeValue `tfsdk:"mux_health_check_timeout"`
	MuxLockTTL            attribute.TimeValue `tfsdk:"mux_lock_ttl"`
	MuxLockTimeout        attribute.TimeValue `tfsdk:"mux_lock_timeout"`
	MuxOrphanMinAge       attribute.TimeValue `tfsdk:"mux_orphan_min_age"`
	MuxOrphanReapEnabled  types.Bool          `tfsdk:"mux_orphan_reap_enabled"`
	CommandTimeout        attribute.TimeValue `tfsdk:"command_timeout"`
	MaxRetries            types.Int64         `tfsdk:"max_retries"`
	RetryBaseDelay        attribute.TimeValue `tfsdk:"retry_base_delay"`
	RetryMaxDelay         attribute.TimeValue `tfsdk:"retry_max_delay"`
	RetryMultiplier       types.String        `tfsdk:"retry_multiplier"`
	Settings              types.Map           `tfsdk:"settings"`

	coolifyComputed
}

// coolifyComputed holds the attributes that the provider fills in.
type coolifyComputed struct {
	ID             types.String `tfsdk:"id"`
	ManagedContent types.String `tfsdk:"managed_content"`
	Effective      types.Map    `tfsdk:"effective"`
	CoolifyVersion types.String `tfsdk:"coolify_version"`
	HostKeySHA256  types.String `tfsdk:"host_key_sha256"`
	MachineID      types.String `tfsdk:"machine_id"`
	Trail          types.String `tfsdk:"trail"`
}

// equal reports whether a plan with c would show nothing beside before. The
// release and the key of an unchanged machine are news, not drift.
func (c coolifyComputed) equal(before coolifyComputed) bool {
	return c.ID.Equal(before.ID) && c.ManagedContent.Equal(before.ManagedContent) && c.Effective.Equal(before.Effective) &&
		c.MachineID.Equal(before.MachineID) && c.Trail.Equal(before.Trail)
}

// over keeps what shown has, except where that is not known.
func (c coolifyComputed) over(shown coolifyComputed) coolifyComputed {
	unless(&c.ID, shown.ID)
	unless(&c.ManagedContent, shown.ManagedContent)
	unless(&c.Effective, shown.Effective)
	unless(&c.CoolifyVersion, shown.CoolifyVersion)
	unless(&c.HostKeySHA256, shown.HostKeySHA256)
	unless(&c.MachineID, shown.MachineID)
	unless(&c.Trail, shown.Trail)
	return c
}

// typed returns the field of each typed attribute, by name.
func (m *coolifyModel) typed() map[string]any {
	return map[string]any{
		"mux_enabled":              &m.MuxEnabled,
		"mux_persist_time":         &m.MuxPersistTime,
		"mux_max_age":              &m.MuxMaxAge,
		"mux_health_check_enabled": &m.MuxHealthCheckEnabled,
		"mux_health_check_timeout": &m.MuxHealthCheckTimeout,
		"mux_lock_ttl":             &m.MuxLockTTL,
		"mux_lock_timeout":         &m.MuxLockTimeout,
		"mux_orphan_min_age":       &m.MuxOrphanMinAge,
		"mux_orphan_reap_enabled":  &m.MuxOrphanReapEnabled,
		"command_timeout":          &m.CommandTimeout,
		"max_retries":              &m.MaxRetries,
		"retry_base_delay":         &m.RetryBaseDelay,
		"retry_max_delay":          &m.RetryMaxDelay,
		"retry_multiplier":         &m.RetryMultiplier,
	}
}

// wantedCoolify is what a model asks for, as far as it is known.
type wantedCoolify struct {
	coolify coolify.Want
	asked
}

// want translates the model. Values that are not known yet are left out.
func (m *coolifyModel) want() wantedCoolify {
	var w wantedCoolify
	w.coolify.Settings = w.settings(coolify.Attributes(), "", m.typed(), m.Settings)
	w.coolify.Release = w.text(m.Release)
	w.unknown = w.unknown || m.File.IsUnknown()
	return w
}

func (m *coolifyModel) target(where resolvedTarget) reconcile.CoolifyTarget {
	return reconcile.CoolifyTarget{Spec: where.spec, File: m.File.ValueString()}
}

// glance is target for a refresh or a plan, which waits for no machine to boot.
func (m *coolifyModel) glance(where resolvedTarget) reconcile.CoolifyTarget {
	where.spec.ConnectWait = 0
	return m.target(where)
}

func (m *coolifyModel) record(digests map[string]string) reconcile.Record {
	return reconcile.Record{MachineID: m.MachineID.ValueString(), HostKeySHA256: m.HostKeySHA256.ValueString(), Digests: digests}
}

func (m *coolifyModel) sameWish(_ context.Context, before *coolifyModel) bool {
	return reflect.DeepEqual(m.want().coolify, before.want().coolify)
}

// seen holds what a look alone tells.
func (m *coolifyModel) seen(sight reconcile.CoolifySight) coolifyComputed {
	c := m.coolifyComputed
	c.ID = types.StringValue(whichFile(m).String())
	version := coolify.Version(sight.Facts)
	c.CoolifyVersion = attribute.TextOrNull(version)
	c.HostKeySHA256 = attribute.TextOrNull(sight.Identity.HostKeySHA256)
	c.MachineID = attribute.TextOrNull(sight.MachineID)
	return c
}

// decided is seen, and what plan makes of it.
func (m *coolifyModel) decided(sight reconcile.CoolifySight, plan keepalive.Plan, effective map[string]string) coolifyComputed {
	c := m.seen(sight)
	c.ManagedContent = types.StringValue(plan.ManagedContent)
	c.Trail = types.StringValue(plan.Trail)
	c.Effective = attribute.TextMap(effective)
	return c
}
