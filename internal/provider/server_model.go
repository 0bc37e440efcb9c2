package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// serverModel is sshkeepalive_server as Terraform holds it.
type serverModel struct {
	Host          types.String   `tfsdk:"host"`
	SSH           types.Object   `tfsdk:"ssh"`
	OnUnreachable types.String   `tfsdk:"on_unreachable"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	Adopt         types.Bool     `tfsdk:"adopt"`

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
	Match    types.List   `tfsdk:"match"`
	Contexts types.List   `tfsdk:"contexts"`
	Profile  types.String `tfsdk:"profile"`

	Placement      types.String        `tfsdk:"placement"`
	DropInName     types.String        `tfsdk:"drop_in_name"`
	ConfigFile     types.String        `tfsdk:"config_file"`
	Takeover       types.Bool          `tfsdk:"takeover"`
	LongestTask    attribute.TimeValue `tfsdk:"longest_task"`
	IdleLimit      attribute.TimeValue `tfsdk:"idle_limit"`
	Reload         types.String        `tfsdk:"reload"`
	ConfirmTimeout attribute.TimeValue `tfsdk:"confirm_timeout"`

	ID              types.String `tfsdk:"id"`
	ManagedFile     types.String `tfsdk:"managed_file"`
	ManagedContent  types.String `tfsdk:"managed_content"`
	Effective       types.Map    `tfsdk:"effective"`
	MatchOverrides  types.List   `tfsdk:"match_overrides"`
	DeadPeerTimeout types.Int64  `tfsdk:"dead_peer_timeout"`
	OpenSSHVersion  types.String `tfsdk:"openssh_version"`
	HostKeySHA256   types.String `tfsdk:"host_key_sha256"`
	MachineID       types.String `tfsdk:"machine_id"`
	Trail           types.String `tfsdk:"trail"`
	Loaded          types.Bool   `tfsdk:"loaded"`
}

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

// typed returns the field of each typed attribute, by name.
func (m *serverModel) typed() map[string]any {
	return map[string]any{
		"client_alive_interval":     &m.ClientAliveInterval,
		"client_alive_count_max":    &m.ClientAliveCountMax,
		"tcp_keep_alive":            &m.TCPKeepAlive,
		"login_grace_time":          &m.LoginGraceTime,
		"max_sessions":              &m.MaxSessions,
		"max_startups":              &m.MaxStartups,
		"channel_timeout":           &m.ChannelTimeout,
		"unused_connection_timeout": &m.UnusedConnectionTimeout,
		"rekey_limit":               &m.RekeyLimit,
	}
}

func (m *matchModel) typed() map[string]any {
	return map[string]any{
		"client_alive_interval":     &m.ClientAliveInterval,
		"client_alive_count_max":    &m.ClientAliveCountMax,
		"max_sessions":              &m.MaxSessions,
		"channel_timeout":           &m.ChannelTimeout,
		"unused_connection_timeout": &m.UnusedConnectionTimeout,
		"rekey_limit":               &m.RekeyLimit,
	}
}

// wanted is what a model asks for, as far as it is known.
type wanted struct {
	server sshserver.Want
	asked
}

// asked reads attributes and notes whether one was not known yet; what is asked
// for then lacks it.
type asked struct{ unknown bool }

// want translates the model. Values that are not known yet are left out.
func (m *serverModel) want(ctx context.Context) (wanted, diag.Diagnostics) {
	var w wanted
	var diags diag.Diagnostics
	w.server.Settings = w.settings(sshserver.Attributes(), "", m.typed(), m.Settings)
	w.server.Profile = w.text(m.Profile)
	w.server.Match = w.blocks(ctx, m.Match, &diags)
	w.server.Contexts = w.contexts(ctx, m.Contexts, &diags)
	w.server.Placement = sshserver.Placement(w.text(m.Placement))
	w.server.DropInName = w.text(m.DropInName)
	w.server.Takeover = m.Takeover.ValueBool()
	w.unknown = w.unknown || m.Takeover.IsUnknown() || m.ConfigFile.IsUnknown() || m.Reload.IsUnknown() || m.ConfirmTimeout.IsUnknown()
	w.server.LongestTask = w.seconds(m.LongestTask)
	w.server.IdleLimit = w.seconds(m.IdleLimit)
	return w, diags
}

// seconds returns the seconds of a time, 0 if it is not declared. A time that cannot
// be read was refused when it was validated.
func (w *asked) seconds(v attribute.TimeValue) int64 {
	n, _ := sshconf.ParseTime(w.text(v.StringValue))
	return n
}

func (w *asked) text(v types.String) string {
	w.unknown = w.unknown || v.IsUnknown()
	return v.ValueString()
}

// settings lists the typed attributes in the order of the table and then the
// map by keyword, so that the same configuration is always the same list.
func (w *asked) settings(typed []keepalive.Attribute, prefix string, fields map[string]any, others types.Map) []keepalive.Setting {
	var found []keepalive.Setting
	for _, a := range typed {
		field, ok := fields[a.Name]
		if !ok {
			continue
		}
		text, given := w.spell(field)
		if given {
			found = append(found, keepalive.Setting{Attribute: prefix + a.Name, Keyword: a.Keyword, Values: []string{text}})
		}
	}
	w.unknown = w.unknown || others.IsUnknown()
	elements := others.Elements()
	for _, keyword := range slices.Sorted(maps.Keys(elements)) {
		value, ok := elements[keyword].(types.String)
		if !ok || value.IsNull() || value.IsUnknown() {
			w.unknown = w.unknown || ok && value.IsUnknown()
			continue
		}
		found = append(found, keepalive.Setting{Attribute: settingPath(prefix, keyword), Keyword: keyword, Values: spelling.Lines(value.ValueString())})
	}
	return found
}

func settingPath(prefix, keyword string) string {
	return prefix + "settings[" + strconv.Quote(keyword) + "]"
}

// spell writes a typed value as the argument of its keyword; given is false for
// null and unknown.
func (w *asked) spell(field any) (text string, given bool) {
	value, ok := valueOf(field)
	if !ok || value.IsNull() {
		return "", false
	}
	if value.IsUnknown() {
		w.unknown = true
		return "", false
	}
	switch v := value.(type) {
	case attribute.TimeValue:
		return v.ValueString(), true
	case types.String:
		return v.ValueString(), true
	case types.Int64:
		return strconv.FormatInt(v.ValueInt64(), 10), true
	case types.Bool:
		return spelling.YesNo(v.ValueBool()), true
	case types.Map:
		return w.pairs(v)
	}
	return "", false
}

func valueOf(field any) (attr.Value, bool) {
	switch p := field.(type) {
	case *attribute.TimeValue:
		return *p, true
	case *types.String:
		return *p, true
	case *types.Int64:
		return *p, true
	case *types.Bool:
		return *p, true
	case *types.Map:
		return *p, true
	}
	return nil, false
}

// pairs writes a map as name=value items in the order of their names. An empty
// map gives nothing to write.
func (w *asked) pairs(m types.Map) (text string, given bool) {
	elements := m.Elements()
	var items []string
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		value, ok := elements[name].(types.String)
		if !ok || value.IsUnknown() {
			w.unknown = true
			return "", false
		}
		items = append(items, name+"="+value.ValueString())
	}
	return strings.Join(items, " "), len(items) > 0
}

func (w *wanted) blocks(ctx context.Context, list types.List, diags *diag.Diagnostics) []sshserver.Match {
	if list.IsUnknown() || attribute.AnyUnknownElement(list) {
		w.unknown = true
		return nil
	}
	var models []matchModel
	diags.Append(list.ElementsAs(ctx, &models, false)...)
	var found []sshserver.Match
	for i := range models {
		prefix := fmt.Sprintf("match[%d].", i)
		found = append(found, sshserver.Match{
			Criteria: w.criteria(models[i].Criteria),
			Settings: w.settings(sshserver.Attributes(), prefix, models[i].typed(), models[i].Settings),
		})
	}
	return found
}

// criteria holds the place of criteria that are not known yet, so that the other
// blocks keep their numbers in what is said about them.
func (w *wanted) criteria(v types.String) string {
	if v.IsUnknown() {
		w.unknown = true
		return "all"
	}
	return v.ValueString()
}

func (w *wanted) contexts(ctx context.Context, list types.List, diags *diag.Diagnostics) []sshconf.Context {
	found, unknown := attribute.ReadContexts(ctx, list, diags)
	w.unknown = w.unknown || unknown
	return found
}
