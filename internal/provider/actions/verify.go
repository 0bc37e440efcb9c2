package actions

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/resources"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// verifyAction is sshkeepalive_verify.
type verifyAction = hostAction[verifyModel, *verifyModel]

// verifyModel is sshkeepalive_verify as Terraform holds it.
type verifyModel struct {
	actionWhere
	resources.ServerSettings
	ConfigFile types.String `tfsdk:"config_file"`
}

const (
	verifyDoc = "Looks at the sshd of a host now and fails where it does something else than is declared here. Changes nothing. " +
		"It fails as well where nothing could be verified: the host does not answer, sshd would not load its configuration, the running daemon has not loaded the files that are on disk, a change of another run is not confirmed yet, or `sshd -T` does not print a value. " +
		"Who wrote the lines, and where they stand, does not matter.\n\n" + actionEngineDoc
	actionEngineDoc = "Actions need Terraform 1.14 or later. Earlier versions, and OpenTofu, use the rest of this provider as if it had none."
	actionHostDoc   = "Where: an address, or a name in the provider's `hosts`, as for the resources."
)

func (*verifyModel) kind() (string, schema.Schema) {
	attributes := actionWhereSchema(actionHostDoc)
	maps.Copy(attributes, actionAttributes(resources.ServerSettingsSchema()))
	attributes["config_file"] = schema.StringAttribute{Optional: true, MarkdownDescription: attribute.MainFileDoc, Validators: []validator.String{attribute.AbsolutePath{}}}
	return "verify", schema.Schema{MarkdownDescription: verifyDoc, Attributes: attributes}
}

func (m *verifyModel) check(ctx context.Context) diag.Diagnostics {
	want, unknown, diags := m.Want(ctx)
	found := sshserver.Check(want)
	if unknown {
		found = slices.DeleteFunc(found, func(p keepalive.Problem) bool { return p.Code == keepalive.NothingWanted })
	}
	return append(diags, diagnostics.Problems("", found)...)
}

func (m *verifyModel) run(ctx context.Context, s *session.Session, where session.Location, tell func(string)) (diag.Diagnostics, error) {
	name := m.Host.ValueString()
	want, _, diags := m.Want(ctx)
	if diags.HasError() {
		return diags, nil
	}
	sight, err := s.Engine.Live.Look(ctx, reconcile.Target{Spec: where.Spec, File: m.ConfigFile.ValueString()}, want)
	if err != nil {
		return nil, err
	}
	diags = diagnostics.Problems(name, sshserver.Verify(want, sight.Facts))
	if sight.Facts.Daemon.Stale {
		diags.Append(diagnostics.Stale(name))
	}
	for _, change := range sight.Pending {
		diags.Append(diagnostics.PendingChange(name, change))
	}
	if len(diags) == 0 {
		tell(fmt.Sprintf("%s: sshd does what is declared (%s)", name, sight.Facts.VersionText))
	}
	return diagnostics.AsErrors(diags), nil
}
