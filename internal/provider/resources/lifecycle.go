package resources

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// changeTimeout is how long a create, an update or a delete may take unless timeouts says
// otherwise.
const changeTimeout = 5 * time.Minute

// lifecycle carries out Terraform's operations on a resource that manages settings on a
// host. M is the model of the resource, W what the model wants, and F the
// facts that a look at the host returns.
type lifecycle[M, W, F any, P managedModel[M, W, F]] struct{ session *session.Session }

var (
	_ resource.ResourceWithConfigure      = (*serverResource)(nil)
	_ resource.ResourceWithIdentity       = (*serverResource)(nil)
	_ resource.ResourceWithImportState    = (*serverResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*serverResource)(nil)
	_ resource.ResourceWithValidateConfig = (*serverResource)(nil)
)

// managedModel is what a resource has of its own, besides its schema.
type managedModel[M, W, F any] interface {
	*M
	// These come with the embedded attributes. placed is where the lines were put, nil
	// if their file is declared.
	attributes() *hostAttributes
	common() *computedAttributes
	computed() any
	placed() *types.String
	managedFile() string

	kind() kind[M, W, F]
	// identity is incomplete while a value that it needs is not known yet.
	identity() (id identity, complete bool)
	// owned names what on the host is the resource's own, as it is declared and by the
	// file in which an apply left the lines. A file may be declared by its name or left
	// to the host. Two resources with the same lines undo each other's work.
	owned() (declared, found string)

	// want translates the configuration. Values that are not known yet are left out.
	want(ctx context.Context, r *attributeReader) W
	check(want W) []keepalive.Problem
	claim(want *W) *keepalive.Claim

	reconciler(e session.Engine) session.Reconciler[W, F]
	target(spec host.Spec) reconcile.Target
	// unchanged reports whether the host does what is wanted.
	unchanged(want W, have F, observed keepalive.Observed) bool

	// setValues puts what the host says in place of each attribute that is managed.
	setValues(ctx context.Context, values map[string][]string) diag.Diagnostics
	// setSeen fills in what a look alone tells, setFound also what is effective, and
	// setPredicted what will be effective after plan.
	setSeen(have F)
	setFound(want W, have F, observed keepalive.Observed)
	setPredicted(want W, have F, plan keepalive.Plan)
	// adopt declares the resource as the host was found. look asks again.
	adopt(ctx context.Context, have F, look func(W) (F, error)) (diag.Diagnostics, error)
}

// kind describes a resource.
type kind[M, W, F any] struct {
	name     string // after the name of the provider
	schema   func(context.Context) schema.Schema
	fileDoc  string // of file in the identity
	blockDoc string // of block in the identity, "" if it has none
	// importAttributes are what an import notes of an ID, nil if no resource can have it.
	importAttributes func(file, block string) map[string]any
	badImportID      func(id string, err error) diag.Diagnostic
	ownLines         string // how two resources get different lines, "" if they cannot

	plan    func(want W, have F) keepalive.Plan
	observe func(want W, have F) keepalive.Observed
	holder  func(want W, have F) string
	digests func(want W, have F) map[string]string

	// What follows may be nil.

	// bakes reports whether the host is an image from which machines are made.
	bakes func(m *M) bool
	// supports says why a host cannot be managed in this way.
	supports func(m *M, spec host.Spec) diag.Diagnostics
	// unreadable says why facts have no effective values.
	unreadable func(want W, have F) []keepalive.Problem
	// sameTarget reports whether m is applied as before was, besides what both want.
	sameTarget func(m, before *M) bool
	// planAs adds to what is wanted who we log in as.
	planAs func(want W, spec host.Spec) W
	// comparePlanned adjusts what is planned to what is recorded, nil for a new resource,
	// and says what others changed since.
	comparePlanned func(m, before *M, want W, have F, plan keepalive.Plan) []keepalive.Problem
	// compareRefreshed does the same in a refresh.
	compareRefreshed func(m, before *M, want W, have F, observed keepalive.Observed) diag.Diagnostics
	// importProblems say what an import finds; nil: those of the plan.
	importProblems func(m *M, have F, plan keepalive.Plan) []keepalive.Problem
	// postApplyWarnings say what a change on the host leaves to its user.
	postApplyWarnings func(m *M) diag.Diagnostics
}

// wish is what a configuration asks for. It is made once for each operation.
type wish[W any] struct {
	want    W
	unknown bool // a value is not known yet, and want lacks it
	diags   diag.Diagnostics
}

func wishOf[W any](ctx context.Context, m interface {
	want(ctx context.Context, r *attributeReader) W
}) wish[W] {
	var r attributeReader
	want := m.want(ctx, &r)
	return wish[W]{want, r.unknown, r.diags}
}

