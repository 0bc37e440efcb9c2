package provider

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

// rpc drives the provider as Terraform does, without Terraform.
type rpc struct {
	t        *testing.T
	server   tfprotov6.ProviderServer
	kind     string // of resource
	provider tftypes.Type
	resource tftypes.Type
	sources  map[string]tftypes.Type
	actions  map[string]tftypes.Type
	lists    map[string]tftypes.Type
	computed map[string]bool
	config   values
	can      *tfprotov6.ConfigureProviderClientCapabilities
	// oneWalk keeps everything in one walk of Terraform's graph. Else an apply ends
	// one, and the plan of a resource that is there begins one.
	oneWalk bool
	// configured is what Configure said.
	configured []*tfprotov6.Diagnostic
}

// values is a configuration or a state; what is left out is null.
type values map[string]any

// unknown is a value that is not known yet.
type unknown struct{}

func start(t *testing.T, e *fakeEngine, config values) *rpc {
	t.Helper()
	return startWith(t, e, config, nil)
}

func startWith(t *testing.T, e *fakeEngine, config values, can *tfprotov6.ConfigureProviderClientCapabilities) *rpc {
	t.Helper()
	r := serve(t, &Provider{version: "test", start: func() (session.Engine, func(context.Context)) { return e.engine(), func(context.Context) {} }})
	r.configure(config, can)
	return r
}

func serve(t *testing.T, p *Provider) *rpc {
	t.Helper()
	return serveKind(t, p, "sshkeepalive_server")
}

func serveKind(t *testing.T, p *Provider, kind string) *rpc {
	t.Helper()
	r := &rpc{t: t, kind: kind, server: p.Server(), computed: map[string]bool{}, sources: map[string]tftypes.Type{}, actions: map[string]tftypes.Type{}, lists: map[string]tftypes.Type{}}
	schemas, err := r.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	r.must(err, schemas.Diagnostics)
	r.provider = schemas.Provider.ValueType()
	s := schemas.ResourceSchemas[r.kind]
	r.resource = s.ValueType()
	for name, source := range schemas.DataSourceSchemas {
		r.sources[name] = source.ValueType()
	}
	for name, action := range schemas.ActionSchemas {
		r.actions[name] = action.Schema.ValueType()
	}
	for name, list := range schemas.ListResourceSchemas {
		r.lists[name] = list.ValueType()
	}
	for _, a := range s.Block.Attributes {
		r.computed[a.Name] = a.Computed
	}
	return r
}

func (r *rpc) configure(config values, can *tfprotov6.ConfigureProviderClientCapabilities) {
	r.t.Helper()
	configured, err := r.server.ConfigureProvider(r.t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: r.dynamic(r.provider, config), ClientCapabilities: can,
	})
	r.must(err, nil)
	r.configured, r.config, r.can = configured.Diagnostics, config, can
}

// walk lets another walk begin.
func (r *rpc) walk() {
	r.t.Helper()
	if !r.oneWalk {
		r.configure(r.config, r.can)
	}
}

// must fails the test on what no case expects.
func (r *rpc) must(err error, diags []*tfprotov6.Diagnostic) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	if text := said(diags, tfprotov6.DiagnosticSeverityError); text != "" {
		r.t.Fatal(text)
	}
}

func (r *rpc) dynamic(typ tftypes.Type, v values) *tfprotov6.DynamicValue {
	r.t.Helper()
	return r.encode(typ, build(typ, map[string]any(v)))
}

func (r *rpc) encode(typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	r.t.Helper()
	d, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		r.t.Fatal(err)
	}
	return &d
}

// build makes a value of a type from plain Go values.
func build(typ tftypes.Type, v any) tftypes.Value {
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(typ, nil)
	case unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case values:
		return build(typ, map[string]any(v))
	case map[string]any:
		if typ.Is(tftypes.Object{}) {
			return buildObject(typ.(tftypes.Object), v)
		}
		elements := map[string]tftypes.Value{}
		for name, element := range v {
			elements[name] = build(typ.(tftypes.Map).ElementType, element)
		}
		return tftypes.NewValue(typ, elements)
	case []any:
		elements := make([]tftypes.Value, len(v))
		for i, element := range v {
			elements[i] = build(elementType(typ), element)
		}
		return tftypes.NewValue(typ, elements)
	}
	return tftypes.NewValue(typ, v)
}

func elementType(typ tftypes.Type) tftypes.Type {
	if set, ok := typ.(tftypes.Set); ok {
		return set.ElementType
	}
	return typ.(tftypes.List).ElementType
}

func buildObject(typ tftypes.Object, v map[string]any) tftypes.Value {
	attributes := map[string]tftypes.Value{}
	for name, t := range typ.AttributeTypes {
		attributes[name] = build(t, v[name])
	}
	for name := range v {
		if _, ok := typ.AttributeTypes[name]; !ok {
			panic("the schema has no attribute " + name)
		}
	}
	return tftypes.NewValue(typ, attributes)
}

