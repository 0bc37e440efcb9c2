package provider

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// The times that Terraform's operations may take unless timeouts says otherwise.
const (
	lookTimeout   = 2 * time.Minute
	changeTimeout = 5 * time.Minute
)

// lifecycle carries out Terraform's operations on a resource that manages
// settings on a host and whose model is M. What they do there is the model's.
type lifecycle[M any, P subject[M]] struct{ session *session }

// place is what a resource says about its host and how to deal with it.
type place struct {
	address
	onUnreachable types.String
	timeouts      timeouts.Value
	adopt         types.Bool
	bakes         bool // into an image, from which machines are made
}

// subject is the model of such a resource.
type subject[M any] interface {
	*M
	place() place
	// check finds what is wrong whatever the host is; unknown says that something
	// is not known yet, and was left out.
	check(ctx context.Context) (found []keepalive.Problem, unknown bool, diags diag.Diagnostics)
	identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics
	// sameOnHost reports whether both ask for the same on the host and differ in
	// nothing but how the host is reached and how values are spelled. Anything
	// that has to be found out first is a difference.
	sameOnHost(ctx context.Context, before *M) bool
	record(digests map[string]string) reconcile.Record
	// managedFile is where our lines are by the record.
	managedFile() string
	// aftermath says what a change on the host leaves to its user.
	aftermath() diag.Diagnostics
	// suits says why a machine cannot be managed in this way.
	suits(where resolvedTarget) diag.Diagnostics

	// apply makes the settings effective and fills in what was not known before.
	apply(ctx context.Context, s *session, where resolvedTarget, rec reconcile.Record) (sighting, error)
	// remove takes everything back; same is false on another machine, where nothing
	// is touched.
	remove(ctx context.Context, s *session, where resolvedTarget) (same, changed bool, err error)
	// entitle fills in the id, as far as it is known.
	entitle()
	// lines names what on the host is the resource's own: two resources with the same
	// lines undo each other's work.
	lines() string
	// linesFound names the same by the file in which an apply left the lines. A file may
	// be declared by its name or left to the host.
	linesFound() string
	// about reports whether both are about the same thing on their hosts.
	about(before *M) bool
	// sameWish reports whether both ask for the same, however it is spelled.
	sameWish(ctx context.Context, before *M) bool
	// stay takes over what before was filled in with, but for the id.
	stay(before *M)
	// leaveOpen makes unknown what a plan that only verifies must have change.
	leaveOpen()
	// leavePlaceOpen makes unknown where the lines will be.
	leavePlaceOpen()
	// foresee looks at the host while Terraform plans.
	foresee(ctx context.Context, s *session, where resolvedTarget) (foresight[M], error)
	// look replaces the recorded values by the effective ones, or by what is
	// found if the resource is being imported.
	look(ctx context.Context, s *session, where resolvedTarget, importing bool) (sighting, diag.Diagnostics, error)
}

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (l *lifecycle[M, P]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session); ok {
		l.session = s
	}
}

// ValidateConfig finds what is wrong whatever the host is.
func (l *lifecycle[M, P]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, unknown, diags := m.check(ctx)
	resp.Diagnostics.Append(diags...)
	if unknown {
		// What is not known yet may be what is missed.
		found = slices.DeleteFunc(found, func(p keepalive.Problem) bool {
			return p.Code == keepalive.NothingWanted || p.Code == sshclient.NoProbe || p.Code == sshclient.NoBlock
		})
	}
	resp.Diagnostics.Append(diagnostics.Problems("", found)...)
}

