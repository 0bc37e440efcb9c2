package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

var (
	_ resource.ResourceWithConfigure      = (*serverResource)(nil)
	_ resource.ResourceWithIdentity       = (*serverResource)(nil)
	_ resource.ResourceWithImportState    = (*serverResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*serverResource)(nil)
	_ resource.ResourceWithValidateConfig = (*serverResource)(nil)
)

// serverResource is sshkeepalive_server.
type serverResource struct {
	lifecycle[serverModel, *serverModel]
}

// Metadata names the resource.
func (*serverResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_server"
	// The identity says where the host is, and a machine may move.
	resp.ResourceBehavior.MutableIdentity = true
}

func (m *serverModel) place() place {
	return place{address{m.Host, m.SSH, m.HostKeySHA256.ValueString()}, m.OnUnreachable, m.Timeouts, m.Adopt, m.Reload.ValueString() == "never"}
}

func (m *serverModel) check(ctx context.Context) (found []keepalive.Problem, unknown bool, diags diag.Diagnostics) {
	w, diags := m.want(ctx)
	return sshserver.Check(w.server), w.unknown, diags
}

func (*serverModel) aftermath() diag.Diagnostics { return nil }

func (*serverModel) suits(resolvedTarget) diag.Diagnostics { return nil }

func (m *serverModel) apply(ctx context.Context, s *session, where resolvedTarget, rec reconcile.Record) (sighting, error) {
	w, _ := m.want(ctx) // what is wrong with it was said before
	w.server.Claim = where.claim
	target := m.target(where)
	sight, plan, outcome, err := s.engine.Apply(ctx, target, w.server, rec)
	if err != nil {
		return sighting{}, err
	}
	logDebug(ctx, "settings are effective", map[string]any{
		"host": target.Spec.String(), "outcome": string(outcome), "trail": plan.Trail, "managed_file": plan.ManagedFile,
	})
	// What the plan showed was verified by the engine and stays as it was shown.
	m.fill(m.found(w.server, sight, plan))
	return sighting{digests: sight.Digests(w.server.DropInName), machineID: sight.MachineID, identity: sight.Identity, holder: sshserver.Holder(w.server.DropInName, sight.Facts)}, nil
}

func (m *serverModel) remove(ctx context.Context, s *session, where resolvedTarget) (same, changed bool, err error) {
	w, _ := m.want(ctx) // what is wrong with it was said before
	w.server.Claim = where.claim
	same, err = s.engine.Remove(ctx, m.target(where), w.server, where.record(m.record(nil)))
	return same, false, err
}

func (m *serverModel) target(where resolvedTarget) reconcile.Target {
	t := reconcile.Target{Spec: where.spec, File: m.ConfigFile.ValueString(), NoReload: m.Reload.ValueString() == "never" || where.spec.Transport == "image"}
	// A time that cannot be read was refused when it was validated.
	t.ConfirmTimeout, _ = attribute.ParseDuration(m.ConfirmTimeout.ValueString())
	return t
}

// glance is target for a refresh or a plan, which waits for no machine to boot.
func (m *serverModel) glance(where resolvedTarget) reconcile.Target {
	where.spec.ConnectWait = 0
	return m.target(where)
}

func (m *serverModel) record(digests map[string]string) reconcile.Record {
	return reconcile.Record{MachineID: m.MachineID.ValueString(), HostKeySHA256: m.HostKeySHA256.ValueString(), Digests: digests}
}

// sameOnHost reports whether m and before ask for the same on the host and
// differ in nothing but how the host is reached and how values are spelled.
// Anything that has to be found out first is a difference.
func (m *serverModel) sameOnHost(ctx context.Context, before *serverModel) bool {
	if !m.observedEqual(before) || !m.ConfigFile.Equal(before.ConfigFile) || !m.Reload.Equal(before.Reload) {
		return false
	}
	return m.sameWish(ctx, before)
}

// observedEqual compares the attributes whose difference is a reason to change
// the host. A plan that could not look leaves them unknown, which equals nothing.
func (m *serverModel) observedEqual(before *serverModel) bool {
	return m.ManagedFile.Equal(before.ManagedFile) && m.ManagedContent.Equal(before.ManagedContent) &&
		m.Effective.Equal(before.Effective) && sameOverrides(m.MatchOverrides, before.MatchOverrides) && m.MachineID.Equal(before.MachineID) &&
		m.Loaded.Equal(before.Loaded) && m.Trail.Equal(before.Trail)
}
