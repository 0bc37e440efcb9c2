package resources

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// ModifyPlan shows the reviewer what the host will look like, and refuses what
// cannot work there. Terraform calls it while it plans and again before it
// applies; the engine answers the first from what the refresh saw.
func (l *lifecycle[M, W, F, P]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
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
	ctx, leave := l.session.Begin(ctx)
	defer leave()
	p := planning[M, W, F, P]{lifecycle: l, m: m, before: before, changed: changed, past: req.Private, wish: wishOf[W](ctx, m), applying: l.session.Walk.Sure(before != nil)}
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
type planning[M, W, F any, P managedModel[M, W, F]] struct {
	*lifecycle[M, W, F, P]
	m       P
	before  P    // nil for a new resource
	changed bool // the configuration asks for something else than state has
	past    privateReader
	wish    wish[W]
	where   session.Location
	replace path.Paths
	// applying says that this is known to be the plan that the engine asks for again just
	// before it applies. It may have been made without a look, of a machine that boots.
	applying bool
}

// planFacts are what a look at the host tells about the plan.
type planFacts[W, F any] struct {
	observation
	want W // with what the resource may call its own
	s    reconcile.Snapshot[F]
	plan keepalive.Plan
}

func (p *planning[M, W, F, P]) run(ctx context.Context) (diags diag.Diagnostics) {
	setID(p.m)
	p.where, diags = p.resolve(ctx, p.m, p.past)
	if diags.HasError() {
		return diags
	}
	// Terraform plans before it destroys, so the plan of what exists already only warns of
	// lines of another resource, and it is the apply that refuses.
	p.where.Claim.New, p.where.Claim.OnlyWarns = p.before == nil, p.before != nil
	diags.Append(p.wish.diags...)
	if p.where.Unknown != "" || p.wish.unknown {
		session.LogDebug(ctx, "planned without looking", map[string]any{"unknown": p.where.Unknown})
		p.replaceMoved()
		return diags
	}
	if hasFlag(ctx, p.past, unseenKey) && !p.moving() {
		// The refresh could not look, and said so.
		p.planRecorded(ctx)
		return diags
	}
	return append(diags, p.planAhead(ctx)...)
}

// moving reports whether the resource shall live at another address.
func (p *planning[M, W, F, P]) moving() bool {
	return p.before != nil && !p.m.attributes().Host.Equal(p.before.attributes().Host)
}

// moved decides what a new address means: a machine that is proven to be the recorded
// one is changed in place, and any other machine is a new object.
func (p *planning[M, W, F, P]) moved(f planFacts[W, F]) diag.Diagnostics {
	if !p.moving() {
		return nil
	}
	rec := p.where.Record(p.before.common().record(nil))
	if rec.IsSame(f.machineID, f.identity) {
		return nil
	}
	p.replaceMoved()
	if f.machineID == "" || f.machineID != rec.MachineID {
		return nil
	}
	return diag.Diagnostics{diagnostics.ClonePlanned(p.before.attributes().name(), p.m.attributes().name(), rec, f.identity)}
}

// replaceMoved has the resource replaced if its host has another address: a machine that
// was not looked at is a new object.
func (p *planning[M, W, F, P]) replaceMoved() {
	if p.moving() {
		p.replace.Append(path.Root("host"))
	}
}

// sameLines reports whether the resource has the lines that it had.
func (p *planning[M, W, F, P]) sameLines() bool {
	now, _ := p.m.owned()
	then, _ := p.before.owned()
	return now == then
}

// planRecorded plans from what is recorded, without having looked. Unless the
// policy is to ignore that, the plan is to verify: it leaves values unknown that
// only an apply can tell.
func (p *planning[M, W, F, P]) planRecorded(ctx context.Context) {
	p.replaceMoved()
	if p.before == nil {
		return
	}
	id := p.m.common().ID
	if !p.moving() && p.sameLines() && sameDesired(p.wish, wishOf[W](ctx, p.before)) {
		copyComputed(p.m.computed(), p.before.computed())
	} else {
		forgetComputed(ctx, p.m.computed())
	}
	p.m.common().ID = id
	if diagnostics.ChoosePolicy(p.m.attributes().OnUnreachable, p.session.OnUnreachable) == diagnostics.Recheck {
		p.m.common().markUnknown(ctx)
	}
}

// planUnreachable deals with a host that cannot be looked at while planning. The refresh
// said so already, unless there was none.
func (p *planning[M, W, F, P]) planUnreachable(ctx context.Context, name string, err error) diag.Diagnostics {
	if p.applying {
		// What the reviewer saw can neither be confirmed nor be left unknown now.
		return diagnostics.Failures(name, "apply", err)
	}
	diags := notLookedAt(p.session, name, "plan", p.before == nil, p.m.attributes().OnUnreachable, err)
	if !diags.HasError() {
		p.planRecorded(ctx)
	}
	return diags
}

// planAhead looks at the host and plans what becomes of it.
func (p *planning[M, W, F, P]) planAhead(ctx context.Context) diag.Diagnostics {
	patience, diags := p.patience(ctx)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := p.m.attributes().name()
	f, err := p.facts(ctx)
	if err != nil {
		return append(diags, p.planUnreachable(ctx, name, err)...)
	}
	declared, _ := p.m.owned()
	if paths := p.changedByOthers(ctx, f); len(paths) > 0 {
		return append(diags, diagnostics.ChangedSince(name, paths))
	}
	if p.conflictsWithSibling() {
		return append(diags, diagnostics.ConflictingResources(name, declared, p.m.kind().ownLines))
	}
	session.LogDebug(ctx, "planned", map[string]any{"host": p.where.Spec.String(), "trail": f.plan.Trail, "changes": len(f.plan.Paths())})
	diags.Append(p.session.Pending.Warn(name, f.pending)...)
	diags.Append(p.recognize(f)...)
	f.plan.Problems = p.aboutOthers(f)
	if p.unchanged(f) {
		// There is nothing to plan, and no warning to repeat, even if one of our lines is
		// spelled in another way now or our lines could now stand in a better place: what
		// counts is what is effective. But that may be taken back, and then the plan is
		// to verify.
		if len(f.pending) > 0 {
			p.m.common().markUnknown(ctx)
		}
		return diags
	}
	found := p.planComputed(ctx, f)
	if p.before == nil && p.session.Ownership.MayReplace(session.OwnershipKey(p.where.Spec, declared)) {
		// The old lines may be there or gone by then.
		setPlaced(p.m, types.StringUnknown())
	}
	return append(diags, diagnostics.Problems(name, append(f.plan.Problems, found...))...)
}

// patience is how long the look may take: before an apply, as long as the apply.
func (p *planning[M, W, F, P]) patience(ctx context.Context) (time.Duration, diag.Diagnostics) {
	switch t := p.m.attributes().Timeouts; {
	case !p.applying:
		return t.Read(ctx, session.LookTimeout)
	case p.before == nil:
		return t.Create(ctx, changeTimeout)
	default:
		return t.Update(ctx, changeTimeout)
	}
}

func (p *planning[M, W, F, P]) facts(ctx context.Context) (planFacts[W, F], error) {
	f := planFacts[W, F]{want: p.wish.want}
	*p.m.claim(&f.want) = p.where.Claim
	spec := p.where.Spec
	if !p.applying {
		spec.ConnectWait = 0 // a plan waits for no machine to boot
	}
	s, err := p.m.reconciler(p.session.Engine).Look(ctx, p.m.target(spec), f.want)
	if err != nil {
		return f, err
	}
	k, planned := p.m.kind(), f.want
	if k.planAs != nil {
		planned = k.planAs(f.want, spec)
	}
	f.s, f.observation, f.plan = s, k.seen(f.want, s), k.plan(planned, s.Facts)
	return f, nil
}

// unchanged reports whether the host does what is asked, which is what was asked before.
func (p *planning[M, W, F, P]) unchanged(f planFacts[W, F]) bool {
	if p.before == nil || p.changed || keepalive.HasErrors(f.plan.Problems) || len(f.plan.MakeDirs) > 0 || !p.m.unchanged(f.want, f.s.Facts, p.m.kind().observe(f.want, f.s.Facts)) {
		return false
	}
	seen := *p.m
	setSeen(P(&seen), f.s)
	return equalComputed(P(&seen).computed(), p.before.computed())
}

// planComputed writes the prediction into the model, unless there is nothing to do.
func (p *planning[M, W, F, P]) planComputed(ctx context.Context, f planFacts[W, F]) (found []keepalive.Problem) {
	planned := *p.m
	after := P(&planned)
	setSeen(after, f.s)
	after.setPredicted(f.want, f.s.Facts, f.plan)
	setPlanResult(after, f.plan)
	if compare := p.m.kind().comparePlanned; compare != nil {
		found = compare(after, p.before, f.want, f.s.Facts, f.plan)
	}
	if p.before != nil && equalComputed(after.computed(), p.before.computed()) {
		switch {
		case p.changed: // what is asked for shows
		case changes(f.plan):
			after.common().markUnknown(ctx)
		default:
			return found
		}
	}
	*p.m = planned
	return found
}

// recognize compares the machine that answered with the recorded one. A resource that is
// now on another machine changes, because which machine it is on has to be recorded.
func (p *planning[M, W, F, P]) recognize(f planFacts[W, F]) diag.Diagnostics {
	if p.before == nil {
		return nil
	}
	declared, _ := ownershipKeys(p.m, p.where)
	p.session.Ownership.Replaceable(declared)
	if p.where.Record(p.before.common().record(nil)).IsOther(f.machineID, f.identity) {
		p.changed = true
	}
	return p.moved(f)
}

// aboutOthers is what the plan says of lines of other resources, besides the rest.
func (p *planning[M, W, F, P]) aboutOthers(f planFacts[W, F]) []keepalive.Problem {
	if p.before == nil && p.session.IDs.Has(f.holder) {
		// They go when it is their turn, or are these very lines.
		return slices.DeleteFunc(f.plan.Problems, func(x keepalive.Problem) bool {
			return x.Code == keepalive.OtherResources || x.Code == keepalive.Adopted
		})
	}
	for i := range f.plan.Problems {
		if x := &f.plan.Problems[i]; x.Code == keepalive.OtherResources && !p.m.attributes().Adopt.ValueBool() && x.Warning {
			x.Text += "\nThe apply refuses to replace them."
		}
	}
	return f.plan.Problems
}

// conflictsWithSibling reports whether another resource of this run is about the same
// lines and wants something else. One resource may be planned twice: to be replaced.
func (p *planning[M, W, F, P]) conflictsWithSibling() bool {
	declared, _ := ownershipKeys(p.m, p.where)
	other, planned := p.session.Ownership.First(declared, p.wish.want).(W)
	return planned && !reflect.DeepEqual(p.wish.want, other)
}

// changedByOthers lists the files that another program or user changed since the refresh
// and that matter to the plan. In the walk that refreshed there are none, for the engine
// answers from memory. Files that the plan does not change are not ours to watch,
// unless our lines would now go elsewhere: an apply must not do what was not reviewed.
func (p *planning[M, W, F, P]) changedByOthers(ctx context.Context, f planFacts[W, F]) []string {
	if p.before == nil || !p.sameLines() {
		return nil
	}
	recorded, rec := readDigests(ctx, p.past), p.where.Record(p.before.common().record(nil))
	if recorded == nil || rec.IsOther(f.machineID, f.identity) || p.moving() && !rec.IsSame(f.machineID, f.identity) {
		return nil
	}
	watched := f.plan.Paths()
	if file := f.plan.ManagedFile; file != "" && file != p.before.managedFile() && !p.session.Ownership.Any(p.where.Spec) {
		watched = slices.Concat(watched, slices.Collect(maps.Keys(recorded)), slices.Collect(maps.Keys(f.digests)))
	}
	slices.Sort(watched)
	return slices.DeleteFunc(slices.Compact(watched), func(name string) bool { return recorded[name] == f.digests[name] })
}
