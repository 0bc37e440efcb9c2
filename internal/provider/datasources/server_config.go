package datasources

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// serverConfig is the data source sshkeepalive_server_config.
type serverConfig = dataSource[serverConfigModel, *serverConfigModel]

// serverConfigModel is sshkeepalive_server_config as Terraform holds it.
type serverConfigModel struct {
	lookedAt

	ConfigFile types.String `tfsdk:"config_file"`
	Contexts   types.List   `tfsdk:"contexts"`
	Keywords   types.List   `tfsdk:"keywords"`

	Effective       types.Map    `tfsdk:"effective"`
	Provenance      types.Map    `tfsdk:"provenance"`
	ByContext       types.List   `tfsdk:"by_context"`
	Overrides       types.List   `tfsdk:"overrides"`
	Shadowed        types.List   `tfsdk:"shadowed"`
	Loaded          types.Bool   `tfsdk:"loaded"`
	DeadPeerTimeout types.Int64  `tfsdk:"dead_peer_timeout"`
	MainFile        types.String `tfsdk:"main_file"`
	Files           types.List   `tfsdk:"files"`
	OpenSSHVersion  types.String `tfsdk:"openssh_version"`

	seenMachine
}

func (*serverConfigModel) name() string { return "server_config" }

func (*serverConfigModel) schema(ctx context.Context) schema.Schema {
	attributes := lookedAtSchema(ctx, serverConfigHostDoc)
	maps.Copy(attributes, map[string]schema.Attribute{
		"config_file": mainFileSource(),
		"contexts":    contextsSource("Connections to tell about besides the default one, as `sshd -T -C` takes them; see `by_context`."),
		"keywords":    namesAttribute(),
	})
	maps.Copy(attributes, seenSchema())
	attributes["openssh_version"], attributes["files"] = computedText(attribute.VersionDoc), filesSource()
	maps.Copy(attributes, map[string]schema.Attribute{
		"effective":  computedValues(serverEffectiveDoc, types.StringType),
		"provenance": computedValues("Where each value of `effective` comes from: by keyword, the lines that make it, more than one where values add up. "+originDoc, originsType()),
		"by_context": schema.ListAttribute{Computed: true, ElementType: contextReadingType(),
			MarkdownDescription: "The same for each of `contexts`, in their order: `context` (what `sshd -T -C` was asked), `effective` and `provenance`."},
		"overrides": schema.ListAttribute{Computed: true, ElementType: originType(),
			MarkdownDescription: "The lines of `Match` blocks that say something else than `effective`, for connections to which they apply. " + originDoc},
		"shadowed": schema.ListAttribute{Computed: true, ElementType: originType(),
			MarkdownDescription: "The lines that apply, say something else than `effective`, and lose: most often to an earlier line. The same attributes."},
		"loaded":            loadedSource(),
		"dead_peer_timeout": schema.Int64Attribute{Computed: true, MarkdownDescription: attribute.DeadPeerDoc},
		"main_file":         computedText("The main configuration file that was read."),
	})
	return schema.Schema{MarkdownDescription: serverConfigDoc, Attributes: attributes}
}

const (
	serverConfigDoc = "What the sshd on a host makes of its configuration, written by hand or by any tool: the effective values as the host's own `sshd -T` prints them, for any connections, with the file and line that each comes from, " +
		"the lines that lose, the `Match` blocks that override, and whether the daemon has loaded all that. Looks and changes nothing; one look serves a resource on the same host as well."
	serverConfigHostDoc = "Where sshd runs: a name in the provider's `hosts`, or `[user@]host[:port]`."
	serverEffectiveDoc  = "What `sshd -T` prints for each keyword, in the default context: one line for each value of a keyword that may be repeated, as in `settings` of `sshkeepalive_server`. Keywords are spelled as in `sshd_config(5)`."
)

func contextReadingType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"context": types.StringType, "effective": types.MapType{ElemType: types.StringType}, "provenance": types.MapType{ElemType: originsType()},
	}}
}

// check finds keywords that are none.
func (m *serverConfigModel) check() diag.Diagnostics {
	if attribute.AnyUnknownElement(m.Keywords) {
		return nil
	}
	return diagnostics.Problems("", sshserver.CheckKeywords(attribute.Texts(m.Keywords.Elements())))
}

func (m *serverConfigModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	sight, diags, err := survey(ctx, s, where, m.ConfigFile, m.Contexts)
	if err != nil {
		return diags, err
	}
	survey := sshserver.EffectiveConfig(attribute.Texts(m.Keywords.Elements()), sight.Facts)
	diags.Append(surveyed(ctx, m.Host.ValueString(), survey)...)
	if !diags.HasError() {
		m.set(survey, sight)
	}
	return diags, nil
}

func (m *serverConfigModel) set(s keepalive.EffectiveConfig, sight reconcile.Snapshot[sshserver.Facts]) {
	m.Effective, m.Provenance = attribute.TextMap(s.Contexts[0].Effective), originMap(s.Contexts[0].Origins)
	var readings []attr.Value
	for _, r := range s.Contexts[1:] {
		readings = append(readings, types.ObjectValueMust(contextReadingType().AttrTypes, map[string]attr.Value{
			"context": types.StringValue(keepalive.ContextSpec(r.Context)), "effective": attribute.TextMap(r.Effective), "provenance": originMap(r.Origins),
		}))
	}
	m.ByContext = types.ListValueMust(contextReadingType(), readings)
	m.Overrides, m.Shadowed = originList(s.Overrides), originList(s.Shadowed)
	m.Loaded, m.DeadPeerTimeout = attribute.Loaded(sight.Facts), attribute.DeadPeer(sshserver.Want{}, sight.Facts)
	m.MainFile, m.Files = types.StringValue(sight.Facts.Tree.Main), attribute.TextList(s.Files)
	m.OpenSSHVersion = types.StringValue(sight.Facts.VersionText)
	m.setMachine(sight.Identity, sight.MachineID)
}

func (m *serverConfigModel) setNull() {
	m.Effective, m.Provenance = types.MapNull(types.StringType), types.MapNull(originsType())
	m.ByContext = types.ListNull(contextReadingType())
	m.Overrides, m.Shadowed = types.ListNull(originType()), types.ListNull(originType())
	m.Files = types.ListNull(types.StringType)
}
