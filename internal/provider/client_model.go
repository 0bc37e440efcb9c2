package provider

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// clientModel is sshkeepalive_client as Terraform holds it.
type clientModel struct {
	Host          types.String   `tfsdk:"host"`
	SSH           types.Object   `tfsdk:"ssh"`
	OnUnreachable types.String   `tfsdk:"on_unreachable"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	Adopt         types.Bool     `tfsdk:"adopt"`

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
	ID             types.String `tfsdk:"id"`
	ManagedFile    types.String `tfsdk:"managed_file"`
	ManagedContent types.String `tfsdk:"managed_content"`
	Effective      types.Map    `tfsdk:"effective"`
	OpenSSHVersion types.String `tfsdk:"openssh_version"`
	HostKeySHA256  types.String `tfsdk:"host_key_sha256"`
	MachineID      types.String `tfsdk:"machine_id"`
	Trail          types.String `tfsdk:"trail"`
}

// equal reports whether a plan with c would show nothing beside before. The
// version and the key of an unchanged machine are news, not drift.
func (c clientComputed) equal(before clientComputed) bool {
	return c.ID.Equal(before.ID) && c.ManagedFile.Equal(before.ManagedFile) && c.ManagedContent.Equal(before.ManagedContent) &&
		c.Effective.Equal(before.Effective) && c.MachineID.Equal(before.MachineID) && c.Trail.Equal(before.Trail)
}

// over keeps what shown has, except where that is not known.
func (c clientComputed) over(shown clientComputed) clientComputed {
	unless(&c.ID, shown.ID)
	unless(&c.ManagedFile, shown.ManagedFile)
	unless(&c.ManagedContent, shown.ManagedContent)
	unless(&c.Effective, shown.Effective)
	unless(&c.OpenSSHVersion, shown.OpenSSHVersion)
	unless(&c.HostKeySHA256, shown.HostKeySHA256)
	unless(&c.MachineID, shown.MachineID)
	unless(&c.Trail, shown.Trail)
	return c
}

// typed returns the field of each typed attribute, by name.
func (m *clientModel) typed() map[string]any {
	return map[string]any{
		"server_alive_interval":  &m.ServerAliveInterval,
		"server_alive_count_max": &m.ServerAliveCountMax,
		"tcp_keep_alive":         &m.TCPKeepAlive,
		"connect_timeout":        &m.ConnectTimeout,
		"connection_attempts":    &m.ConnectionAttempts,
		"control_master":         &m.ControlMaster,
		"control_path":           &m.ControlPath,
		"control_persist":        &m.ControlPersist,
	}
}

// wantedClient is what a model asks for, as far as it is known.
type wantedClient struct {
	client sshclient.Want
	asked
}

// want translates the model. Values that are not known yet are left out.
func (m *clientModel) want(ctx context.Context) (wantedClient, diag.Diagnostics) {
	var w wantedClient
	var diags diag.Diagnostics
	w.client.Patterns = w.texts(ctx, m.Patterns, &diags)
	w.client.Match = w.text(m.Match)
	w.client.ProbeHosts = w.texts(ctx, m.ProbeHosts, &diags)
	w.client.IdleLimit = w.seconds(m.IdleLimit)
	w.client.Settings = w.settings(sshclient.Attributes(), "", m.typed(), m.Settings)
	w.unknown = w.unknown || m.ConfigFile.IsUnknown() || m.User.IsUnknown()
	return w, diags
}

func (w *asked) texts(ctx context.Context, list types.List, diags *diag.Diagnostics) []string {
	if list.IsUnknown() || attribute.AnyUnknownElement(list) {
		w.unknown = true
		return nil
	}
	var found []string
	diags.Append(list.ElementsAs(ctx, &found, false)...)
	return found
}

func sameClient(a, b sshclient.Want) bool { return reflect.DeepEqual(a, b) }

func (m *clientModel) target(where resolvedTarget) reconcile.ClientTarget {
	return reconcile.ClientTarget{Spec: where.spec, File: m.ConfigFile.ValueString(), User: m.User.ValueString()}
}

// glance is target for a refresh or a plan, which waits for no machine to boot.
func (m *clientModel) glance(where resolvedTarget) reconcile.ClientTarget {
	where.spec.ConnectWait = 0
	return m.target(where)
}

func (m *clientModel) record(digests map[string]string) reconcile.Record {
	return reconcile.Record{MachineID: m.MachineID.ValueString(), HostKeySHA256: m.HostKeySHA256.ValueString(), Digests: digests}
}

// seen holds what a look alone tells.
func (m *clientModel) seen(sight reconcile.ClientSight) clientComputed {
	c := m.clientComputed
	c.ID = types.StringValue(whichBlock(m).String())
	c.OpenSSHVersion = types.StringValue(sight.Facts.VersionText)
	c.HostKeySHA256 = attribute.TextOrNull(sight.Identity.HostKeySHA256)
	c.MachineID = attribute.TextOrNull(sight.MachineID)
	return c
}

// decided is seen, and what plan makes of it.
func (m *clientModel) decided(sight reconcile.ClientSight, plan keepalive.Plan, effective map[string]map[string]string) clientComputed {
	c := m.seen(sight)
	c.ManagedFile = types.StringValue(plan.ManagedFile)
	c.ManagedContent = types.StringValue(plan.ManagedContent)
	c.Trail = types.StringValue(plan.Trail)
	c.Effective = attribute.TextMaps(effective)
	return c
}
