package resources

import (
	"cmp"
	"context"
	"fmt"

	serverkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"

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

// serverResource is sshkeepalive_server.
type serverResource = lifecycle[serverModel, sshserver.Want, sshserver.Facts, *serverModel]

func (*serverModel) kind() kind[serverModel, sshserver.Want, sshserver.Facts] {
	return kind[serverModel, sshserver.Want, sshserver.Facts]{
		name: "server", schema: serverSchema,
		plan: sshserver.Plan, observe: sshserver.Observe, holder: serverkind.Kind.Holder, digests: serverkind.Kind.Digests,
		badImportID:      diagnostics.BadImportID,
		ownLines:         "another `drop_in_name`",
		fileDoc:          "Main configuration file, where the resource says it.",
		importAttributes: serverImportAttributes,
		planAs:           connecting,
		bakes:            (*serverModel).neverReloads,
		sameTarget:       func(m, before *serverModel) bool { return m.neverReloads() == before.neverReloads() },
		comparePlanned:   (*serverModel).comparePlanned,
		compareRefreshed: (*serverModel).compareRefreshed,
		importProblems: func(m *serverModel, have sshserver.Facts, plan keepalive.Plan) []keepalive.Problem {
			return sshserver.ImportProblems(sshserver.Adopt(dropInName(m.DropInName), have), have, plan.ManagedFile)
		},
	}
}

// serverImportAttributes fills in the defaults, too: a configuration that spells them out
// plans nothing then, and neither does one that does not.
func serverImportAttributes(file, _ string) map[string]any {
	attributes := map[string]any{
		"placement": string(sshserver.Auto), "drop_in_name": sshserver.DefaultDropIn, "takeover": true,
		"reload": defaultReload, "confirm_timeout": defaultConfirmTimeout,
	}
	if file != "" {
		attributes["config_file"] = file
	}
	return attributes
}

func (m *serverModel) neverReloads() bool { return m.Reload.ValueString() == "never" }

func (*serverModel) reconciler(e session.Engine) session.Reconciler[sshserver.Want, sshserver.Facts] {
	return e.Server
}

func (m *serverModel) target(spec host.Spec) reconcile.Target {
	t := reconcile.Target{Spec: spec, File: m.ConfigFile.ValueString(), NoReload: m.neverReloads() || spec.Transport == "image"}
	// A time that cannot be read was refused when it was validated.
	t.ConfirmTimeout, _ = keepalive.ParseDuration(cmp.Or(m.ConfirmTimeout.ValueString(), defaultConfirmTimeout))
	return t
}

func (m *serverModel) unchanged(_ sshserver.Want, have sshserver.Facts, observed keepalive.Observed) bool {
	return observed.Managed && len(observed.Drift) == 0 && !m.willReload(have) && sameOverrides(overrideList(observed.Overrides), m.MatchOverrides)
}

// willReload reports whether an apply has the daemon read the files that it has not loaded.
func (m *serverModel) willReload(have sshserver.Facts) bool {
	return have.Daemon.Stale && !m.neverReloads()
}

func (m *serverModel) setValues(ctx context.Context, values map[string][]string) diag.Diagnostics {
	var diags diag.Diagnostics
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	if m.Match.IsNull() {
		return diags
	}
	var blocks []matchModel
	diags.Append(m.Match.ElementsAs(ctx, &blocks, false)...)
	for i := range blocks {
		prefix := fmt.Sprintf("match[%d].", i)
		setFromHost(prefix, blocks[i].typed(), values, &diags)
		blocks[i].Settings = settingsFromHost(prefix, blocks[i].Settings, values)
	}
	list, more := types.ListValueFrom(ctx, m.Match.ElementType(ctx), blocks)
	diags.Append(more...)
	m.Match = list
	return diags
}

func (m *serverModel) setSeen(have sshserver.Facts) {
	m.OpenSSHVersion = types.StringValue(have.VersionText)
	m.Loaded = attribute.Loaded(have)
}

func (m *serverModel) setFound(want sshserver.Want, have sshserver.Facts, observed keepalive.Observed) {
	m.Effective, m.MatchOverrides = attribute.TextMap(observed.Effective), overrideList(observed.Overrides)
	m.DeadPeerTimeout = attribute.DeadPeer(want, have)
}

// setPredicted fills in what an apply will leave behind, as far as the facts say.
func (m *serverModel) setPredicted(want sshserver.Want, have sshserver.Facts, plan keepalive.Plan) {
	m.Effective, m.MatchOverrides = attribute.TextMap(plan.Effective), overrideList(plan.Overrides)
	m.DeadPeerTimeout = attribute.DeadPeer(want, have)
	m.Loaded = m.willBeLoaded(have, changes(plan))
}

// comparePlanned keeps the recorded overrides where others only moved their lines. What
// was managed before and no longer is falls back to a value that only the host will tell.
func (m *serverModel) comparePlanned(before *serverModel, want sshserver.Want, have sshserver.Facts, plan keepalive.Plan) []keepalive.Problem {
	recorded := types.ListNull(overrideType())
	if before != nil {
		recorded = before.MatchOverrides
		if !changes(plan) && sameOverrides(m.MatchOverrides, recorded) {
			m.MatchOverrides = recorded
		}
		if m.released(before) {
			m.DeadPeerTimeout = types.Int64Unknown()
		}
	}
	return overrideProblems(plan.Overrides, recorded, want.Attributes(have.Version))
}

// compareRefreshed keeps the recorded overrides, which the last apply has accepted.
func (m *serverModel) compareRefreshed(before *serverModel, want sshserver.Want, have sshserver.Facts, observed keepalive.Observed) diag.Diagnostics {
	name := m.name()
	var diags diag.Diagnostics
	m.DeadPeerTimeout = attribute.DeadPeer(sshserver.Want{}, have)
	if !before.MatchOverrides.IsNull() {
		diags = diagnostics.Problems(name, overrideProblems(observed.Overrides, before.MatchOverrides, want.Attributes(have.Version)))
	}
	// A version that had no such list recorded null.
	if !before.MatchOverrides.IsNull() || len(observed.Overrides) > 0 {
		m.MatchOverrides = before.MatchOverrides
	}
	if m.willReload(have) {
		diags.Append(diagnostics.Stale(name))
	}
	return diags
}

func (m *serverModel) adopt(ctx context.Context, have sshserver.Facts, _ func(sshserver.Want) (sshserver.Facts, error)) (diag.Diagnostics, error) { //nolint:unparam // as managedModel has it
	found := sshserver.Adopt(dropInName(m.DropInName), have)
	var diags diag.Diagnostics
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	blocks := make([]matchModel, len(found.Match))
	for i, block := range found.Match {
		blocks[i].Criteria = types.StringValue(block.Criteria)
		blocks[i].ChannelTimeout = types.MapNull(types.StringType)
		blocks[i].Settings = adoptSettings(fmt.Sprintf("match[%d].", i), blocks[i].typed(), block.Settings, &diags)
	}
	if len(blocks) > 0 {
		list, more := types.ListValueFrom(ctx, m.Match.ElementType(ctx), blocks)
		diags.Append(more...)
		m.Match = list
	}
	contexts := make([]attribute.Context, len(found.Contexts))
	for i, c := range found.Contexts {
		contexts[i] = attribute.NewContext(c)
	}
	if len(contexts) > 0 {
		list, more := types.ListValueFrom(ctx, m.Contexts.ElementType(ctx), contexts)
		diags.Append(more...)
		m.Contexts = list
	}
	return diags, nil
}

func (m *serverModel) willBeLoaded(have sshserver.Facts, changes bool) types.Bool {
	d := have.Daemon
	switch {
	case d.PID == 0, d.NoPIDFile && !changes:
		return attribute.Loaded(have)
	case d.NoPIDFile && !m.neverReloads():
		return types.BoolUnknown()
	case !m.neverReloads():
		return types.BoolValue(true)
	case changes:
		return types.BoolValue(false)
	}
	return attribute.Loaded(have)
}

// connecting adds who we log in as, and how, whom a change must not shut out.
func connecting(want sshserver.Want, spec host.Spec) sshserver.Want {
	if spec.Transport != "ssh" {
		return want
	}
	want.ConnectingUser = spec.User
	agent := spec.Agent != nil && *spec.Agent || spec.Agent == nil && spec.Password == ""
	if spec.PrivateKey != "" || spec.PrivateKeyPath != "" || agent {
		want.ConnectingBy = append(want.ConnectingBy, "publickey")
	}
	if spec.Password != "" {
		want.ConnectingBy = append(want.ConnectingBy, "password", "keyboard-interactive")
	}
	return want
}
