package datasources

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// clientConfig is the data source sshkeepalive_client_config.
type clientConfig = dataSource[clientConfigModel, *clientConfigModel]

// clientConfigModel is sshkeepalive_client_config as Terraform holds it.
type clientConfigModel struct {
	lookedAt

	ConfigFile types.String `tfsdk:"config_file"`
	User       types.String `tfsdk:"user"`
	ProbeHosts types.List   `tfsdk:"probe_hosts"`
	Keywords   types.List   `tfsdk:"keywords"`

	Effective      types.Map    `tfsdk:"effective"`
	Provenance     types.Map    `tfsdk:"provenance"`
	Files          types.List   `tfsdk:"files"`
	OpenSSHVersion types.String `tfsdk:"openssh_version"`

	seenMachine
}

func (*clientConfigModel) name() string { return "client_config" }

func (*clientConfigModel) schema(ctx context.Context) schema.Schema {
	attributes := lookedAtSchema(ctx, clientConfigHostDoc)
	maps.Copy(attributes, map[string]schema.Attribute{
		"config_file": schema.StringAttribute{Optional: true, MarkdownDescription: clientConfigFileDoc, Validators: []validator.String{attribute.HomePath{}}},
		"user":        accountSource("Whose ssh is asked: `~` is this account's home directory. Another account than the one that logs in takes root. Default: who logs in."),
		"probe_hosts": schema.ListAttribute{
			Required: true, ElementType: types.StringType,
			MarkdownDescription: "Names, `[user@]host`, as they are typed after `ssh`. `ssh -G` is asked about each. It connects to nothing, but runs the commands of `Match exec`, and asks the resolver where host names are canonicalized.",
			Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
		},
		"keywords": namesAttribute(),
	})
	maps.Copy(attributes, seenSchema())
	attributes["openssh_version"], attributes["files"] = computedText("The host's ssh, as `ssh -V` names it."), filesSource()
	maps.Copy(attributes, map[string]schema.Attribute{
		"effective":  computedValues(clientConfigEffectiveDoc, attribute.EffectiveType),
		"provenance": computedValues("Where each value of `effective` comes from: by probe host and keyword, the lines that make it, more than one where values add up. "+originDoc, provenanceType()),
	})
	return schema.Schema{MarkdownDescription: clientConfigDoc, Attributes: attributes}
}

const (
	clientConfigDoc = "What the ssh of a host makes of its configuration files, written by hand or by any tool, for the names that one would type after `ssh`: the effective values as the host's own `ssh -G` prints them, with the file and line that each comes from. " +
		"Connects to none of these names, and changes nothing."
	clientConfigHostDoc = "Where ssh runs: a name in the provider's `hosts`, most often one with `transport = \"local\"` for the machine that runs Terraform, or `[user@]host[:port]`."
	clientConfigFileDoc = "The user's file, if it is another one than `~/.ssh/config`: written with `~/` or absolute. A file that plain ssh does not read is asked for with `ssh -F`, which leaves out the system's, and may not belong to another account than `user`; " +
		"one of the system, such as `/etc/ssh/ssh_config.d/10-keepalive.conf`, is read as that account, too."
	clientConfigEffectiveDoc = "What `ssh -G` prints, by probe host and keyword: one line for each value of a keyword that may be repeated, as in `settings` of `sshkeepalive_client`. Keywords are spelled as in `ssh_config(5)`."
)

func provenanceType() types.MapType { return types.MapType{ElemType: originsType()} }

// check finds words that are not keywords, and names that a user cannot type.
func (m *clientConfigModel) check() diag.Diagnostics {
	if attribute.AnyUnknownElement(m.ProbeHosts) || attribute.AnyUnknownElement(m.Keywords) {
		return nil
	}
	found := sshclient.CheckProbes(attribute.Texts(m.ProbeHosts.Elements()))
	return diagnostics.Problems("", append(found, sshclient.CheckKeywords(attribute.Texts(m.Keywords.Elements()))...))
}

func (m *clientConfigModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	if diags := diagnostics.ImageRunsNoSSH(where.Spec); diags.HasError() {
		return diags, nil
	}
	sight, err := s.Engine.Client.Look(ctx, m.place(where), sshclient.Want{ProbeHosts: attribute.Texts(m.ProbeHosts.Elements())})
	if err != nil {
		return nil, err
	}
	survey := sshclient.EffectiveConfig(attribute.Texts(m.Keywords.Elements()), sight.Facts)
	diags := surveyed(ctx, m.Host.ValueString(), survey)
	if !diags.HasError() {
		m.set(survey, sight)
	}
	return diags, nil
}

func (m *clientConfigModel) setNull() {
	m.Effective, m.Provenance, m.Files = types.MapNull(attribute.EffectiveType), types.MapNull(provenanceType()), types.ListNull(types.StringType)
}

func (m *clientConfigModel) place(where session.Location) reconcile.Target {
	t := reconcile.Target{Spec: where.Spec, File: m.ConfigFile.ValueString(), User: m.User.ValueString()}
	if t.File == "" {
		t.File = sshclient.DefaultFile
	}
	return t
}

func (m *clientConfigModel) set(s keepalive.EffectiveConfig, sight reconcile.Snapshot[sshclient.Facts]) {
	effective, origins := map[string]map[string]string{}, map[string]attr.Value{}
	for _, r := range s.Contexts {
		name := sshclient.ProbeName(r.Context)
		effective[name], origins[name] = r.Effective, originMap(r.Origins)
	}
	m.Effective, m.Provenance = attribute.TextMaps(effective), types.MapValueMust(provenanceType(), origins)
	m.Files = attribute.TextList(s.Files)
	m.OpenSSHVersion = types.StringValue(sight.Facts.VersionText)
	m.setMachine(sight.Identity, sight.MachineID)
}
