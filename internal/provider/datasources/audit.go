package datasources

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/audit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// auditSource is the data source sshkeepalive_audit.
type auditSource = dataSource[auditModel, *auditModel]

// auditModel is sshkeepalive_audit as Terraform holds it.
type auditModel struct {
	lookedAt

	ConfigFile types.String `tfsdk:"config_file"`
	Contexts   types.List   `tfsdk:"contexts"`
	Profiles   types.List   `tfsdk:"profiles"`

	Compliant       types.Map    `tfsdk:"compliant"`
	Counts          types.Map    `tfsdk:"counts"`
	Findings        types.List   `tfsdk:"findings"`
	Exceptions      types.List   `tfsdk:"exceptions"`
	Warnings        types.List   `tfsdk:"warnings"`
	Loaded          types.Bool   `tfsdk:"loaded"`
	DeadPeerTimeout types.Int64  `tfsdk:"dead_peer_timeout"`
	OpenSSHVersion  types.String `tfsdk:"openssh_version"`

	seenMachine
}

func (*auditModel) name() string { return "audit" }

func (*auditModel) schema(ctx context.Context) schema.Schema {
	attributes := lookedAtSchema(ctx, serverConfigHostDoc)
	maps.Copy(attributes, map[string]schema.Attribute{
		"config_file": mainFileSource(),
		"contexts":    contextsSource("Connections to look into besides the default one, as `sshd -T -C` takes them: a `Match` block may make an exception for them."),
		"profiles": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The baselines to hold the host against, which are those of `profile` of `sshkeepalive_server`. Default: all of them. No host satisfies all, because they disagree.",
			Validators:          []validator.List{listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(stringvalidator.OneOf(baseline.Names()...))},
		},
	})
	maps.Copy(attributes, seenSchema())
	attributes["openssh_version"] = computedText(attribute.VersionDoc)
	maps.Copy(attributes, auditedSchema())
	return schema.Schema{MarkdownDescription: auditDoc, Attributes: attributes}
}

const (
	auditDoc = "Compares what the sshd on a host really does with published baselines, whether it was configured by hand or by any tool: for each recommendation whether it is met, by which file and line, why it matters and who says so. " +
		"Looks and changes nothing; one look serves the other data sources and a resource on the same host as well."
	compliantDoc = "By profile: whether every recommendation is met that this sshd can meet, in the default context and in each of `contexts`. Null where none has failed, but the value of one is `unknown`: compare with `== true`."
	findingsDoc  = "Every recommendation of the profiles, in their order, as the default context has it; for each of `contexts` only where sshd does otherwise there. " +
		"Each has `profile`, `keyword`, `status` (`pass`, `fail`, `not applicable` where this release or build has no such setting, or `unknown` where sshd does not tell), `why` (it is one of the last two), `context` (as `sshd -T -C` was asked, null for the default one), " +
		"`wanted` (the value that the profile would set), `effective`, where that comes from (`source`, `written`, `file`, `line`, `block`, as in `provenance` of `sshkeepalive_server_config`), " +
		"`reason`, `rule` (document and rule), `risk` (which users the wanted value can lock out, null if none) and `conflicts_with` (the profiles that no value satisfies as well)."
	exceptionsDoc = "The lines of `Match` blocks that a profile does not accept, for connections to which they apply. `compliant` takes no notice of them, because it may be that no connection meets them: name the connections that do in `contexts`. " +
		"Each has `profile`, `keyword`, `wanted`, `reason`, `rule`, `risk` and `written`, `file`, `line`, `block`."
	concernsDoc = "What we think of the keepalive values that are set, whatever the profiles are: a count of 0 that never drops a client, sshd 9.2 to 9.4 that probe at every second interval only, an interval that is too long for common paths. " +
		"Each has `keyword`, `context`, `text`, `advice`, `file` and `line`."
)

func auditedSchema() map[string]schema.Attribute {
	list := func(of attr.Type, doc string) schema.Attribute {
		return schema.ListAttribute{Computed: true, ElementType: of, MarkdownDescription: doc}
	}
	return map[string]schema.Attribute{
		"compliant":         computedValues(compliantDoc, types.BoolType),
		"counts":            computedValues("By profile: how many of `findings` are `pass`, `fail`, `not_applicable` and `unknown`.", countsType()),
		"findings":          list(findingType(), findingsDoc),
		"exceptions":        list(exceptionType(), exceptionsDoc),
		"warnings":          list(concernType(), concernsDoc),
		"loaded":            loadedSource(),
		"dead_peer_timeout": schema.Int64Attribute{Computed: true, MarkdownDescription: attribute.DeadPeerDoc},
	}
}

func countsType() types.ObjectType {
	n := types.Int64Type
	return types.ObjectType{AttrTypes: map[string]attr.Type{"pass": n, "fail": n, "not_applicable": n, "unknown": n}}
}

// ofTexts is an object of the names, all of them texts but for the line.
func ofTexts(names ...string) types.ObjectType {
	of := types.ObjectType{AttrTypes: map[string]attr.Type{"line": types.Int64Type}}
	for _, name := range names {
		of.AttrTypes[name] = types.StringType
	}
	return of
}

