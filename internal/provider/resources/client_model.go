package resources

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// clientModel is sshkeepalive_client as Terraform holds it.
type clientModel struct {
	hostAttributes

	ConfigFile types.String        `tfsdk:"config_file"`
	User       types.String        `tfsdk:"user"`
	Patterns   types.List          `tfsdk:"patterns"`
	Match      types.String        `tfsdk:"match"`
	ProbeHosts types.List          `tfsdk:"probe_hosts"`
	IdleLimit  attribute.TimeValue `tfsdk:"idle_limit"`

	ServerAliveInterval attribute.TimeValue `tfsdk:"server_alive_interval"`
	ServerAliveCountMax types.Int64         `tfsdk:"server_alive_count_max"`
	TCPKeepAlive        types.Bool          `tfsdk:"tcp_keep_alive"`
	ConnectTimeout      attribute.TimeValue `tfsdk:"connect_timeout"`
	ConnectionAttempts  types.Int64         `tfsdk:"connection_attempts"`
	ControlMaster       types.String        `tfsdk:"control_master"`
	ControlPath         types.String        `tfsdk:"control_path"`
	ControlPersist      attribute.TimeValue `tfsdk:"control_persist"`
	Settings            types.Map           `tfsdk:"settings"`

	clientComputed
}

// clientComputed holds the attributes that the provider fills in.
type clientComputed struct {
	computedAttributes
	opensshAttributes
}

func (c *clientComputed) computed() any { return c }

func (m *clientModel) typed() map[string]any { return typedFields(m, sshclient.Attributes()) }

// identity has ~user/path for the file of another user than the one who logs in.
func (m *clientModel) identity() (id identity, complete bool) { //nolint:unparam // as managedModel has it
	id, complete = identityAt(&m.hostAttributes)
	file := m.ConfigFile.ValueString()
	if rest, ok := strings.CutPrefix(file, "~/"); ok && m.User.ValueString() != "" {
		file = "~" + m.User.ValueString() + "/" + rest
	}
	id.File, id.Block = types.StringValue(file), types.StringValue(m.block())
	var r attributeReader
	r.also(m.ConfigFile, m.User, m.Match, m.Patterns)
	return id, complete && !r.unknown && !attribute.AnyUnknownElement(m.Patterns)
}

// block is the line that opens the block.
func (m *clientModel) block() string {
	var patterns []string
	for _, p := range m.Patterns.Elements() {
		if text, ok := p.(types.String); ok {
			patterns = append(patterns, text.ValueString())
		}
	}
	return sshclient.Want{Patterns: patterns, Match: m.Match.ValueString()}.Block()
}

func (m *clientModel) owned() (declared, found string) {
	id, _ := m.identity()
	return id.lines(), m.block() + " in " + m.managedFile()
}

func (m *clientModel) want(ctx context.Context, r *attributeReader) sshclient.Want {
	r.also(m.Adopt, m.ConfigFile, m.User)
	return sshclient.Want{
		Patterns:   r.texts(ctx, m.Patterns),
		Match:      r.text(m.Match),
		ProbeHosts: r.texts(ctx, m.ProbeHosts),
		IdleLimit:  r.seconds(m.IdleLimit),
		Settings:   r.settings(sshclient.Attributes(), "", m.typed(), m.Settings),
		Claim:      keepalive.Claim{Adopt: m.Adopt.ValueBool()},
	}
}

func (*clientModel) check(want sshclient.Want) []keepalive.Problem {
	return sshclient.Check(want)
}

func (*clientModel) claim(want *sshclient.Want) *keepalive.Claim { return &want.Claim }
