package resources

import (
	"cmp"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// serverModel is sshkeepalive_server as Terraform holds it.
type serverModel struct {
	hostAttributes
	ServerSettings

	Match types.List `tfsdk:"match"`

	Placement      types.String        `tfsdk:"placement"`
	DropInName     types.String        `tfsdk:"drop_in_name"`
	ConfigFile     types.String        `tfsdk:"config_file"`
	Takeover       types.Bool          `tfsdk:"takeover"`
	LongestTask    attribute.TimeValue `tfsdk:"longest_task"`
	IdleLimit      attribute.TimeValue `tfsdk:"idle_limit"`
	Reload         types.String        `tfsdk:"reload"`
	ConfirmTimeout attribute.TimeValue `tfsdk:"confirm_timeout"`

	serverComputed
}

// ServerSettings are what an sshd shall do, besides in Match blocks.
type ServerSettings struct {
	ClientAliveInterval     attribute.TimeValue `tfsdk:"client_alive_interval"`
	ClientAliveCountMax     types.Int64         `tfsdk:"client_alive_count_max"`
	TCPKeepAlive            types.Bool          `tfsdk:"tcp_keep_alive"`
	LoginGraceTime          attribute.TimeValue `tfsdk:"login_grace_time"`
	MaxSessions             types.Int64         `tfsdk:"max_sessions"`
	MaxStartups             types.String        `tfsdk:"max_startups"`
	ChannelTimeout          types.Map           `tfsdk:"channel_timeout"`
	UnusedConnectionTimeout attribute.TimeValue `tfsdk:"unused_connection_timeout"`
	RekeyLimit              types.String        `tfsdk:"rekey_limit"`

	Settings types.Map    `tfsdk:"settings"`
	Contexts types.List   `tfsdk:"contexts"`
	Profile  types.String `tfsdk:"profile"`
}

// serverComputed holds the attributes that the provider fills in.
type serverComputed struct {
	computedAttributes
	opensshAttributes
	MatchOverrides  types.List  `tfsdk:"match_overrides"`
	DeadPeerTimeout types.Int64 `tfsdk:"dead_peer_timeout"`
	Loaded          types.Bool  `tfsdk:"loaded"`
}

func (c *serverComputed) computed() any { return c }

// matchModel is one element of match.
type matchModel struct {
	Criteria                types.String        `tfsdk:"criteria"`
	Settings                types.Map           `tfsdk:"settings"`
	ClientAliveInterval     attribute.TimeValue `tfsdk:"client_alive_interval"`
	ClientAliveCountMax     types.Int64         `tfsdk:"client_alive_count_max"`
	MaxSessions             types.Int64         `tfsdk:"max_sessions"`
	ChannelTimeout          types.Map           `tfsdk:"channel_timeout"`
	UnusedConnectionTimeout attribute.TimeValue `tfsdk:"unused_connection_timeout"`
	RekeyLimit              types.String        `tfsdk:"rekey_limit"`
}

func (m *ServerSettings) typed() map[string]any { return typedFields(m, sshserver.Attributes()) }

func (m *matchModel) typed() map[string]any { return typedFields(m, sshserver.Attributes()) }

func (m *serverModel) identity() (id identity, complete bool) {
	id, complete = identityAt(&m.hostAttributes)
	id.File = m.ConfigFile
	return id, complete && !m.ConfigFile.IsUnknown()
}

func (m *serverModel) owned() (declared, found string) {
	name := dropInName(m.DropInName)
	return name + " of " + cmp.Or(m.ConfigFile.ValueString(), "sshd_config"), name + " in " + m.managedFile()
}

func (m *serverModel) want(ctx context.Context, r *attributeReader) sshserver.Want {
	r.also(m.Adopt, m.Takeover, m.ConfigFile, m.Reload, m.ConfirmTimeout)
	want := m.declared(ctx, r)
	want.Match = r.blocks(ctx, m.Match)
	want.Placement = cmp.Or(sshserver.Placement(r.text(m.Placement)), sshserver.Auto)
	want.DropInName = cmp.Or(r.text(m.DropInName), sshserver.DefaultDropIn)
	want.Takeover = m.Takeover.IsNull() || m.Takeover.ValueBool()
	want.Claim.Adopt = m.Adopt.ValueBool()
	want.LongestTask = r.seconds(m.LongestTask)
	want.IdleLimit = r.seconds(m.IdleLimit)
	return want
}

// Want is what is declared, and whether a value is not known yet, which it then lacks.
func (m *ServerSettings) Want(ctx context.Context) (want sshserver.Want, unknown bool, diags diag.Diagnostics) {
	var r attributeReader
	want = m.declared(ctx, &r)
	return want, r.unknown, r.diags
}

func (m *ServerSettings) declared(ctx context.Context, r *attributeReader) sshserver.Want {
	return sshserver.Want{
		Settings: r.settings(sshserver.Attributes(), "", m.typed(), m.Settings),
		Profile:  r.text(m.Profile),
		Contexts: r.contexts(ctx, m.Contexts),
	}
}

func (*serverModel) check(want sshserver.Want) []keepalive.Problem {
	return sshserver.Check(want)
}

func (*serverModel) claim(want *sshserver.Want) *keepalive.Claim { return &want.Claim }

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

func (r *attributeReader) blocks(ctx context.Context, list types.List) []sshserver.Match {
	if list.IsUnknown() || attribute.AnyUnknownElement(list) {
		r.unknown = true
		return nil
	}
	var models []matchModel
	r.diags.Append(list.ElementsAs(ctx, &models, false)...)
	var found []sshserver.Match
	for i := range models {
		prefix := fmt.Sprintf("match[%d].", i)
		found = append(found, sshserver.Match{
			Criteria: r.criteria(models[i].Criteria),
			Settings: r.settings(sshserver.Attributes(), prefix, models[i].typed(), models[i].Settings),
		})
	}
	return found
}

// criteria holds the place of criteria that are not known yet, so that the other
// blocks keep their numbers in what is said about them.
func (r *attributeReader) criteria(v types.String) string {
	if v.IsUnknown() {
		r.unknown = true
		return "all"
	}
	return v.ValueString()
}

func (r *attributeReader) contexts(ctx context.Context, list types.List) []sshconf.Context {
	found, unknown := attribute.ReadContexts(ctx, list, &r.diags)
	r.unknown = r.unknown || unknown
	return found
}
