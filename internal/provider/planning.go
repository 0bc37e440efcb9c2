package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// foresight is what a look at a host tells about the plan of a subject.
type foresight[M any] struct {
	machineID string // of who answered
	identity  host.Identity
	plan      keepalive.Plan
	digests   map[string]string
	holder    string              // id of the resource whose lines are there, "" if none tells
	pending   []reconcile.Pending // changes of other runs, which the host may take back
	// settled reports whether the host does what is asked, which is what was asked
	// before.
	settled func(before *M) bool
	// decide writes the prediction into the model that is planned, unless there is
	// nothing to do. before is nil for a new resource; changed says that something
	// else is asked for.
	decide func(before *M, changed bool)
	// since says what others changed since the last apply that the plan accepts; nil
	// where nothing of the kind is recorded.
	since func(before *M) []keepalive.Problem
}

// ModifyPlan shows the reviewer what the host will look like, and refuses what
// cannot work there. Terraform calls it while it plans and again before it
// applies; the engine answers the first from what the refresh saw.
func (l *lifecycle[M, P]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if l.session == nil || req.Plan.Raw.IsNull() {
		return
	}
	m := P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, m)...)
	asked := *m
	before, changed, diags := stateBefore(ctx, req, asked)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, leave := l.session.begin(ctx)
	defer leave()
	p := planning[M, P]{l: l, m: m, before: before, changed: changed, past: req.Private}
	resp.Diagnostics.Append(p.run(ctx)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.RequiresReplace = append(resp.RequiresReplace, p.replace...)
	if !reflect.DeepEqual(*m, asked) {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, m)...)
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
type planning[M any, P subject[M]] struct {
	l       *lifecycle[M, P]
	m       P
	before  P    // nil for a new resource
	changed bool // the configuration asks for something else than state has
	past    privateReader
	replace path.Paths
}

func (p *planning[M, P]) run(ctx context.Context) diag.Diagnostics {
	p.m.entitle()
	where, diags := p.l.locate(ctx, p.m, p.past)
	if diags.HasError() {
		return diags
	}
	// Terraform plans before it destroys, so the plan of what exists already only warns of
	// lines of another resource, and it is the apply that refuses.
	where.claim.New, where.claim.Adopt = p.before == nil, where.claim.Adopt || p.before != nil
	_, unknown, more := p.m.check(ctx)
	diags.Append(more...)
	if where.unknown != "" || unknown {
		logDebug(ctx, "planned without looking", map[string]any{"unknown": where.unknown})
		p.replaceMoved()
		return diags
	}
	if hasFlag(ctx, p.past, unseenKey) && !p.moving() {
		// The refresh could not look, and said so.
		p.recorded(ctx)
		return diags
	}
	return append(diags, p.look(ctx, where)...)
}

// moving reports whether the resource shall live at another address.
func (p *planning[M, P]) moving() bool {
	return p.before != nil && !p.m.place().Host.Equal(p.before.place().Host)
}

// moved decides what a new address means: a machine that is proven to be the recorded
// one is changed in place, and any other machine is a new object.
func (p *planning[M, P]) moved(where resolvedTarget, f foresight[M]) diag.Diagnostics {
	if !p.moving() {
		return nil
	}
	rec := where.record(p.before.record(nil))
	if rec.IsSame(f.machineID, f.identity) {
		return nil
	}
	p.replaceMoved()
	if f.machineID == "" || f.machineID != rec.MachineID {
		return nil
	}
	return diag.Diagnostics{diagnostics.ClonePlanned(p.before.place().Host.ValueString(), p.m.place().Host.ValueString(), rec, f.identity)}
}

// replaceMoved has the resource replaced if its host has another address: a machine that
// was not looked at is a new object.
func (p *planning[M, P]) replaceMoved() {
	if p.moving() {
		p.replace.Append(path.Root("host"))
	}
}

// recorded plans from what is recorded, without having looked. Unless the
// policy is to ignore that, the plan is to verify: it leaves values open that
// only an apply can tell.
func (p *planning[M, P]) recorded(ctx context.Context) {
	p.replaceMoved()
	if p.before == nil {
		return
	}
	if !p.moving() && p.m.about(p.before) && p.m.sameWish(ctx, p.before) {
		p.m.stay(p.before)
	}
	if diagnostics.ChoosePolicy(p.m.place().onUnreachable, p.l.session.onUnreachable) == diagnostics.Recheck {
		p.m.leaveOpen()
	}
}