// state is one resource as Terraform keeps it.
type state struct {
	value    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

func (r *rpc) validate(config values) []*tfprotov6.Diagnostic {
	r.t.Helper()
	resp, err := r.server.ValidateResourceConfig(r.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: r.kind, Config: r.dynamic(r.resource, config),
	})
	r.must(err, nil)
	return resp.Diagnostics
}

// planned is the answer to a plan.
type planned struct {
	value    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	diags    []*tfprotov6.Diagnostic
	replace  []string
	empty    bool
}

func (r *rpc) plan(prior *state, config values) planned {
	r.t.Helper()
	before, private, identity := r.nothing(), []byte(nil), (*tfprotov6.ResourceIdentityData)(nil)
	if prior != nil {
		r.walk()
		before, private, identity = prior.value, prior.private, prior.identity
	}
	wanted := build(r.resource, config)
	resp, err := r.server.PlanResourceChange(r.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: r.kind, PriorState: r.encode(r.resource, before), PriorPrivate: private, PriorIdentity: identity,
		Config: r.encode(r.resource, wanted), ProposedNewState: r.encode(r.resource, r.proposed(before, wanted)),
	})
	r.must(err, nil)
	p := planned{private: resp.PlannedPrivate, identity: resp.PlannedIdentity, diags: resp.Diagnostics}
	for _, at := range resp.RequiresReplace {
		p.replace = append(p.replace, at.String())
	}
	if resp.PlannedState != nil {
		p.value = r.decode(resp.PlannedState)
		p.empty = p.value.Equal(before)
	}
	return p
}

func (r *rpc) nothing() tftypes.Value { return tftypes.NewValue(r.resource, nil) }

// proposed merges as Terraform does: what the configuration leaves to the
// provider stays as it was.
func (r *rpc) proposed(before, wanted tftypes.Value) tftypes.Value {
	r.t.Helper()
	merged, prior := fields(r.t, wanted), map[string]tftypes.Value{}
	if !before.IsNull() {
		prior = fields(r.t, before)
	}
	for name, v := range merged {
		if was, ok := prior[name]; ok && v.IsNull() && r.computed[name] {
			merged[name] = was
		}
	}
	return tftypes.NewValue(r.resource, merged)
}

func (r *rpc) decode(d *tfprotov6.DynamicValue) tftypes.Value {
	r.t.Helper()
	v, err := d.Unmarshal(r.resource)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// apply carries a plan out. A nil state is a resource that does not exist.
func (r *rpc) apply(prior *state, config values, p planned) (*state, []*tfprotov6.Diagnostic) {
	r.t.Helper()
	before := r.nothing()
	if prior != nil {
		before = prior.value
	}
	resp, err := r.server.ApplyResourceChange(r.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.kind, PriorState: r.encode(r.resource, before), PlannedState: r.encode(r.resource, p.value),
		Config: r.dynamic(r.resource, config), PlannedPrivate: p.private, PlannedIdentity: p.identity,
	})
	r.must(err, nil)
	r.walk()
	after := r.decode(resp.NewState)
	if after.IsNull() {
		return nil, resp.Diagnostics
	}
	if resp.NewIdentity == nil || resp.NewIdentity.IdentityData == nil {
		r.t.Error("no identity after an apply")
	}
	r.consistent(p.value, after, resp.Diagnostics)
	return &state{after, resp.Private, resp.NewIdentity}, resp.Diagnostics
}

// consistent insists, as Terraform does, that an apply keeps every value that
// was known at plan.
func (r *rpc) consistent(plan, after tftypes.Value, diags []*tfprotov6.Diagnostic) {
	r.t.Helper()
	if said(diags, tfprotov6.DiagnosticSeverityError) != "" {
		return
	}
	got := fields(r.t, after)
	for name, v := range fields(r.t, plan) {
		if !got[name].IsFullyKnown() {
			r.t.Errorf("%s is unknown after the apply", name)
		}
		if v.IsFullyKnown() && !v.Equal(got[name]) {
			r.t.Errorf("%s was planned as %s and became %s", name, v, got[name])
		}
	}
}

// create plans and applies a new resource.
func (r *rpc) create(config values) *state {
	r.t.Helper()
	p := r.plan(nil, config)
	r.must(nil, p.diags)
	s, diags := r.apply(nil, config, p)
	r.must(nil, diags)
	return s
}

func (r *rpc) read(s *state) (*state, []*tfprotov6.Diagnostic) {
	r.t.Helper()
	resp, err := r.server.ReadResource(r.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: r.kind, CurrentState: r.encode(r.resource, s.value), Private: s.private, CurrentIdentity: s.identity,
	})
	r.must(err, nil)
	if said(resp.Diagnostics, tfprotov6.DiagnosticSeverityError) != "" {
		return nil, resp.Diagnostics
	}
	if resp.NewIdentity == nil || resp.NewIdentity.IdentityData == nil {
		r.t.Error("no identity after a read")
	}
	return &state{r.decode(resp.NewState), resp.Private, resp.NewIdentity}, resp.Diagnostics
}

