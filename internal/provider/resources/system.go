package resources

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	systemkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/system"
)

// systemModel is sshkeepalive_host as Terraform holds it.
type systemModel struct {
	hostAttributes

	TCPRetries2        types.Int64         `tfsdk:"tcp_retries2"`
	TCPKeepaliveTime   attribute.TimeValue `tfsdk:"tcp_keepalive_time"`
	TCPKeepaliveIntvl  attribute.TimeValue `tfsdk:"tcp_keepalive_intvl"`
	TCPKeepaliveProbes types.Int64         `tfsdk:"tcp_keepalive_probes"`
	KillUserProcesses  types.Bool          `tfsdk:"kill_user_processes"`
	KillExcludeUsers   types.Set           `tfsdk:"kill_exclude_users"`

	systemComputed
}

// systemComputed holds the attributes that the provider fills in.
type systemComputed struct {
	computedAttributes
	UnacknowledgedTimeout types.Int64 `tfsdk:"unacknowledged_timeout"`
	KeepaliveTimeout      types.Int64 `tfsdk:"keepalive_timeout"`
}

func (c *systemComputed) computed() any { return c }

// placed is nil: the drop-ins have fixed names.
func (*systemModel) placed() *types.String { return nil }

func (m *systemModel) managedFile() string {
	return system.Files(wishOf[system.Want](context.Background(), m).want)
}

func (m *systemModel) typed() map[string]any { return typedFields(m, system.Attributes()) }

func (m *systemModel) identity() (id identity, complete bool) { return identityAt(&m.hostAttributes) }

func (*systemModel) owned() (declared, found string) { return system.SysctlFile, system.SysctlFile }

func (m *systemModel) want(_ context.Context, r *attributeReader) system.Want {
	return system.Want{Settings: r.settings(system.Attributes(), "", m.typed(), types.Map{})}
}

func (*systemModel) check(want system.Want) []keepalive.Problem { return system.Check(want) }

func (*systemModel) claim(want *system.Want) *keepalive.Claim { return &want.Claim }

// systemSchema describes sshkeepalive_host.
func systemSchema(ctx context.Context) schema.Schema {
	attributes := whereSchema(ctx, systemHostDoc, systemAdoptDoc)
	for _, a := range system.Attributes() {
		attributes[a.Name] = typedAttribute(a, systemTypedDocs()[a.Name]+" It is `"+a.Keyword+"`.")
	}
	maps.Copy(attributes, computedSchema("The host, in the form that `terraform import` takes.", systemEffectiveDoc, types.StringType))
	attributes["unacknowledged_timeout"] = schema.Int64Attribute{Computed: true, MarkdownDescription: systemUnacknowledgedDoc}
	attributes["keepalive_timeout"] = schema.Int64Attribute{Computed: true, MarkdownDescription: systemKeepaliveDoc}
	return schema.Schema{MarkdownDescription: systemDoc, Attributes: attributes}
}

// systemTypedDocs explains each typed attribute of sshkeepalive_host, by name.
func systemTypedDocs() map[string]string {
	return map[string]string{
		"tcp_retries2": "How often the kernel sends data again that the peer does not acknowledge, before it ends the connection. A whole number from 1 to 255. Linux's own default is 15, which is 925 seconds; 8 is 103 seconds (RFC 1122 asks for 100 at least), 5 is 13. " +
			"It ends sessions that write to a client that is gone, which sshd does not probe. The plan shows the seconds in `unacknowledged_timeout`.",
		"tcp_keepalive_time":   "After how long a silence the kernel sends the first TCP keepalive. A time: seconds (`3600`) or `\"1h\"`, `\"1h30m\"`; two spellings of the same seconds are equal. From 1 to 2147483 seconds. Linux's own default is 7200.",
		"tcp_keepalive_intvl":  "The time between two TCP keepalives that the peer does not answer. A time, as in `tcp_keepalive_time`. Linux's own default is 75.",
		"tcp_keepalive_probes": "After how many unanswered TCP keepalives the kernel ends the connection. A whole number from 1 to 255. Linux's own default is 9.",
		"kill_user_processes": "Whether logind ends all processes of a login when the login ends, also those that a lost connection would leave to process 1. systemd's own default is `false` in most distributions. " +
			"With `true`, jobs under `nohup`, `setsid`, `tmux` and `screen` end with the login too; `systemd-run --user --scope` and `loginctl enable-linger` keep a job, see [below](#what-it-takes-away).",
		"kill_exclude_users": "The users whose processes logind leaves alone. Names, without wildcards. The list replaces those of other files. logind spares `root` only while no list is set, so that a list without `root` ends the jobs of root too, and the plan warns about it.",
	}
}