func (p *planning[M, P]) look(ctx context.Context, where resolvedTarget) diag.Diagnostics {
	patience, diags := p.m.place().timeouts.Read(ctx, lookTimeout)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := p.m.place().Host.ValueString()
	f, err := p.m.foresee(ctx, p.l.session, where)
	if err != nil {
		return append(diags, p.blind(ctx, name, err)...)
	}
	if foreign := p.foreign(ctx, where, f); len(foreign) > 0 {
		return append(diags, diagnostics.ChangedSince(name, foreign))
	}
	if p.rivalled(ctx, where) {
		return append(diags, diagnostics.TwoForOne(name, p.m.lines()))
	}
	logDebug(ctx, "planned", map[string]any{"host": where.spec.String(), "trail": f.plan.Trail, "changes": len(f.plan.Paths())})
	diags.Append(p.l.session.pending.warn(name, f.pending)...)
	diags.Append(p.recognize(where, f)...)
	f.plan.Problems = p.aboutOthers(f)
	if p.before != nil && !p.changed && !hasErrors(f.plan.Problems) && f.settled(p.before) {
		// There is nothing to plan, and no warning to repeat, even if somebody spelled
		// one of our lines anew or our lines could now stand in a better place: what
		// counts is what is effective. But that may be taken back, and then the plan is
		// to verify.
		if len(f.pending) > 0 {
			p.m.leaveOpen()
		}
		return diags
	}
	f.decide(p.before, p.changed)
	if p.before == nil && p.l.session.claims.mayReplace(claimKey(where.spec, p.m.lines())) {
		p.m.leavePlaceOpen()
	}
	if f.since != nil {
		f.plan.Problems = append(f.plan.Problems, f.since(p.before)...)
	}
	return append(diags, diagnostics.Problems(name, f.plan.Problems)...)
}

// recognize compares the machine that answered with the recorded one. A resource that is
// now on another machine changes, because which machine it is on has to be recorded.
func (p *planning[M, P]) recognize(where resolvedTarget, f foresight[M]) diag.Diagnostics {
	if p.before == nil {
		return nil
	}
	p.l.session.claims.replaceable(claimKey(where.spec, p.m.lines()))
	if where.record(p.before.record(nil)).IsOther(f.machineID, f.identity) {
		p.changed = true
	}
	return p.moved(where, f)
}

// aboutOthers is what the plan says of lines of other resources, besides the rest.
func (p *planning[M, P]) aboutOthers(f foresight[M]) []keepalive.Problem {
	if p.before == nil && p.l.session.resources.has(f.holder) {
		// They go when it is their turn, or are these very lines.
		return slices.DeleteFunc(f.plan.Problems, func(x keepalive.Problem) bool {
			return x.Code == keepalive.OtherResources || x.Code == keepalive.Adopted
		})
	}
	for i := range f.plan.Problems {
		if x := &f.plan.Problems[i]; x.Code == keepalive.OtherResources && !p.m.place().adopt.ValueBool() && x.Warning {
			x.Text += "\nThe apply refuses to replace them."
		}
	}
	return f.plan.Problems
}

func hasErrors(problems []keepalive.Problem) bool {
	return slices.ContainsFunc(problems, func(p keepalive.Problem) bool { return !p.Warning })
}

// blind deals with a host that cannot be looked at while planning. The refresh
// said so already, unless there was none.
func (p *planning[M, P]) blind(ctx context.Context, name string, err error) diag.Diagnostics {
	if p.l.session.walk.sure() {
		// What the reviewer saw can neither be confirmed nor be left open now.
		return diagnostics.Failures(name, "apply", err)
	}
	diags := p.l.session.unlooked(name, "plan", p.before == nil, p.m.place().onUnreachable, err)
	if !diags.HasError() {
		p.recorded(ctx)
	}
	return diags
}

// rivalled reports whether another resource of this run is about the same lines
// and wants something else. One resource may be planned twice: to be replaced.
func (p *planning[M, P]) rivalled(ctx context.Context, where resolvedTarget) bool {
	wish := *p.m
	other, planned := p.l.session.claims.first(claimKey(where.spec, p.m.lines()), &wish).(*M)
	return planned && !p.m.sameWish(ctx, other)
}

// foreign lists the files that somebody else changed since the refresh and that
// matter to the plan. In the walk that refreshed there are none, for the engine
// answers from memory. Files that the plan does not change are not ours to watch,
// unless our lines would now go elsewhere: an apply must not do what nobody has
// reviewed.
func (p *planning[M, P]) foreign(ctx context.Context, where resolvedTarget, f foresight[M]) []string {
	if p.before == nil || !p.m.about(p.before) {
		return nil
	}
	recorded, rec := readDigests(ctx, p.past), where.record(p.before.record(nil))
	if recorded == nil || rec.IsOther(f.machineID, f.identity) || p.moving() && !rec.IsSame(f.machineID, f.identity) {
		return nil
	}
	watched := f.plan.Paths()
	if file := f.plan.ManagedFile; file != "" && file != p.before.managedFile() && !p.l.session.claims.any(where.spec) {
		watched = slices.Concat(watched, slices.Collect(maps.Keys(recorded)), slices.Collect(maps.Keys(f.digests)))
	}
	slices.Sort(watched)
	return slices.DeleteFunc(slices.Compact(watched), func(name string) bool { return recorded[name] == f.digests[name] })
}
