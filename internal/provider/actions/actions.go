// Package actions has the actions of the provider: one way to find a host, and a model and
// a run for each. Actions are in no state. It must not know how keywords are spelled, or
// any shell.
package actions

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

// hostAction is what every action is: it reaches one host, does something there that is
// in no state, and tells what it did. M is the model of its configuration.
type hostAction[M any, P actionModel[M]] struct{ session *session.Session }

// actionModel is the model of an action.
type actionModel[M any] interface {
	*M
	// kind is the name of the action after that of the provider, and its schema.
	kind() (name string, s schema.Schema)
	address() session.Address
	// check is what is wrong whatever the host is.
	check(ctx context.Context) diag.Diagnostics
	// run does it and tells of each step.
	run(ctx context.Context, s *session.Session, where session.Location, tell func(string)) (diag.Diagnostics, error)
}

var (
	_ action.ActionWithConfigure      = (*verifyAction)(nil)
	_ action.ActionWithValidateConfig = (*verifyAction)(nil)
)

// All lists the actions.
func All() []func() action.Action {
	return []func() action.Action{
		func() action.Action { return &verifyAction{} },
		func() action.Action { return &pruneAction{} },
	}
}

// Metadata names the action.
func (*hostAction[M, P]) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	name, _ := P(new(M)).kind()
	resp.TypeName = req.ProviderTypeName + "_" + name
}

// Schema describes the action.
func (*hostAction[M, P]) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	_, resp.Schema = P(new(M)).kind()
}

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (a *hostAction[M, P]) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session.Session); ok {
		a.session = s
	}
}

// ValidateConfig finds what is wrong whatever the host is.
func (*hostAction[M, P]) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	m := P(new(M))
	if resp.Diagnostics.Append(req.Config.Get(ctx, m)...); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(m.check(ctx)...)
	}
}

// Invoke finds the host and runs the action there.
func (a *hostAction[M, P]) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	m := P(new(M))
	if resp.Diagnostics.Append(req.Config.Get(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	ctx, end := a.session.Begin(ctx)
	defer end()
	doing, _ := m.kind()
	at := m.address()
	where, diags := a.session.Locate(ctx, at)
	resp.Diagnostics.Append(diags...)
	if where.Unknown != "" {
		resp.Diagnostics.Append(diagnostics.NotKnown(at.Host, doing, where.Unknown))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, session.LookTimeout)
	defer cancel()
	where.Spec.ConnectWait = 0
	diags, err := m.run(ctx, a.session, where, func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) })
	resp.Diagnostics.Append(diags...)
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failures(at.Host.ValueString(), doing, err)...)
	}
}

// actionWhere says on which host an action runs, and how it is reached.
type actionWhere struct {
	Host types.String `tfsdk:"host"`
	SSH  types.Object `tfsdk:"ssh"`
}

func (w *actionWhere) address() session.Address { return session.Address{Host: w.Host, SSH: w.SSH} }

func actionWhereSchema(hostDoc string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{Required: true, MarkdownDescription: hostDoc, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
		"ssh":  schema.SingleNestedAttribute{Optional: true, MarkdownDescription: attribute.SSHDoc, Attributes: actionAttributes(connection.SSHSchema()), CustomType: attribute.ObjectOf(connection.SSHSchema())},
	}
}

// actionAttributes are those of a resource, for an action: a schema of the framework takes
// the attributes of any other.
func actionAttributes(of map[string]resourceschema.Attribute) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for name, a := range of {
		attributes[name] = a
	}
	return attributes
}
