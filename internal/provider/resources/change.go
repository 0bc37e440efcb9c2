package resources

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// Create makes the settings effective. An error leaves no state: the change was
// rolled back, and a tainted resource would be destroyed first the next time.
func (l *lifecycle[M, W, F, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	patience, diags := m.attributes().Timeouts.Create(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(l.apply(ctx, m, operation{name: "create", patience: patience, past: nothingPrivate{}, private: resp.Private})...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Update makes the new settings effective. An error keeps the prior state, so
// that the next plan proposes the same change.
func (l *lifecycle[M, W, F, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	m, before := P(new(M)), P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, before)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m)...)
	patience, diags := m.attributes().Timeouts.Update(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	rec := before.common().record(readDigests(ctx, req.Private))
	resp.Diagnostics.Append(l.apply(ctx, m, operation{"update", patience, rec, req.Private, resp.Private, l.sameOnHost(ctx, m, before)})...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, false)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// sameOnHost reports whether both ask for the same on the host and differ in nothing but
// how the host is reached and how values are spelled. A value that has to be found out
// first is a difference: a plan that could not look leaves it unknown.
func (l *lifecycle[M, W, F, P]) sameOnHost(ctx context.Context, m, before P) bool {
	now := *m
	P(&now).common().ID = before.common().ID
	declared, _ := m.owned()
	then, _ := before.owned()
	same := m.kind().sameTarget
	return declared == then && equalComputed(P(&now).computed(), before.computed()) && (same == nil || same(m, before)) &&
		sameDesired[W](wishOf[W](ctx, m), wishOf[W](ctx, before))
}

// sameDesired compares what is asked for and not how it is spelled in HCL.
func sameDesired[W any](a, b wish[W]) bool {
	return !a.diags.HasError() && !b.diags.HasError() && reflect.DeepEqual(a.want, b.want)
}

// operation is a create or an update.
type operation struct {
	name     string
	patience time.Duration
	rec      reconcile.Record
	past     privateReader
	private  privateWriter
	// noChange says that nothing is asked for that would change the host. The apply
	// looks at it all the same: else it would report success for a host that it has
	// not seen.
	noChange bool
}

func (l *lifecycle[M, W, F, P]) apply(ctx context.Context, m P, o operation) diag.Diagnostics {
	l.session.Walk.Begin()
	ctx, leave := l.session.Begin(ctx)
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	where, want, diags := l.resolveKnown(ctx, m, o.name, o.past)
	if diags.HasError() {
		return diags
	}
	where.Claim.New = o.name == "create"
	*m.claim(&want) = where.Claim
	name := m.attributes().name()
	ignored := o.noChange && diagnostics.ChoosePolicy(m.attributes().OnUnreachable, l.session.OnUnreachable) == diagnostics.Ignore
	if ignored {
		where.Spec.ConnectWait = 0
	}
	declared, _ := ownershipKeys(m, where)
	back := l.session.Ownership.Write(declared)
	k := m.kind()
	s, plan, outcome, err := m.reconciler(l.session.Engine).Apply(ctx, m.target(where.Spec), want, where.Record(o.rec))
	switch {
	case err != nil && ignored && diagnostics.Unanswered(err):
		return append(diags, diagnostics.NotLooked(name, err, diagnostics.Ignore, false, diagnostics.Because(m.attributes().OnUnreachable, l.session.OnUnreachable)))
	case err != nil:
		back()
		return append(diags, diagnostics.Failures(name, o.name, err)...)
	}
	session.LogDebug(ctx, "applied", map[string]any{
		"host": where.Spec.String(), "outcome": string(outcome), "trail": plan.Trail, "managed_file": plan.ManagedFile,
	})
	seen := k.seen(want, s)
	planned := *m
	setSeen(m, s)
	m.setFound(want, s.Facts, k.observe(want, s.Facts))
	setPlanResult(m, plan)
	// What the plan showed was verified by the engine and stays as it was shown.
	keepKnown(m.computed(), P(&planned).computed())
	_, found := ownershipKeys(m, where)
	l.session.Ownership.Write(found)
	if outcome == reconcile.Applied {
		diags.Append(l.postApplyWarnings(m)...)
	}
	diags.Append(writeJSON(ctx, o.private, resourceKey, recordOf(where.Claim, seen.holder))...)
	return append(diags, savePrivate(ctx, l.session, seen, o.private, name, where.Spec)...)
}

func (l *lifecycle[M, W, F, P]) postApplyWarnings(m P) diag.Diagnostics {
	if warn := m.kind().postApplyWarnings; warn != nil {
		return warn(m)
	}
	return nil
}

// Delete puts back what was there before.
func (l *lifecycle[M, W, F, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.State.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	l.session.Walk.Begin()
	ctx, leave := l.session.Begin(ctx)
	defer leave()
	patience, diags := m.attributes().Timeouts.Delete(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	where, want, diags := l.resolveKnown(ctx, m, "destroy", req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if declared, found := ownershipKeys(m, where); l.session.Ownership.Written(declared) || l.session.Ownership.Written(found) {
		// As in a replacement that creates first, or under a new name: the lines that are
		// there now are another resource's.
		session.LogDebug(ctx, "left to the resource that has the lines now", map[string]any{"host": where.Spec.String(), "lines": declared})
		return
	}
	same, changed, err := m.reconciler(l.session.Engine).Remove(ctx, m.target(where.Spec), want, where.Record(m.common().record(nil)))
	resp.Diagnostics.Append(removed(l.session, m.attributes().name(), m.attributes().OnUnreachable, same, err)...)
	if changed {
		resp.Diagnostics.Append(l.postApplyWarnings(m)...)
	}
}

// removed says how a destroy ended.
func removed(s *session.Session, name string, spelled types.String, same bool, err error) diag.Diagnostics {
	switch {
	case errors.As(err, new(*reconcile.OtherResourceError)):
		return diag.Diagnostics{diagnostics.LeftToAnother(name)}
	case err != nil && diagnostics.Unanswered(err) && diagnostics.ChoosePolicy(spelled, s.OnUnreachable) == diagnostics.Ignore:
		return diag.Diagnostics{diagnostics.Forgotten(name, err, diagnostics.Because(spelled, s.OnUnreachable))}
	case err != nil:
		return diagnostics.Failures(name, "destroy", err)
	case !same:
		return diag.Diagnostics{diagnostics.OtherMachineLeft(name)}
	}
	return nil
}
