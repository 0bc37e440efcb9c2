package provider

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

var (
	_ resource.ResourceWithConfigure      = (*serverResource)(nil)
	_ resource.ResourceWithIdentity       = (*serverResource)(nil)
	_ resource.ResourceWithImportState    = (*serverResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*serverResource)(nil)
	_ resource.ResourceWithValidateConfig = (*serverResource)(nil)
)

// The times that Terraform's operations may take unless timeouts says otherwise.
const (
	lookTimeout   = 2 * time.Minute
	changeTimeout = 5 * time.Minute
)

// serverResource is sshkeepalive_server.
type serverResource struct{ session *session }

// Metadata names the resource.
func (*serverResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_server"
	// The identity says where the host is, and a machine may move.
	resp.ResourceBehavior.MutableIdentity = true
}

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (r *serverResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session); ok {
		r.session = s
	}
}

// ValidateConfig finds what is wrong whatever the host is.
func (r *serverResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	w, diags := m.want(ctx)
	resp.Diagnostics.Append(diags...)
	found := keepalive.CheckServer(w.server)
	if w.unknown {
		// What is not known yet may be what is missed.
		found = slices.DeleteFunc(found, func(p keepalive.Problem) bool { return p.Code == keepalive.NothingWanted })
	}
	resp.Diagnostics.Append(problems("", found)...)
}

// Create makes the settings effective. An error leaves no state: the change was
// rolled back, and a tainted resource would be destroyed first the next time.
func (r *serverResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	patience, diags := m.Timeouts.Create(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	sight, diags := r.apply(ctx, &m, "create", patience, reconcile.Record{})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(writeDigests(ctx, resp.Private, sight.Digests())...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, &m)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update makes the new settings effective. An error keeps the prior state, so
// that the next plan proposes the same change.
func (r *serverResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, before serverModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, &m)...)
	if m.sameOnHost(ctx, &before) {
		tflog.Debug(ctx, "nothing to change on the host", map[string]any{"host": m.Host.ValueString()})
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	patience, diags := m.Timeouts.Update(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	rec := before.record(readDigests(ctx, req.Private))
	sight, diags := r.apply(ctx, &m, "update", patience, rec)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(writeDigests(ctx, resp.Private, sight.Digests())...)
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, false)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// apply makes m effective and fills in what was not known before.
func (r *serverResource) apply(ctx context.Context, m *serverModel, doing string, patience time.Duration, rec reconcile.Record) (reconcile.Sight, diag.Diagnostics) {
	ctx, leave := r.session.enter(ctx)
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	target, w, diags := r.ready(ctx, m, doing)
	if diags.HasError() {
		return reconcile.Sight{}, diags
	}
	sight, plan, outcome, err := r.session.engine.Apply(ctx, target, w.server, rec)
	if err != nil {
		diags.Append(failures(m.Host.ValueString(), doing, err)...)
		return sight, diags
	}
	tflog.Debug(ctx, "settings are effective", map[string]any{
		"host": target.Spec.String(), "outcome": string(outcome), "trail": plan.Trail, "managed_file": plan.ManagedFile,
	})
	// What the plan showed was verified by the engine and stays as it was shown.
	m.fill(m.found(w.server, sight, plan))
	return sight, diags
}

// ready insists that everything is known, as it is by the time of an apply.
func (r *serverResource) ready(ctx context.Context, m *serverModel, doing string) (reconcile.Target, wanted, diag.Diagnostics) {
	where, diags := r.locate(ctx, m)
	if diags.HasError() {
		return reconcile.Target{}, wanted{}, diags
	}
	w, more := m.want(ctx)
	diags.Append(more...)
	switch {
	case where.unknown != "":
		diags.Append(notKnown(m.Host, doing, where.unknown))
	case w.unknown:
		diags.Append(notKnown(m.Host, doing, "a setting"))
	}
	return m.target(where), w, diags
}

func (r *serverResource) locate(ctx context.Context, m *serverModel) (whereabouts, diag.Diagnostics) {
	return r.session.find(ctx, address{Host: m.Host, SSH: m.SSH, Pin: m.HostKeySHA256.ValueString()})
}

func (m *serverModel) target(where whereabouts) reconcile.Target {
	t := reconcile.Target{Spec: where.spec, ConfigFile: m.ConfigFile.ValueString(), NoReload: m.Reload.ValueString() == "never"}
	// A time that cannot be read was refused when it was validated.
	t.ConfirmTimeout, _ = parseDuration(m.ConfirmTimeout.ValueString())
	return t
}

// glance is target for a refresh or a plan, which waits for no machine to boot.
func (m *serverModel) glance(where whereabouts) reconcile.Target {
	where.spec.ConnectWait = 0
	return m.target(where)
}

func (m *serverModel) record(digests map[string]string) reconcile.Record {
	return reconcile.Record{MachineID: m.MachineID.ValueString(), HostKeySHA256: m.HostKeySHA256.ValueString(), Digests: digests}
}

// Delete puts back what was there before.
func (r *serverResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, leave := r.session.enter(ctx)
	defer leave()
	patience, diags := m.Timeouts.Delete(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	target, w, diags := r.ready(ctx, &m, "destroy")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	same, err := r.session.engine.Remove(ctx, target, w.server, m.record(nil))
	resp.Diagnostics.Append(r.session.removed(m.Host.ValueString(), m.OnUnreachable, same, err)...)
}

// sameOnHost reports whether m and before ask for the same on the host and
// differ in nothing but how the host is reached and how values are spelled.
// Anything that has to be found out first is a difference.
func (m *serverModel) sameOnHost(ctx context.Context, before *serverModel) bool {
	if !m.observedEqual(before) || !m.ConfigFile.Equal(before.ConfigFile) || !m.Reload.Equal(before.Reload) {
		return false
	}
	now, diags := m.want(ctx)
	then, more := before.want(ctx)
	return !diags.HasError() && !more.HasError() && sameServer(now.server, then.server)
}

// observedEqual compares the attributes whose difference is a reason to change
// the host. A plan that could not look leaves them unknown, which equals nothing.
func (m *serverModel) observedEqual(before *serverModel) bool {
	return m.ManagedFile.Equal(before.ManagedFile) && m.ManagedContent.Equal(before.ManagedContent) &&
		m.Effective.Equal(before.Effective) && m.MachineID.Equal(before.MachineID) &&
		m.Loaded.Equal(before.Loaded) && m.Trail.Equal(before.Trail)
}
