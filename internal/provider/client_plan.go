package provider

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// ModifyPlan shows the reviewer what the file will look like, and refuses what
// cannot work there.
func (r *clientResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil || req.Plan.Raw.IsNull() {
		return
	}
	p := clientPlanning{r: r, m: &clientModel{}, past: req.Private, digests: readDigests(ctx, req.Private), unseen: hasFlag(ctx, req.Private, unseenKey)}
	resp.Diagnostics.Append(req.Plan.Get(ctx, p.m)...)
	asked := *p.m
	var diags diag.Diagnostics
	p.before, p.changed, diags = stateBefore(ctx, req, asked)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, leave := r.session.enter(ctx)
	defer leave()
	resp.Diagnostics.Append(p.run(ctx)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.RequiresReplace = append(resp.RequiresReplace, p.replace...)
	if !reflect.DeepEqual(*p.m, asked) {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, p.m)...)
	}
}

// clientPlanning is one call of ModifyPlan.
type clientPlanning struct {
	r       *clientResource
	m       *clientModel
	before  *clientModel // nil for a new resource
	changed bool         // the configuration asks for something else than state has
	past    privateReader
	digests map[string]string
	unseen  bool // the refresh could not look, and said so
	replace path.Paths
}

func (p *clientPlanning) run(ctx context.Context) diag.Diagnostics {
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
	p.m.ID = types.StringValue(whichBlock(p.m).String())
	if p.unseen && !p.moving() {
		p.recorded(ctx, w.client)
		return diags
	}
	patience, more := p.m.Timeouts.Read(ctx, lookTimeout)
	diags.Append(more...)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := p.m.Host.ValueString()
	sight, err := p.r.session.engine.LookClient(ctx, p.m.glance(where), w.client)
	if err != nil {
		p.recorded(ctx, w.client)
		return append(diags, p.r.session.unlooked(name, "plan", p.m.OnUnreachable, err)...)
	}
	plan := keepalive.PlanClient(w.client, sight.Facts)
	if p.before != nil && p.sameBlock() && p.digests != nil && !p.before.record(nil).IsOther(sight.MachineID, sight.Identity) {
		if foreign := changedFiles(plan, p.digests, sight.Digests(w.client.Block())); len(foreign) > 0 {
			return append(diags, changedSince(name, foreign))
		}
	}
	tflog.Debug(ctx, "planned", map[string]any{"host": where.spec.String(), "trail": plan.Trail, "changes": len(plan.Changes)})
	p.moved(sight.MachineID)
	if p.settled(w.client, sight, plan) {
		return diags
	}
	diags.Append(problems(name, plan.Problems)...)
	p.decide(w.client, sight, plan)
	return diags
}

// moving reports whether the resource shall live at another address.
func (p *clientPlanning) moving() bool { return p.before != nil && !p.m.Host.Equal(p.before.Host) }

// moved decides what a new address means, as in sshkeepalive_server.
func (p *clientPlanning) moved(machineID string) {
	if p.moving() && (machineID == "" || machineID != p.before.MachineID.ValueString()) {
		p.replace.Append(path.Root("host"))
	}
}

// sameBlock reports whether the plan is about the block that is recorded.
func (p *clientPlanning) sameBlock() bool {
	return !p.moving() && whichBlock(p.m).String() == whichBlock(p.before).String()
}

// recorded plans from what is recorded, without having looked, as in
// sshkeepalive_server.
func (p *clientPlanning) recorded(ctx context.Context, want keepalive.Client) {
	p.moved("")
	if p.before == nil {
		return
	}
	wanted, diags := p.before.want(ctx)
	if !diags.HasError() && p.sameBlock() && sameClient(wanted.client, want) {
		id := p.m.ID
		p.m.clientComputed = p.before.clientComputed
		p.m.ID = id
	}
	if choosePolicy(p.m.OnUnreachable, p.r.session.onUnreachable) == recheck {
		p.m.Effective = types.MapUnknown(effectiveType)
		p.m.Trail = types.StringUnknown()
	}
}

// settled reports whether ssh does what is asked and nothing else is asked than
// before.
func (p *clientPlanning) settled(want keepalive.Client, sight reconcile.ClientSight, plan keepalive.Plan) bool {
	if p.before == nil || p.changed || hasErrors(plan.Problems) || len(plan.MakeDirs) > 0 {
		return false
	}
	observed := keepalive.ObserveClient(want, sight.Facts)
	return observed.Managed && len(observed.Drift) == 0 && p.m.seen(sight).equal(p.before.clientComputed)
}

// decide writes the prediction into the plan, unless there is nothing to do.
func (p *clientPlanning) decide(want keepalive.Client, sight reconcile.ClientSight, plan keepalive.Plan) {
	after := p.m.decided(sight, plan, keepalive.PredictClient(want, sight.Facts, plan))
	if p.before == nil {
		p.m.clientComputed = after
		return
	}
	idle := len(plan.Changes)+len(plan.MakeDirs) == 0
	if idle {
		// The trail tells of the last change, and there is none.
		after.Trail = p.before.Trail
	}
	if idle && !p.changed && after.equal(p.before.clientComputed) {
		return
	}
	if !idle && after.equal(p.before.clientComputed) {
		after.Trail = types.StringUnknown()
	}
	p.m.clientComputed = after
}
