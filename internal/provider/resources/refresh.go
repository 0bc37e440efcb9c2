package resources

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// Read replaces the recorded values by the effective ones. A host that is not
// known yet is not dialled, and one that does not answer keeps its state.
func (l *lifecycle[M, W, F, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.State.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform before 1.12 forgets the identity whenever it writes state, and
	// newer ones insist on it: it is set before anything can return.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m)...)
	l.session.Walk.Refreshed()
	ctx, leave := l.session.Begin(ctx)
	defer leave()
	where, diags := l.resolve(ctx, m, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || where.Unknown != "" {
		return
	}
	declared, _ := ownershipKeys(m, where)
	l.session.Ownership.Replaceable(declared)
	rec := where.Record(m.common().record(nil))
	importing := hasFlag(ctx, req.Private, importKey)
	seen, diags, looked := l.look(ctx, m, where, importing)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, !looked)...)
	if !looked {
		return
	}
	seen.other = rec.IsOther(seen.machineID, seen.identity)
	name := m.attributes().name()
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, false)...)
	switch {
	case importing:
		resp.Diagnostics.Append(writeJSON(ctx, resp.Private, resourceKey, session.ResourceRecord{ID: seen.holder, Imported: true})...)
	case !seen.other && !where.Claim.Covers(seen.holder):
		declared, _ := m.owned()
		resp.Diagnostics.Append(diagnostics.HeldByAnother(name, declared))
	}
	resp.Diagnostics.Append(savePrivate(ctx, l.session, seen, resp.Private, name, where.Spec)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// look looks at the host for what state says is wanted, and replaces the recorded values
// by the effective ones, or by what is found if the resource is being imported. looked is
// false when the host did not answer and the policy allows to go on.
func (l *lifecycle[M, W, F, P]) look(ctx context.Context, m P, where session.Location, importing bool) (seen observation, diags diag.Diagnostics, looked bool) {
	patience, diags := m.attributes().Timeouts.Read(ctx, session.LookTimeout)
	w := wishOf[W](ctx, m)
	if diags.Append(w.diags...); diags.HasError() {
		return seen, diags, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := m.attributes().name()
	where.Spec.ConnectWait = 0 // a refresh waits for no machine to boot
	look := l.observer(ctx, m, where)
	s, err := look(w.want)
	var more diag.Diagnostics
	if err == nil {
		s, more, err = l.take(ctx, m, where, look, w.want, s, importing)
	}
	switch {
	case err == nil:
		seen = m.kind().seen(w.want, s)
		if len(seen.pending) > 0 {
			seen.digests = nil // the host may go back to other files by itself
		}
		diags.Append(l.session.Pending.Warn(name, seen.pending)...)
		return seen, append(diags, more...), true
	case importing:
		return seen, append(diags, diagnostics.Failures(name, "import", err)...), false
	}
	return seen, append(diags, notLookedAt(l.session, name, "refresh", false, m.attributes().OnUnreachable, err)...), false
}

// observer returns what looks at the host of where.
func (l *lifecycle[M, W, F, P]) observer(ctx context.Context, m P, where session.Location) func(W) (reconcile.Snapshot[F], error) {
	return func(want W) (reconcile.Snapshot[F], error) {
		return m.reconciler(l.session.Engine).Look(ctx, m.target(where.Spec), want)
	}
}

// take puts s into the model.
func (l *lifecycle[M, W, F, P]) take(ctx context.Context, m P, where session.Location, look func(W) (reconcile.Snapshot[F], error), want W, s reconcile.Snapshot[F], importing bool) (reconcile.Snapshot[F], diag.Diagnostics, error) {
	if unreadable := m.kind().unreadable; unreadable != nil {
		if found := unreadable(want, s.Facts); len(found) > 0 {
			return s, diagnostics.Problems(m.attributes().name(), found), nil
		}
	}
	if importing {
		return l.adopt(ctx, m, look, s)
	}
	return s, l.refresh(ctx, m, where, want, s), nil
}

func (l *lifecycle[M, W, F, P]) refresh(ctx context.Context, m P, where session.Location, want W, s reconcile.Snapshot[F]) diag.Diagnostics {
	before, name := *m, m.attributes().name()
	was, file := P(&before).common(), P(&before).managedFile()
	observed := m.kind().observe(want, s.Facts)
	diags := diagnostics.Problems(name, observed.Drift)
	diags.Append(m.setValues(ctx, observed.Values)...)
	setSeen(m, s)
	m.setFound(want, s.Facts, observed)
	if !observed.Managed {
		m.common().ManagedContent = types.StringNull()
		if file != "" {
			diags.Append(diagnostics.LinesGone(name, file, was.HostKeySHA256.ValueString(), s.Identity.HostKeySHA256))
		}
	}
	if compare := m.kind().compareRefreshed; compare != nil {
		diags.Append(compare(m, &before, want, s.Facts, observed)...)
	}
	if rec := where.Record(was.record(nil)); rec.IsOther(s.MachineID, s.Identity) {
		// What was recorded stays: it is what a destroy compares with.
		m.common().MachineID, m.common().HostKeySHA256 = was.MachineID, was.HostKeySHA256
		diags.Append(diagnostics.OtherMachineSeen(name, rec, s.MachineID))
	}
	session.LogDebug(ctx, "looked", map[string]any{"host": name, "managed": observed.Managed, "drift": len(observed.Drift)})
	return diags
}

// adopt declares the resource as the host was found. What the host itself makes of the
// adopted values is asked in a second look.
func (l *lifecycle[M, W, F, P]) adopt(ctx context.Context, m P, look func(W) (reconcile.Snapshot[F], error), s reconcile.Snapshot[F]) (reconcile.Snapshot[F], diag.Diagnostics, error) {
	diags, err := m.adopt(ctx, s.Facts, func(want W) (F, error) {
		again, err := look(want)
		return again.Facts, err
	})
	if err != nil || diags.HasError() {
		return s, diags, err
	}
	w, k := wishOf[W](ctx, m), m.kind()
	if diags.Append(w.diags...); diags.HasError() {
		return s, diags, nil
	}
	if s, err = look(w.want); err != nil {
		return s, diags, err
	}
	m.claim(&w.want).ID = k.holder(w.want, s.Facts)
	plan := k.plan(w.want, s.Facts)
	setSeen(m, s)
	m.setFound(w.want, s.Facts, k.observe(w.want, s.Facts))
	setPlanResult(m, plan)
	if len(plan.Paths()) > 0 || keepalive.HasErrors(plan.Problems) {
		// Effective, but not by lines of ours: the next plan will show them.
		m.common().ManagedContent = types.StringNull()
		setPlaced(m, types.StringNull())
	}
	problems := plan.Problems
	if k.importProblems != nil {
		problems = k.importProblems(m, s.Facts, plan)
	}
	diags.Append(diagnostics.Problems(m.attributes().name(), problems)...)
	return s, diags, nil
}

// changes reports whether an apply of plan would change the host.
func changes(plan keepalive.Plan) bool {
	return len(plan.Changes)+len(plan.Edits)+len(plan.MakeDirs) > 0
}
