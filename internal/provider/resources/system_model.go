package resources

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// systemModel is sshkeepalive_host as Terraform holds it.
type systemModel struct {
	hostAttributes

	TCPRetries2        types.Int64         `tfsdk:"tcp_retries2"`
	TCPKeepaliveTime   attribute.TimeValue `tfsdk:"tcp_keepalive_time"`
	TCPKeepaliveIntvl  attribute.TimeValue `tfsdk:"tcp_keepalive_intvl"`
	TCPKeepaliveProbes types.Int64         `tfsdk:"tcp_keepalive_probes"`
	KillUserProcesses  types.Bool          `tfsdk:"kill_user_processes"`
	KillExcludeUsers   types.Set           `tfsdk:"kill_exclude_users"`

	systemComputed
}

// systemComputed holds the attributes that the provider fills in.
type systemComputed struct {
	computedAttributes
	UnacknowledgedTimeout types.Int64 `tfsdk:"unacknowledged_timeout"`
	KeepaliveTimeout      types.Int64 `tfsdk:"keepalive_timeout"`
}

func (c *systemComputed) computed() any { return c }

// placed is nil: the drop-ins have fixed names.
func (*systemModel) placed() *types.String { return nil }

func (m *systemModel) managedFile() string {
	return system.Files(wishOf[system.Want](context.Background(), m).want)
}

func (m *systemModel) typed() map[string]any { return typedFields(m, system.Attributes()) }

func (m *systemModel) identity() (id identity, complete bool) { return identityAt(&m.hostAttributes) }

func (*systemModel) owned() (declared, found string) { return system.SysctlFile, system.SysctlFile }

func (m *systemModel) want(_ context.Context, r *attributeReader) system.Want {
	return system.Want{Settings: r.settings(system.Attributes(), "", m.typed(), types.Map{})}
}

func (*systemModel) check(want system.Want) []keepalive.Problem { return system.Check(want) }

func (*systemModel) claim(want *system.Want) *keepalive.Claim { return &want.Claim }