func (r *rpc) destroy(s *state) (*state, []*tfprotov6.Diagnostic) {
	r.t.Helper()
	resp, err := r.server.ApplyResourceChange(r.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.kind, PriorState: r.encode(r.resource, s.value), PlannedState: r.encode(r.resource, r.nothing()),
		Config: r.encode(r.resource, r.nothing()), PlannedPrivate: s.private, PlannedIdentity: s.identity,
	})
	r.must(err, nil)
	if after := r.decode(resp.NewState); !after.IsNull() {
		return &state{value: after}, resp.Diagnostics
	}
	return nil, resp.Diagnostics
}

func (r *rpc) importID(id string) (*state, []*tfprotov6.Diagnostic) {
	r.t.Helper()
	resp, err := r.server.ImportResourceState(r.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: r.kind, ID: id})
	r.must(err, nil)
	if len(resp.ImportedResources) == 0 {
		return nil, resp.Diagnostics
	}
	found := resp.ImportedResources[0]
	if found.Identity == nil {
		r.t.Error("no identity after an import")
	}
	return &state{r.decode(found.State), found.Private, found.Identity}, resp.Diagnostics
}

// invoke plans and invokes an action as Terraform 1.14 does, and returns what it told.
func (r *rpc) invoke(action string, config values) (told []string, diags []*tfprotov6.Diagnostic) {
	r.t.Helper()
	server, ok := r.server.(tfprotov6.ActionServer)
	if !ok {
		r.t.Fatal("the server has no actions")
	}
	c := r.dynamic(r.actions[action], config)
	planned, err := server.PlanAction(r.t.Context(), &tfprotov6.PlanActionRequest{ActionType: action, Config: c})
	r.must(err, planned.Diagnostics)
	stream, err := server.InvokeAction(r.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: action, Config: c})
	r.must(err, nil)
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			told = append(told, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			diags = append(diags, event.Diagnostics...)
		}
	}
	return told, diags
}

// list returns the results of a query, and what is said beside each.
func (r *rpc) list(config values, limit int64) (results []tfprotov6.ListResourceResult, diags []*tfprotov6.Diagnostic) {
	r.t.Helper()
	server, ok := r.server.(tfprotov6.ListResourceServer)
	if !ok {
		r.t.Fatal("the server has no lists")
	}
	stream, err := server.ListResource(r.t.Context(), &tfprotov6.ListResourceRequest{TypeName: r.kind, Config: r.dynamic(r.lists[r.kind], config), IncludeResource: true, Limit: limit})
	r.must(err, nil)
	for one := range stream.Results {
		diags = append(diags, one.Diagnostics...)
		if one.Identity != nil {
			results = append(results, one)
		}
	}
	return results, diags
}

func fields(t *testing.T, v tftypes.Value) map[string]tftypes.Value {
	t.Helper()
	var out map[string]tftypes.Value
	if err := v.As(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// get prints the attribute at a dotted path: a string as it is, null and unknown
// by those words.
func get(t *testing.T, v tftypes.Value, at string) string {
	t.Helper()
	for name := range strings.SplitSeq(at, ".") {
		if v.IsNull() || !v.IsKnown() {
			break
		}
		if v.Type().Is(tftypes.List{}) {
			var list []tftypes.Value
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || v.As(&list) != nil || i >= len(list) {
				t.Fatalf("no element %s of %s", name, at)
			}
			v = list[i]
			continue
		}
		v = fields(t, v)[name]
	}
	return text(v)
}

func text(v tftypes.Value) string {
	switch {
	case v.Type() == nil:
		return "absent"
	case !v.IsKnown():
		return "unknown"
	case v.IsNull():
		return "null"
	}
	var s string
	if v.As(&s) == nil {
		return s
	}
	return v.String()
}

// said joins the diagnostics of a severity: path, summary and detail.
func said(diags []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) string {
	var out strings.Builder
	for _, d := range diags {
		if d.Severity == severity {
			fmt.Fprintf(&out, "%s| %s\n%s\n", d.Attribute, d.Summary, d.Detail)
		}
	}
	return out.String()
}

func mustSay(t *testing.T, diags []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity, words ...string) {
	t.Helper()
	got := said(diags, severity)
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%s does not say %q:\n%s", severity, w, got)
		}
	}
}

func mustSaySummary(t *testing.T, diags []*tfprotov6.Diagnostic, want string) {
	t.Helper()
	for _, d := range diags {
		if strings.Contains(d.Summary, want) {
			return
		}
	}
	t.Errorf("no summary says %q: %s%s", want, said(diags, tfprotov6.DiagnosticSeverityError), said(diags, tfprotov6.DiagnosticSeverityWarning))
}