func findingType() types.ObjectType {
	of := ofTexts("profile", "keyword", "status", "why", "context", "wanted", "effective", "source", "written", "file", "block", "reason", "rule", "risk")
	of.AttrTypes["conflicts_with"] = types.ListType{ElemType: types.StringType}
	return of
}

func exceptionType() types.ObjectType {
	return ofTexts("profile", "keyword", "wanted", "reason", "rule", "risk", "written", "file", "block")
}

func concernType() types.ObjectType {
	return ofTexts("keyword", "context", "text", "advice", "file")
}

func (m *auditModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	sight, diags, err := survey(ctx, s, where, m.ConfigFile, m.Contexts)
	if err != nil {
		return diags, err
	}
	a := audit.Server(m.profiles(), sight.Facts)
	session.LogDebug(ctx, "audited", map[string]any{"host": m.Host.ValueString(), "findings": len(a.Findings), "exceptions": len(a.Exceptions), "warnings": len(a.Warnings)})
	diags.Append(diagnostics.Problems(m.Host.ValueString(), a.Problems)...)
	if !diags.HasError() {
		m.set(a, sight)
	}
	return diags, nil
}

func (m *auditModel) profiles() []string {
	if m.Profiles.IsNull() {
		return baseline.Names()
	}
	return attribute.Texts(m.Profiles.Elements())
}

func (m *auditModel) set(a audit.Audit, sight reconcile.Snapshot[sshserver.Facts]) {
	m.tellVerdicts(a)
	var findings, exceptions, concerns []attr.Value
	for _, f := range a.Findings {
		findings = append(findings, findingValue(f))
	}
	for _, e := range a.Exceptions {
		exceptions = append(exceptions, exceptionValue(e))
	}
	for _, c := range a.Warnings {
		concerns = append(concerns, auditWarning(c))
	}
	m.Findings = types.ListValueMust(findingType(), findings)
	m.Exceptions = types.ListValueMust(exceptionType(), exceptions)
	m.Warnings = types.ListValueMust(concernType(), concerns)
	m.Loaded, m.DeadPeerTimeout = attribute.Loaded(sight.Facts), attribute.DeadPeer(sshserver.Want{}, sight.Facts)
	m.OpenSSHVersion = types.StringValue(sight.Facts.VersionText)
	m.setMachine(sight.Identity, sight.MachineID)
}

func (m *auditModel) tellVerdicts(a audit.Audit) {
	compliant, counts := map[string]attr.Value{}, map[string]attr.Value{}
	for _, profile := range m.profiles() {
		compliant[profile] = types.BoolNull()
		if is, ok := a.Compliant(profile); ok {
			compliant[profile] = types.BoolValue(is)
		}
		n := func(v audit.Verdict) attr.Value { return types.Int64Value(int64(a.Count(profile, v))) }
		counts[profile] = types.ObjectValueMust(countsType().AttrTypes, map[string]attr.Value{
			"pass": n(audit.Passed), "fail": n(audit.Failed), "not_applicable": n(audit.NotApplicable), "unknown": n(audit.Unknown),
		})
	}
	m.Compliant, m.Counts = types.MapValueMust(types.BoolType, compliant), types.MapValueMust(countsType(), counts)
}

func (m *auditModel) setNull() {
	m.Compliant, m.Counts = types.MapNull(types.BoolType), types.MapNull(countsType())
	m.Findings, m.Exceptions, m.Warnings = types.ListNull(findingType()), types.ListNull(exceptionType()), types.ListNull(concernType())
}

func findingValue(f audit.Finding) attr.Value {
	values := originValues(f.Origin)
	maps.Copy(values, recommended(f.Profile, f.Recommendation))
	context := keepalive.ContextSpec(f.Context)
	maps.Copy(values, map[string]attr.Value{
		"status": types.StringValue(string(f.Verdict)), "why": attribute.TextOrNull(f.Why), "context": attribute.TextOrNull(context),
		"effective": attribute.TextIf(f.Effective, f.Origin.Source != ""), "conflicts_with": attribute.TextList(f.Against),
	})
	return types.ObjectValueMust(findingType().AttrTypes, values)
}

func recommended(profile string, r baseline.Recommendation) map[string]attr.Value {
	return map[string]attr.Value{
		"profile": types.StringValue(profile), "keyword": types.StringValue(r.Keyword), "wanted": types.StringValue(r.Value),
		"reason": types.StringValue(r.Reason), "rule": types.StringValue(r.Source), "risk": attribute.TextOrNull(r.Risk),
	}
}

func exceptionValue(e audit.Exception) attr.Value {
	values := originValues(e.Origin)
	delete(values, "source") // always a file
	maps.Copy(values, recommended(e.Profile, e.Recommendation))
	return types.ObjectValueMust(exceptionType().AttrTypes, values)
}

func auditWarning(c audit.Warning) attr.Value {
	context, line, advice := keepalive.ContextSpec(c.Context), types.Int64Null(), diagnostics.ProblemAdvice(c.Code)
	if c.Pos.Path != "" {
		line = types.Int64Value(int64(c.Pos.Line))
	}
	return types.ObjectValueMust(concernType().AttrTypes, map[string]attr.Value{
		"keyword": types.StringValue(c.Attribute), "context": attribute.TextOrNull(context), "text": types.StringValue(c.Text),
		"advice": attribute.TextOrNull(advice), "file": attribute.TextOrNull(c.Pos.Path), "line": line,
	})
}