// Metadata names the resource.
func (*lifecycle[M, W, F, P]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + P(new(M)).kind().name
	// The identity says where the host is, and a machine may move.
	resp.ResourceBehavior.MutableIdentity = true
}

// Schema describes the resource.
func (*lifecycle[M, W, F, P]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = P(new(M)).kind().schema(ctx)
}

// Configure takes the session. The provider is not configured when Terraform
// only validates.
func (l *lifecycle[M, W, F, P]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := req.ProviderData.(*session.Session); ok {
		l.session = s
	}
}

// ValidateConfig finds what is wrong whatever the host is.
func (l *lifecycle[M, W, F, P]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	m := P(new(M))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	w := wishOf[W](ctx, m)
	resp.Diagnostics.Append(w.diags...)
	found := m.check(w.want)
	if w.unknown {
		// What is not known yet may be what is missed.
		found = slices.DeleteFunc(found, func(p keepalive.Problem) bool {
			return p.Code == keepalive.NothingWanted || p.Code == sshclient.NoProbe || p.Code == sshclient.NoBlock
		})
	}
	resp.Diagnostics.Append(diagnostics.Problems("", found)...)
}

// resolve finds the host of m, and what the resource may call its own there.
func (l *lifecycle[M, W, F, P]) resolve(ctx context.Context, m P, past privateReader) (session.Location, diag.Diagnostics) {
	a, k := m.attributes(), m.kind()
	where, diags := l.session.Locate(ctx, session.Address{Host: a.Host, SSH: a.SSH, Pin: m.common().HostKeySHA256.ValueString()})
	where = l.session.UseLastAddress(where, recordedAddress(ctx, past))
	bakes := where.Spec.Transport == "image" || k.bakes != nil && k.bakes(m)
	where.Claim = l.session.IDs.Claim(recordedResource(ctx, past), a.Adopt.ValueBool(), bakes)
	if k.supports != nil {
		diags.Append(k.supports(m, where.Spec)...)
	}
	return where, diags
}

// resolveKnown insists that everything is known, as it is by the time of an apply.
func (l *lifecycle[M, W, F, P]) resolveKnown(ctx context.Context, m P, doing string, past privateReader) (session.Location, W, diag.Diagnostics) {
	where, diags := l.resolve(ctx, m, past)
	if diags.HasError() {
		var none W
		return where, none, diags
	}
	w := wishOf[W](ctx, m)
	diags.Append(w.diags...)
	switch {
	case where.Unknown != "":
		diags.Append(diagnostics.NotKnown(m.attributes().Host, doing, where.Unknown))
	case w.unknown:
		diags.Append(diagnostics.NotKnown(m.attributes().Host, doing, "a setting"))
	}
	*m.claim(&w.want) = where.Claim
	return where, w.want, diags
}

// ownershipKeys names the lines of m on the machine of where.
func ownershipKeys(m interface {
	owned() (declared, found string)
}, where session.Location) (declared, found string) {
	declared, found = m.owned()
	return session.OwnershipKey(where.Spec, declared), session.OwnershipKey(where.Spec, found)
}

// setID fills in the id, as far as it is known.
func setID(m interface {
	common() *computedAttributes
	identity() (identity, bool)
}) {
	if id, complete := m.identity(); complete {
		m.common().ID = types.StringValue(id.String())
	}
}

// seen is what s tells, whatever is managed there.
func (k kind[M, W, F]) seen(want W, s reconcile.Snapshot[F]) observation {
	return observation{k.digests(want, s.Facts), s.MachineID, s.Identity, k.holder(want, s.Facts), s.Pending, false}
}

// setSeen fills in what a look alone tells.
func setSeen[M, W, F any, P managedModel[M, W, F]](m P, s reconcile.Snapshot[F]) {
	setID(m)
	m.common().HostKeySHA256, m.common().MachineID = attribute.TextOrNull(s.Identity.HostKeySHA256), attribute.TextOrNull(s.MachineID)
	m.setSeen(s.Facts)
}

// notLookedAt says what a refresh or a plan makes of err: an error, or, where the
// policy allows to go on without having looked, a warning. creating says that the
// resource does not exist yet.
func notLookedAt(s *session.Session, name, doing string, creating bool, spelled types.String, err error) diag.Diagnostics {
	chosen := diagnostics.ChoosePolicy(spelled, s.OnUnreachable)
	if !diagnostics.Unanswered(err) || chosen == diagnostics.Stop {
		return diagnostics.Failures(name, doing, err)
	}
	return diag.Diagnostics{diagnostics.NotLooked(name, err, chosen, creating, diagnostics.Because(spelled, s.OnUnreachable))}
}
