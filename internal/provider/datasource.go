package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// lookout is what the data sources have in common: they look at a host and change
// nothing.
type lookout struct{ session *session }

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (l *lookout) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session); ok {
		l.session = s
	}
}

// outpost is what a data source says about its host and how to deal with it.
type outpost struct {
	address
	timeouts timeouts.Value
	// onUnreachable is null where not to reach a host is an answer like another.
	onUnreachable types.String
	// sits is how long it looks on purpose.
	sits time.Duration
}

// at finds the host of o and has look look at it, which waits for no machine to
// boot. An address that is not known yet is never dialled: Terraform asks again
// during the apply if the data source depends on what has to be made first.
func (l *lookout) at(ctx context.Context, o outpost, look func(context.Context, resolvedTarget) (diag.Diagnostics, error)) (looked bool, diags diag.Diagnostics) {
	ctx, leave := l.session.begin(ctx)
	defer leave()
	name := o.Host.ValueString()
	patience, diags := o.timeouts.Read(ctx, lookTimeout+o.sits)
	where, more := l.session.resolveTarget(ctx, o.address)
	diags.Append(more...)
	switch {
	case diags.HasError():
		return false, diags
	case where.unknown != "":
		return false, append(diags, diagnostics.NotKnownYet(name, where.unknown))
	case o.sits > 0 && patience <= o.sits:
		return false, append(diags, diagnostics.NoTimeToSit(patience, o.sits))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	where.spec.ConnectWait = 0
	more, err := look(ctx, where)
	diags.Append(more...)
	switch {
	case err == nil:
		return !diags.HasError(), diags
	case diagnostics.Unanswered(err) && diagnostics.ChoosePolicy(o.onUnreachable, l.session.onUnreachable) == diagnostics.Ignore:
		return false, append(diags, diagnostics.NotRead(name, err, diagnostics.Because(o.onUnreachable, l.session.onUnreachable)))
	}
	return false, append(diags, diagnostics.Failures(name, "read", err)...)
}

// looker is the model of a data source that looks at what is on a host.
type looker[M any] interface {
	*M
	outpost() outpost
	// look asks the host and fills in what it says.
	look(ctx context.Context, s *session, where resolvedTarget) (diag.Diagnostics, error)
	// tellNothing leaves everything null. Lists and maps have to be told their types
	// for that.
	tellNothing()
}

// readSource reads a data source whose model is M.
func readSource[M any, P looker[M]](ctx context.Context, l *lookout, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	looked, diags := l.at(ctx, m.outpost(), func(ctx context.Context, where resolvedTarget) (diag.Diagnostics, error) {
		return m.look(ctx, l.session, where)
	})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !looked {
		m.tellNothing()
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// survey looks at an sshd of which nothing is wanted.
func (s *session) survey(ctx context.Context, where resolvedTarget, mainFile types.String, contexts types.List) (reconcile.Snapshot[sshserver.Facts], diag.Diagnostics, error) {
	var r attributeReader
	want := sshserver.Want{Contexts: r.contexts(ctx, contexts)}
	sight, err := s.engine.server.Look(ctx, reconcile.Target{Spec: where.spec, File: mainFile.ValueString()}, want)
	diags := r.diags
	diags.Append(s.pending.warn(where.spec.Name, sight.Pending)...)
	return sight, diags, err
}

// surveyed logs what a look brought and returns why it brought nothing.
func surveyed(ctx context.Context, name string, s keepalive.EffectiveConfig) diag.Diagnostics {
	logDebug(ctx, "surveyed", map[string]any{"host": name, "contexts": len(s.Contexts), "files": len(s.Files), "overrides": len(s.Overrides)})
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
