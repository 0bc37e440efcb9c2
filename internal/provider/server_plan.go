package provider

import (
	"context"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// ModifyPlan shows the reviewer what the host will look like, and refuses what
// cannot work there. Terraform calls it while it plans and again before it
// applies; the engine answers the first from what the refresh saw.
func (r *serverResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil || req.Plan.Raw.IsNull() {
		return
	}
	var m serverModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	asked := m
	before, changed, diags := stateBefore(ctx, req, m)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, leave := r.session.enter(ctx)
	defer leave()
	p := planning{r: r, m: &m, before: before, changed: changed, past: req.Private, digests: readDigests(ctx, req.Private), unseen: hasFlag(ctx, req.Private, unseenKey)}
	resp.Diagnostics.Append(p.run(ctx)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.RequiresReplace = append(resp.RequiresReplace, p.replace...)
	if !reflect.DeepEqual(m, asked) {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
	}
}

// stateBefore is what is recorded, nil for a new resource, and whether the plan
// asks for something else. To take a model apart and put it together is what most
// of a plan is spent on, and where nothing changes it is not done twice.
func stateBefore[M any](ctx context.Context, req resource.ModifyPlanRequest, planned M) (before *M, changed bool, diags diag.Diagnostics) {
	switch {
	case req.State.Raw.IsNull():
		return nil, false, nil
	case req.Plan.Raw.Equal(req.State.Raw):
		return &planned, false, nil
	}
	before = new(M)
	return before, true, req.State.Get(ctx, before)
}

// planning is one call of ModifyPlan.
type planning struct {
	r       *serverResource
	m       *serverModel
	before  *serverModel // nil for a new resource
	changed bool         // the configuration asks for something else than state has
	past    privateReader
	digests map[string]string
	unseen  bool // the refresh could not look, and said so
	replace path.Paths
}

func (p *planning) run(ctx context.Context) diag.Diagnostics {
	if !p.m.Host.IsUnknown() {
		p.m.ID = types.StringValue(whereIs(p.m).String())
	}
	where, diags := p.r.locate(ctx, p.m, p.past)
	if diags.HasError() {
		return diags
	}
	w, more := p.m.want(ctx)
	diags.Append(more...)
	if where.unknown != "" || w.unknown {
		tflog.Debug(ctx, "planned without looking", map[string]any{"unknown": where.unknown})
		p.moved("")
		return diags
	}
	if p.unseen && !p.moving() {
		p.recorded(ctx, w.server)
		return diags
	}
	return append(diags, p.look(ctx, where, w.server)...)
}

// moving reports whether the resource shall live at another address.
func (p *planning) moving() bool { return p.before != nil && !p.m.Host.Equal(p.before.Host) }

// moved decides what a new address means: the same machine is changed in place,
// any other one is a new object, and so is one that could not be looked at.
func (p *planning) moved(machineID string) {
	if p.moving() && (machineID == "" || machineID != p.before.MachineID.ValueString()) {
		p.replace.Append(path.Root("host"))
	}
}

// recorded plans from what is recorded, without having looked. Unless the
// policy is to ignore that, the plan is to verify: it leaves values open that
// only an apply can tell.
func (p *planning) recorded(ctx context.Context, want keepalive.Server) {
	p.moved("")
	if p.before == nil {
		return
	}
	wanted, diags := p.before.want(ctx)
	if !diags.HasError() && !p.moving() && sameServer(wanted.server, want) {
		was := p.before.computed()
		was.ID = p.m.ID
		p.m.setComputed(was)
	}
	if p.policy() == recheck {
		p.m.Effective = types.MapUnknown(types.StringType)
		p.m.Trail = types.StringUnknown()
	}
}

func (p *planning) policy() policy {
	return choosePolicy(p.m.OnUnreachable, p.r.session.onUnreachable)
}

func (p *planning) look(ctx context.Context, where whereabouts, want keepalive.Server) diag.Diagnostics {
	patience, diags := p.m.Timeouts.Read(ctx, lookTimeout)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := p.m.Host.ValueString()
	sight, err := p.r.session.engine.Look(ctx, p.m.glance(where), want)
	if err != nil {
		return append(diags, p.blind(ctx, want, err)...)
	}
	plan := keepalive.PlanServer(connecting(want, where.spec), sight.Facts)
	if foreign := p.foreign(sight, plan); len(foreign) > 0 {
		return append(diags, changedSince(name, foreign))
	}
	tflog.Debug(ctx, "planned", map[string]any{"host": where.spec.String(), "trail": plan.Trail, "changes": len(plan.Changes)})
	p.moved(sight.MachineID)
	if p.settled(want, sight, plan) {
		return diags
	}
	diags.Append(problems(name, plan.Problems)...)
	p.decide(want, sight, plan)
	return diags
}

// settled reports whether the host does what is asked and nothing else is asked
// than before. Then there is nothing to plan, and no warning to repeat, even if
// somebody spelled one of our lines anew or our lines could now stand in a
// better place: what counts is what is effective.
func (p *planning) settled(want keepalive.Server, sight reconcile.Sight, plan keepalive.Plan) bool {
	if p.before == nil || p.changed || hasErrors(plan.Problems) {
		return false
	}
	observed := keepalive.ObserveServer(want, sight.Facts)
	unloaded := sight.Facts.Daemon.Stale && p.m.Reload.ValueString() != "never"
	return observed.Managed && len(observed.Drift) == 0 && !unloaded && p.same(p.m.seen(sight))
}

func hasErrors(problems []keepalive.Problem) bool {
	return slices.ContainsFunc(problems, func(p keepalive.Problem) bool { return !p.Warning })
}

// decide writes the prediction into the plan, unless there is nothing to do.
func (p *planning) decide(want keepalive.Server, sight reconcile.Sight, plan keepalive.Plan) {
	after := p.m.predicted(want, sight, plan)
	if p.before == nil {
		p.m.setComputed(after)
		return
	}
	if len(plan.Changes) == 0 {
		// The trail tells of the last change, and there is none.
		after.Trail = p.before.Trail
	}
	if p.released() {
		after.DeadPeerTimeout = types.Int64Unknown()
	}
	if len(plan.Changes) == 0 && !p.changed && p.same(after) {
		return
	}
	if len(plan.Changes) > 0 && after.equal(p.before.computed()) {
		after.Trail = types.StringUnknown()
	}
	p.m.setComputed(after)
}

// same reports whether nothing that a change of the host would repair differs.
// The version and the key of an unchanged machine are news, not drift.
func (p *planning) same(after computed) bool {
	before := p.before.computed()
	after.OpenSSHVersion, after.HostKeySHA256 = before.OpenSSHVersion, before.HostKeySHA256
	return after.equal(before)
}

// released reports whether a typed attribute was managed and shall no longer be,
// which another profile may mean as well.
func (p *planning) released() bool {
	if !p.m.Profile.Equal(p.before.Profile) {
		return true
	}
	now := p.m.typed()
	for name, field := range p.before.typed() {
		was, _ := valueOf(field)
		is, _ := valueOf(now[name])
		if !was.IsNull() && is.IsNull() {
			return true
		}
	}
	return false
}

// blind deals with a host that cannot be looked at while planning. The refresh
// said so already, unless there was none.
func (p *planning) blind(ctx context.Context, want keepalive.Server, err error) diag.Diagnostics {
	diags := p.r.session.unlooked(p.m.Host.ValueString(), "plan", p.m.OnUnreachable, err)
	if !diags.HasError() {
		p.recorded(ctx, want)
	}
	return diags
}

// foreign lists the files to be changed that somebody else changed since the
// refresh. In the walk that refreshed there are none, for the engine answers
// from memory; other files are not ours to watch, and may be those of another
// resource on the same host.
func (p *planning) foreign(sight reconcile.Sight, plan keepalive.Plan) []string {
	if p.before == nil || p.moving() || p.digests == nil || p.before.record(nil).IsOther(sight.MachineID, sight.Identity) {
		return nil
	}
	return changedFiles(plan, p.digests, sight.Digests())
}

// changedFiles lists the files of a plan whose digest is not the recorded one.
func changedFiles(plan keepalive.Plan, recorded, now map[string]string) []string {
	var found []string
	for _, c := range plan.Changes {
		if recorded[c.Path] != now[c.Path] {
			found = append(found, c.Path)
		}
	}
	return found
}

// sameServer compares what is asked for and not how it is spelled in HCL.
func sameServer(a, b keepalive.Server) bool { return reflect.DeepEqual(a, b) }
