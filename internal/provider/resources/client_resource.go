package resources

import (
	"context"
	"strings"

	clientkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// clientResource is sshkeepalive_client.
type clientResource = lifecycle[clientModel, sshclient.Want, sshclient.Facts, *clientModel]

func (*clientModel) kind() kind[clientModel, sshclient.Want, sshclient.Facts] {
	return kind[clientModel, sshclient.Want, sshclient.Facts]{
		name: "client", schema: clientSchema,
		ownLines:         "other `patterns`, or another `match`",
		fileDoc:          "The configuration file: absolute, ~/path of the user who logs in, or ~user/path. Default ~/.ssh/config.",
		blockDoc:         "The line that opens the block, such as Host *.example.org.",
		importAttributes: clientImportAttributes,

		plan: sshclient.Plan, observe: sshclient.Observe, holder: clientkind.Kind.Holder, digests: clientkind.Kind.Digests,
		importProblems: func(m *clientModel, have sshclient.Facts, _ keepalive.Plan) []keepalive.Problem {
			return sshclient.ImportProblems(m.block(), have)
		},
		badImportID: func(id string, _ error) diag.Diagnostic { return diagnostics.BadBlockID(id) },
		supports:    func(_ *clientModel, spec host.Spec) diag.Diagnostics { return diagnostics.ImageRunsNoSSH(spec) },
		unreadable: func(want sshclient.Want, have sshclient.Facts) []keepalive.Problem {
			if have.Invalid == "" {
				return nil
			}
			// What ssh refuses to read has no effective values to show.
			return sshclient.Plan(want, have).Problems
		},
	}
}

func clientImportAttributes(file, block string) map[string]any {
	opened, ok := sshclient.ParseBlock(block)
	if !ok {
		return nil
	}
	attributes := map[string]any{"config_file": sshclient.DefaultFile}
	if opened.Match != "" {
		attributes["match"] = opened.Match
	} else {
		attributes["patterns"] = opened.Patterns
	}
	if user, rest, found := strings.Cut(strings.TrimPrefix(file, "~"), "/"); found && strings.HasPrefix(file, "~") && user != "" {
		attributes["user"] = user
		file = "~/" + rest
	}
	if file != "" {
		attributes["config_file"] = file
	}
	return attributes
}

func (*clientModel) reconciler(e session.Engine) session.Reconciler[sshclient.Want, sshclient.Facts] {
	return e.Client
}

func (m *clientModel) target(spec host.Spec) reconcile.Target {
	return reconcile.Target{Spec: spec, File: m.ConfigFile.ValueString(), User: m.User.ValueString()}
}

func (*clientModel) unchanged(_ sshclient.Want, _ sshclient.Facts, observed keepalive.Observed) bool {
	return observed.Managed && len(observed.Drift) == 0
}

func (m *clientModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	return diags
}

func (m *clientModel) setSeen(have sshclient.Facts) {
	m.OpenSSHVersion = types.StringValue(have.VersionText)
}

func (m *clientModel) setFound(want sshclient.Want, have sshclient.Facts, _ keepalive.Observed) {
	m.Effective = attribute.TextMaps(sshclient.Effective(want, have))
}

func (m *clientModel) setPredicted(want sshclient.Want, have sshclient.Facts, plan keepalive.Plan) {
	m.Effective = attribute.TextMaps(sshclient.Predict(want, have, plan))
}

func (m *clientModel) adopt(_ context.Context, have sshclient.Facts, _ func(sshclient.Want) (sshclient.Facts, error)) (diags diag.Diagnostics, err error) { //nolint:unparam // as managedModel has it
	found, ok := sshclient.Adopt(m.block(), have)
	if !ok {
		return diag.Diagnostics{diagnostics.NoSuchBlock(m.name(), have.File, m.block())}, nil
	}
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