// Create makes the settings effective. An error leaves no state: the change was
// rolled back, and a tainted resource would be destroyed first the next time.
func (l *lifecycle[M, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	patience, diags := m.place().timeouts.Create(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(l.apply(ctx, m, operation{name: "create", patience: patience, past: nothingPrivate{}, private: resp.Private})...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(m.identify(ctx, resp.Identity)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Update makes the new settings effective. An error keeps the prior state, so
// that the next plan proposes the same change.
func (l *lifecycle[M, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	m, before := P(new(M)), P(new(M))
	resp.Diagnostics.Append(req.Plan.Get(ctx, m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, before)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(m.identify(ctx, resp.Identity)...)
	patience, diags := m.place().timeouts.Update(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	rec := before.record(readDigests(ctx, req.Private))
	resp.Diagnostics.Append(l.apply(ctx, m, operation{"update", patience, rec, req.Private, resp.Private, m.sameOnHost(ctx, before)})...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, unseenKey, false)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// operation is a create or an update.
type operation struct {
	name     string
	patience time.Duration
	rec      reconcile.Record
	past     privateReader
	private  privateWriter
	// noChange says that nothing is asked for that would change the host. It is looked
	// at all the same, or the apply would report success for a host nobody has seen.
	noChange bool
}

func (l *lifecycle[M, P]) apply(ctx context.Context, m P, o operation) diag.Diagnostics {
	l.session.walk.begin()
	ctx, leave := l.session.begin(ctx)
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	where, diags := l.ready(ctx, m, o.name, o.past)
	if diags.HasError() {
		return diags
	}
	where.claim.New = o.name == "create"
	name := m.place().Host.ValueString()
	ignored := o.noChange && diagnostics.ChoosePolicy(m.place().onUnreachable, l.session.onUnreachable) == diagnostics.Ignore
	if ignored {
		where.spec.ConnectWait = 0
	}
	back := l.session.claims.write(claimKey(where.spec, m.lines()))
	seen, err := m.apply(ctx, l.session, where, where.record(o.rec))
	switch {
	case err != nil && ignored && diagnostics.Unanswered(err):
		return append(diags, diagnostics.NotLooked(name, err, diagnostics.Ignore, false, diagnostics.Because(m.place().onUnreachable, l.session.onUnreachable)))
	case err != nil:
		back()
		return append(diags, diagnostics.Failures(name, o.name, err)...)
	}
	l.session.claims.write(claimKey(where.spec, m.linesFound()))
	if seen.changed {
		diags.Append(m.aftermath()...)
	}
	diags.Append(writeJSON(ctx, o.private, resourceKey, recordOf(where.claim, seen.holder))...)
	return append(diags, l.session.keep(ctx, seen, o.private, name, where.spec)...)
}

// ready insists that everything is known, as it is by the time of an apply.
func (l *lifecycle[M, P]) ready(ctx context.Context, m P, doing string, past privateReader) (resolvedTarget, diag.Diagnostics) {
	where, diags := l.locate(ctx, m, past)
	if diags.HasError() {
		return where, diags
	}
	_, unknown, more := m.check(ctx)
	diags.Append(more...)
	switch {
	case where.unknown != "":
		diags.Append(diagnostics.NotKnown(m.place().Host, doing, where.unknown))
	case unknown:
		diags.Append(diagnostics.NotKnown(m.place().Host, doing, "a setting"))
	}
	return where, diags
}

func (l *lifecycle[M, P]) locate(ctx context.Context, m P, past privateReader) (resolvedTarget, diag.Diagnostics) {
	where, diags := l.session.resolveTarget(ctx, m.place().address)
	where = l.session.expect(ctx, where, past)
	where.claim = l.session.resources.claim(ctx, past, m.place().adopt.ValueBool(), m.place().bakes || where.spec.Transport == "image")
	return where, append(diags, m.suits(where)...)
}

// Read replaces the recorded values by the effective ones. A host that is not
// known yet is not dialled, and one that does not answer keeps its state.
func (l *lifecycle[M, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.State.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform before 1.12 forgets the identity whenever it writes state, and
	// newer ones insist on it: it is set before anything can return.
	resp.Diagnostics.Append(m.identify(ctx, resp.Identity)...)
	ctx, leave := l.session.begin(ctx)
	defer leave()
	where, diags := l.locate(ctx, m, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || where.unknown != "" {
		return
	}
	l.session.claims.replaceable(claimKey(where.spec, m.lines()))
	rec := where.record(m.record(nil))
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
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, false)...)
	switch {
	case importing:
		resp.Diagnostics.Append(writeJSON(ctx, resp.Private, resourceKey, resourceRecord{seen.holder, true})...)
	case !seen.other && !where.claim.Covers(seen.holder):
		resp.Diagnostics.Append(diagnostics.HeldByAnother(m.place().Host.ValueString(), m.lines()))
	}
	resp.Diagnostics.Append(l.session.keep(ctx, seen, resp.Private, m.place().Host.ValueString(), where.spec)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// look looks at the host for what state says is wanted. looked is false when it
// did not answer and the policy allows to go on.
func (l *lifecycle[M, P]) look(ctx context.Context, m P, where resolvedTarget, importing bool) (seen sighting, diags diag.Diagnostics, looked bool) {
	patience, diags := m.place().timeouts.Read(ctx, lookTimeout)
	if diags.HasError() {
		return seen, diags, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := m.place().Host.ValueString()
	seen, more, err := m.look(ctx, l.session, where, importing)
	switch {
	case err == nil:
		return seen, append(diags, more...), true
	case importing:
		return seen, append(diags, diagnostics.Failures(name, "import", err)...), false
	}
	return seen, append(diags, l.session.unlooked(name, "refresh", false, m.place().onUnreachable, err)...), false
}

// Delete puts back what was there before.
func (l *lifecycle[M, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.State.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	l.session.walk.begin()
	ctx, leave := l.session.begin(ctx)
	defer leave()
	patience, diags := m.place().timeouts.Delete(ctx, changeTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	where, diags := l.ready(ctx, m, "destroy", req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if l.session.claims.written(claimKey(where.spec, m.lines())) || l.session.claims.written(claimKey(where.spec, m.linesFound())) {
		// As in a replacement that creates first, or under a new name: what is there
		// now is somebody else's.
		logDebug(ctx, "left to the resource that has the lines now", map[string]any{"host": where.spec.String(), "lines": m.lines()})
		return
	}
	same, changed, err := m.remove(ctx, l.session, where)
	resp.Diagnostics.Append(l.session.removed(m.place().Host.ValueString(), m.place().onUnreachable, same, err)...)
	if changed {
		resp.Diagnostics.Append(m.aftermath()...)
	}
}
