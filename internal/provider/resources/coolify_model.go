package resources

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// coolifyModel is sshkeepalive_coolify as Terraform holds it.
type coolifyModel struct {
	hostAttributes

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
	computedAttributes
	CoolifyVersion types.String `tfsdk:"coolify_version"`
}

func (c *coolifyComputed) computed() any { return c }

// placed is nil: the file is declared.
func (*coolifyModel) placed() *types.String { return nil }

func (m *coolifyModel) managedFile() string { return m.File.ValueString() }

func (m *coolifyModel) typed() map[string]any { return typedFields(m, coolify.Attributes()) }

func (m *coolifyModel) identity() (id identity, complete bool) {
	id, complete = identityAt(&m.hostAttributes)
	id.File = m.File
	return id, complete && !m.File.IsUnknown()
}

func (m *coolifyModel) owned() (declared, found string) { return m.managedFile(), m.managedFile() }

func (m *coolifyModel) want(_ context.Context, r *attributeReader) coolify.Want {
	r.also(m.Adopt, m.File)
	return coolify.Want{
		Settings: r.settings(coolify.Attributes(), "", m.typed(), m.Settings),
		Release:  r.text(m.Release),
		Claim:    keepalive.Claim{Adopt: m.Adopt.ValueBool()},
	}
}

func (m *coolifyModel) check(want coolify.Want) []keepalive.Problem {
	found := coolify.Check(want)
	if file := m.managedFile(); file != "" {
		found = append(found, coolify.CheckFile(file)...)
	}
	return found
}

func (*coolifyModel) claim(want *coolify.Want) *keepalive.Claim { return &want.Claim }