const (
	systemDoc = "What a host itself does with dead connections and with the processes of ended logins: TCP timeouts of the kernel, and two settings of systemd-logind. " +
		"State is what the kernel and logind use. Our lines go into `" + system.SysctlFile + "` and `" + system.LogindFile + "`, which are read after the files of others; a later file that would win at the next boot is refused with its line. " +
		"A change is confirmed by a new connection and rolled back without it, as that of `sshkeepalive_server` is. Destroying the resource removes the files, and the kernel gets the values that it had before. One resource manages one host."
	systemHostDoc = "The host: a name in the provider's `hosts`, or `[user@]host[:port]`. It takes root, or `sudo`. " +
		"A new value is an in-place change when the machine behind it is the same one (`machine_id`), else the resource is replaced."
	systemAdoptDoc          = "Whether lines of another resource are replaced. Files of others are never changed. "
	systemEffectiveDoc      = "What the kernel and logind use for each managed setting, by its name in sysctl.d(5) and logind.conf(5); in an image, what its files say."
	systemUnacknowledgedDoc = "Seconds after which the kernel ends a connection whose data stay unacknowledged, by the `tcp_retries2` in use; known at plan. The first pause is 0.2 seconds and doubles up to 120. The kernel adds the round trip, and looks at the end of a pause, so that this is the least that it can be. Null in an image that does not set it."
	systemKeepaliveDoc      = "Seconds after which the kernel ends an idle connection with TCP keepalives whose peer is gone: `tcp_keepalive_time` and `tcp_keepalive_probes` times `tcp_keepalive_intvl`, by the values in use; known at plan. Null in an image that does not set all three."
)

// systemResource is sshkeepalive_host.
type systemResource = lifecycle[systemModel, system.Want, system.Facts, *systemModel]

func (*systemModel) kind() kind[systemModel, system.Want, system.Facts] {
	return kind[systemModel, system.Want, system.Facts]{
		name: "host", schema: systemSchema,
		plan: system.Plan, observe: system.Observe, holder: systemkind.Kind.Holder, digests: systemkind.Kind.Digests,
		badImportID: diagnostics.BadHostID,
		fileDoc:     "Not used: a host is managed once.",
		importAttributes: func(file, _ string) map[string]any {
			if file != "" {
				return nil
			}
			return map[string]any{}
		},
		importProblems: func(_ *systemModel, have system.Facts, _ keepalive.Plan) []keepalive.Problem {
			return system.ImportProblems(system.Adopt(have), have)
		},
	}
}

func (*systemModel) reconciler(e session.Engine) session.Reconciler[system.Want, system.Facts] {
	return e.System
}

func (*systemModel) target(spec host.Spec) reconcile.Target { return reconcile.Target{Spec: spec} }

func (*systemModel) unchanged(_ system.Want, _ system.Facts, observed keepalive.Observed) bool {
	return observed.Managed && len(observed.Drift) == 0
}

func (m *systemModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	return diags
}

func (*systemModel) setSeen(system.Facts) {}

func (m *systemModel) setFound(_ system.Want, have system.Facts, observed keepalive.Observed) {
	m.Effective = attribute.TextMap(observed.Effective)
	m.setTimeouts(nil, have)
}

func (m *systemModel) setPredicted(_ system.Want, have system.Facts, plan keepalive.Plan) {
	m.Effective = attribute.TextMap(plan.Effective)
	m.setTimeouts(plan.Expect, have)
}

func (m *systemModel) setTimeouts(expect []keepalive.Expectation, have system.Facts) {
	orNull := func(seconds int64, ok bool) types.Int64 {
		if !ok {
			return types.Int64Null()
		}
		return types.Int64Value(seconds)
	}
	values := system.After(expect, have)
	m.UnacknowledgedTimeout, m.KeepaliveTimeout = orNull(system.Unacknowledged(values)), orNull(system.Unanswered(values))
}

func (m *systemModel) adopt(_ context.Context, have system.Facts, _ func(system.Want) (system.Facts, error)) (diags diag.Diagnostics, _ error) { //nolint:unparam // as managedModel has it
	found := system.Adopt(have)
	if len(found.Settings) == 0 {
		return diag.Diagnostics{diagnostics.NothingOnHost(m.name())}, nil
	}
	adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
