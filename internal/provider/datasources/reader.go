// Package datasources has the data sources of the provider, on one reader: each looks at a
// host, changes nothing, and puts what it saw into a model. It decides nothing.
package datasources

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// dataSource is what every data source is: it looks at a host, changes nothing, and
// puts what it saw into a model M.
type dataSource[M any, P sourceModel[M]] struct{ session *session.Session }

var _ datasource.DataSourceWithValidateConfig = (*serverConfig)(nil)

// sourceModel is what a data source has of its own.
type sourceModel[M any] interface {
	*M
	// name comes after the name of the provider.
	name() string
	schema(ctx context.Context) schema.Schema
	// check finds what is wrong whatever the host is.
	check() diag.Diagnostics
	// target is which host is read, and how.
	target() sourceTarget
	// read asks the host and fills in what it says.
	read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error)
	// setNull makes everything null. Lists and maps have to be told their types for that.
	setNull()
}

// sourceHost is what every data source says about its host.
type sourceHost struct {
	Host     types.String   `tfsdk:"host"`
	SSH      types.Object   `tfsdk:"ssh"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

func (h *sourceHost) target() sourceTarget {
	return sourceTarget{Address: session.Address{Host: h.Host, SSH: h.SSH}, timeouts: h.Timeouts}
}

func (*sourceHost) check() diag.Diagnostics { return nil }

// lookedAt is the host of a data source that cannot do without an answer.
type lookedAt struct {
	sourceHost
	OnUnreachable types.String `tfsdk:"on_unreachable"`
}

func (l *lookedAt) target() sourceTarget {
	t := l.sourceHost.target()
	t.onUnreachable = l.OnUnreachable
	return t
}

// seenMachine is what a look at a host tells of the machine.
type seenMachine struct {
	HostKeySHA256 types.String `tfsdk:"host_key_sha256"`
	MachineID     types.String `tfsdk:"machine_id"`
}

func (s *seenMachine) setMachine(key host.Identity, id string) {
	s.HostKeySHA256, s.MachineID = attribute.TextOrNull(key.HostKeySHA256), attribute.TextOrNull(id)
}

// sourceTarget is what a data source says about its host and how to deal with it.
type sourceTarget struct {
	session.Address
	timeouts timeouts.Value
	// onUnreachable is null where not to reach a host is an answer like another.
	onUnreachable types.String
	// idle is how long the data source waits on purpose.
	idle time.Duration
}

// Metadata names the data source.
func (*dataSource[M, P]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + P(new(M)).name()
}

// Schema describes the data source.
func (*dataSource[M, P]) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = P(new(M)).schema(ctx)
}

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (d *dataSource[M, P]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session.Session); ok {
		d.session = s
	}
}

// ValidateConfig finds what is wrong whatever the host is.
func (*dataSource[M, P]) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(m.check()...)
	}
}

// Read reads the host. What a host that does not answer leaves open is null where
// on_unreachable allows that.
func (d *dataSource[M, P]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	answered, diags := readSource(ctx, d.session, m.target(), func(ctx context.Context, where session.Location) (diag.Diagnostics, error) {
		return m.read(ctx, d.session, where)
	})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !answered {
		m.setNull()
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// readSource finds the host of t and reads it, waiting for no machine to boot. An
// address that is not known yet is never dialled: Terraform asks again during the
// apply if the data source depends on what has to be made first.
func readSource(ctx context.Context, s *session.Session, t sourceTarget, read func(context.Context, session.Location) (diag.Diagnostics, error)) (answered bool, diags diag.Diagnostics) {
	ctx, end := s.Begin(ctx)
	defer end()
	name := t.Host.ValueString()
	limit, diags := t.timeouts.Read(ctx, session.LookTimeout+t.idle)
	where, more := s.Locate(ctx, t.Address)
	diags.Append(more...)
	switch {
	case diags.HasError():
		return false, diags
	case where.Unknown != "":
		return false, append(diags, diagnostics.NotKnownYet(name, where.Unknown))
	case t.idle > 0 && limit <= t.idle:
		return false, append(diags, diagnostics.NoTimeToSit(limit, t.idle))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	where.Spec.ConnectWait = 0
	more, err := read(ctx, where)
	diags.Append(more...)
	switch {
	case err == nil:
		return !diags.HasError(), diags
	case diagnostics.Unanswered(err) && diagnostics.ChoosePolicy(t.onUnreachable, s.OnUnreachable) == diagnostics.Ignore:
		return false, append(diags, diagnostics.NotRead(name, err, diagnostics.Because(t.onUnreachable, s.OnUnreachable)))
	}
	return false, append(diags, diagnostics.Failures(name, "read", err)...)
}

// survey looks at an sshd of which nothing is wanted.
func survey(ctx context.Context, s *session.Session, where session.Location, mainFile types.String, contexts types.List) (reconcile.Snapshot[sshserver.Facts], diag.Diagnostics, error) {
	var diags diag.Diagnostics
	asked, _ := attribute.ReadContexts(ctx, contexts, &diags)
	sight, err := s.Engine.Server.Look(ctx, reconcile.Target{Spec: where.Spec, File: mainFile.ValueString()}, sshserver.Want{Contexts: asked})
	diags.Append(s.Pending.Warn(where.Spec.Name, sight.Pending)...)
	return sight, diags, err
}

// surveyed logs what a look brought and returns why it brought nothing.
func surveyed(ctx context.Context, name string, s keepalive.EffectiveConfig) diag.Diagnostics {
	session.LogDebug(ctx, "surveyed", map[string]any{"host": name, "contexts": len(s.Contexts), "files": len(s.Files), "overrides": len(s.Overrides)})
	return diagnostics.Problems(name, s.Problems)
}

// originType is an element of the lists that say where a value comes from.
func originType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"source": types.StringType, "keyword": types.StringType, "written": types.StringType,
		"file": types.StringType, "line": types.Int64Type, "block": types.StringType,
	}}
}

func originsType() types.ListType { return types.ListType{ElemType: originType()} }

func originList(list []keepalive.Origin) types.List {
	elements := make([]attr.Value, len(list))
	for i, o := range list {
		elements[i] = types.ObjectValueMust(originType().AttrTypes, originValues(o))
	}
	return types.ListValueMust(originType(), elements)
}

func originValues(o keepalive.Origin) map[string]attr.Value {
	line := types.Int64Null()
	if o.Source == keepalive.FromFile {
		line = types.Int64Value(int64(o.Pos.Line))
	}
	return map[string]attr.Value{
		"source": attribute.TextOrNull(string(o.Source)), "keyword": types.StringValue(o.Keyword),
		"written": attribute.TextIf(o.Written, o.Source == keepalive.FromFile || o.Source == keepalive.FromCommandLine),
		"file":    attribute.TextIf(o.Pos.Path, o.Source == keepalive.FromFile), "line": line, "block": attribute.TextOrNull(o.Block),
	}
}

func originMap(all map[string][]keepalive.Origin) types.Map {
	elements := make(map[string]attr.Value, len(all))
	for keyword, list := range all {
		elements[keyword] = originList(list)
	}
	return types.MapValueMust(originsType(), elements)
}

// All lists the data sources.
func All() []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &serverConfig{} },
		func() datasource.DataSource { return &clientConfig{} },
		func() datasource.DataSource { return &connectionSource{} },
		func() datasource.DataSource { return &auditSource{} },
		func() datasource.DataSource { return &controlSockets{} },
		func() datasource.DataSource { return &probeSource{} },
		func() datasource.DataSource { return &sessionsSource{} },
		func() datasource.DataSource { return &coolifySource{} },
	}
}
