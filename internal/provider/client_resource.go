package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// clientResource is sshkeepalive_client.
type clientResource = lifecycle[clientModel, sshclient.Want, reconcile.ClientSight, *clientModel]

func (*clientModel) kind() kind[clientModel, sshclient.Want, reconcile.ClientSight] {
	return kind[clientModel, sshclient.Want, reconcile.ClientSight]{
		name: "client", schema: clientSchema,
		fileDoc:          "The configuration file: absolute, ~/path of the user who logs in, or ~user/path. Default ~/.ssh/config.",
		blockDoc:         "The line that opens the block, such as Host *.example.org.",
		importAttributes: clientImportAttributes,
		badImportID:      func(id string, _ error) diag.Diagnostic { return diagnostics.BadBlockID(id) },
		supports:         func(m *clientModel, spec host.Spec) diag.Diagnostics { return imageRunsNoSSH(m.Host, spec) },
		unreadable: func(want sshclient.Want, s reconcile.ClientSight) []keepalive.Problem {
			if s.Facts.Invalid == "" {
				return nil
			}
			// What ssh refuses to read has no effective values to show.
			return sshclient.Plan(want, s.Facts).Problems
		},
	}
}

func imageRunsNoSSH(h types.String, spec host.Spec) diag.Diagnostics {
	if spec.Transport != "image" {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("host"), h.ValueString()+": an image runs no ssh",
		"The settings of a client are proven by its own ssh. Manage them over the transport ssh or local; for an image, render_ssh_config writes the text.")}
}

func clientImportAttributes(file, block string) map[string]any {
	opened, ok := sshclient.ParseBlock(block)
	if !ok {
		return nil
	}
	attributes := map[string]any{"config_file": defaultClientFile}
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

func (m *clientModel) operations(e engine, spec host.Spec) operations[sshclient.Want, reconcile.ClientSight] {
	t := reconcile.ClientTarget{Spec: spec, File: m.ConfigFile.ValueString(), User: m.User.ValueString()}
	return operations[sshclient.Want, reconcile.ClientSight]{
		observe: func(ctx context.Context, want sshclient.Want) (reconcile.ClientSight, error) {
			return e.LookClient(ctx, t, want)
		},
		apply: func(ctx context.Context, want sshclient.Want, rec reconcile.Record) (reconcile.ClientSight, keepalive.Plan, reconcile.Outcome, error) {
			return e.ApplyClient(ctx, t, want, rec)
		},
		remove: func(ctx context.Context, want sshclient.Want, rec reconcile.Record) (same, changed bool, err error) {
			same, err = e.RemoveClient(ctx, t, want, rec)
			return same, false, err
		},
	}
}

func (*clientModel) observation(want sshclient.Want, s reconcile.ClientSight) observation {
	return observation{
		digests: s.Digests(want.Block()), machineID: s.MachineID, identity: s.Identity,
		holder: sshclient.Holder(want.Block(), s.Facts),
	}
}

func (*clientModel) plan(_ host.Spec, want sshclient.Want, s reconcile.ClientSight) keepalive.Plan {
	return sshclient.Plan(want, s.Facts)
}

func (*clientModel) observe(want sshclient.Want, s reconcile.ClientSight) keepalive.Observed {
	return sshclient.Observe(want, s.Facts)
}

func (*clientModel) unchanged(_ sshclient.Want, _ reconcile.ClientSight, observed keepalive.Observed) bool {
	return observed.Managed && len(observed.Drift) == 0
}

func (m *clientModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	return diags
}

func (m *clientModel) setSeen(s reconcile.ClientSight) {
	m.OpenSSHVersion = types.StringValue(s.Facts.VersionText)
}

func (m *clientModel) setFound(want sshclient.Want, s reconcile.ClientSight, _ keepalive.Observed) {
	m.Effective = attribute.TextMaps(sshclient.Effective(want, s.Facts))
}

func (m *clientModel) setPredicted(want sshclient.Want, s reconcile.ClientSight, plan keepalive.Plan) {
	m.Effective = attribute.TextMaps(sshclient.Predict(want, s.Facts, plan))
}

func (m *clientModel) adopt(_ context.Context, s reconcile.ClientSight, _ func(context.Context, sshclient.Want) (reconcile.ClientSight, error)) (diags diag.Diagnostics, err error) {
	found, ok := sshclient.Adopt(m.block(), s.Facts)
	if !ok {
		return diag.Diagnostics{diagnostics.NoSuchBlock(m.name(), s.Facts.File, m.block())}, nil
	}
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
