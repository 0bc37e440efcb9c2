package resources

import (
	"cmp"
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
)

// coolifyModel is sshkeepalive_coolify as Terraform holds it.
type coolifyModel struct {
	hostAttributes

	File    types.String `tfsdk:"file"`
	Release types.String `tfsdk:"release"`

	MuxEnabled            types.Bool          `tfsdk:"mux_enabled"`
	MuxPersistTime        attribute.TimeValue `tfsdk:"mux_persist_time"`
	MuxMaxAge             attribute.TimeValue `tfsdk:"mux_max_age"`
	MuxHealthCheckEnabled types.Bool          `tfsdk:"mux_health_check_enabled"`
	MuxHealthCheckTimeout attribute.TimeValue `tfsdk:"mux_health_check_timeout"`
	MuxLockTTL            attribute.TimeValue `tfsdk:"mux_lock_ttl"`
	MuxLockTimeout        attribute.TimeValue `tfsdk:"mux_lock_timeout"`
	MuxOrphanMinAge       attribute.TimeValue `tfsdk:"mux_orphan_min_age"`
	MuxOrphanReapEnabled  types.Bool          `tfsdk:"mux_orphan_reap_enabled"`
	CommandTimeout        attribute.TimeValue `tfsdk:"command_timeout"`
	MaxRetries            types.Int64         `tfsdk:"max_retries"`
	RetryBaseDelay        attribute.TimeValue `tfsdk:"retry_base_delay"`
	RetryMaxDelay         attribute.TimeValue `tfsdk:"retry_max_delay"`
	RetryMultiplier       types.String        `tfsdk:"retry_multiplier"`
	Settings              types.Map           `tfsdk:"settings"`

	coolifyComputed
}

// coolifyComputed holds the attributes that the provider fills in.
type coolifyComputed struct {
	computedAttributes
	CoolifyVersion types.String `tfsdk:"coolify_version"`
}

func (c *coolifyComputed) computed() any { return c }

// placed is nil: the file is declared.
func (*coolifyModel) placed() *types.String { return nil }

func (m *coolifyModel) managedFile() string { return m.File.ValueString() }

func (m *coolifyModel) typed() map[string]any { return typedFields(m, coolify.Attributes()) }

func (m *coolifyModel) identity() (id identity, complete bool) {
	id, complete = identityAt(&m.hostAttributes)
	id.File = m.File
	return id, complete && !m.File.IsUnknown()
}

func (m *coolifyModel) owned() (declared, found string) { return m.managedFile(), m.managedFile() }

func (m *coolifyModel) want(_ context.Context, r *attributeReader) coolify.Want {
	r.also(m.Adopt, m.File)
	return coolify.Want{
		Settings: r.settings(coolify.Attributes(), "", m.typed(), m.Settings),
		Release:  r.text(m.Release),
		Claim:    keepalive.Claim{Adopt: m.Adopt.ValueBool()},
	}
}

func (m *coolifyModel) check(want coolify.Want) []keepalive.Problem {
	found := coolify.Check(want)
	if file := m.managedFile(); file != "" {
		found = append(found, coolify.CheckFile(file)...)
	}
	return found
}

func (*coolifyModel) claim(want *coolify.Want) *keepalive.Claim { return &want.Claim }

// coolifySchema describes sshkeepalive_coolify.
func coolifySchema(ctx context.Context) schema.Schema {
	attributes := whereSchema(ctx, coolifyHostDoc, adoptDoc+coolifyAdoptDoc)
	for _, a := range coolify.Attributes() {
		attributes[a.Name] = typedAttribute(a, coolifyTypedDocs()[a.Name]+" The key is `"+a.Keyword+"`.")
	}
	attributes["release"] = schema.StringAttribute{Optional: true, MarkdownDescription: coolifyReleaseDoc}
	attributes["settings"] = schema.MapAttribute{Optional: true, MarkdownDescription: coolifySettingsDoc, ElementType: types.StringType}
	attributes["file"] = schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: coolifyFileDoc,
		Default:             stringdefault.StaticString(coolify.DefaultFile),
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		Validators:          []validator.String{attribute.AbsolutePath{}, attribute.CleanPath{}},
	}
	maps.Copy(attributes, coolifyObservedSchema())
	return schema.Schema{MarkdownDescription: coolifyDoc, Attributes: attributes}
}

func coolifyObservedSchema() map[string]schema.Attribute {
	attributes := computedSchema("The host and the file, in the form that `terraform import` takes.", coolifyEffectiveDoc, types.StringType)
	attributes["managed_content"] = observedText("The lines that the file has for the managed keys; known at plan. Nothing else of the file is in state.")
	attributes["coolify_version"] = observedText("The release that the file names (`COOLIFY_VERSION`, else `LATEST_IMAGE`, which Coolify's own upgrade writes since August 2026). Null when it names none.")
	attributes["host_key_sha256"] = observedText(attribute.HostKeyIDDoc + " Null on the transport `local`.")
	return attributes
}

// coolifyTypedDocs explains each typed attribute of sshkeepalive_coolify, by name:
// what it means, and what Coolify does without it.
func coolifyTypedDocs() map[string]string {
	return map[string]string{
		"mux_enabled": "Whether Coolify shares one SSH connection per server among all it does there. Coolify's own default is `true`. `false` is the cure for deployments that end with exit code 255 because another process ended the connection that they shared. " +
			"A line with the older key `MUX_ENABLED`, which beats this one, becomes a comment.",
		"mux_persist_time": "How long a shared connection stays after its last use (`ControlPersist`). A time, as in `command_timeout`. Coolify's own default is `3600`. `0` keeps it without a limit, and the plan warns about it. From Coolify 4.1.2 to 4.3.8 an hourly clean-up also ends connections that are so old, in use or not.",
		"mux_max_age": "After what age a shared connection is replaced. A time, as in `command_timeout`. Coolify's own default is `1800`, in the releases that read the key, 4.0.0-beta.427 to 4.3.8 but for 4.1.1: they end the old connection (`ssh -O exit`) with every deployment that runs over it. Since 4.3.9 the key has no effect. " +
			"The plan warns whenever it is set, and also when such a release may be at work without it.",
		"mux_health_check_enabled": "Whether Coolify runs a command over a shared connection before it uses it. Coolify's own default is `true`.",
		"mux_health_check_timeout": "How long that command may take before the connection is taken for dead. A time, as in `command_timeout`. Coolify's own default is `5`. `0` sets no limit, and the plan warns about it, as it does about less than `5` in the releases that read `mux_max_age`, which end a busy server's connection with all that runs over it.",
		"mux_lock_ttl":             "After how long the lock on opening a server's shared connection ends by itself. A time, as in `command_timeout`. Coolify's own default is `30`. It must be longer than a health check and connecting (10 seconds) take together.",
		"mux_lock_timeout":         "How long to wait for that lock before a command gets a connection of its own. A time, as in `command_timeout`. Coolify's own default is `10`. It must be shorter than `mux_lock_ttl`, or two connections are opened for one socket.",
		"mux_orphan_min_age":       "How old an `ssh` process without a socket must be to count as an orphan. A time, as in `command_timeout`. Coolify's own default is `600`.",
		"mux_orphan_reap_enabled":  "Whether orphans are ended, and not only logged. Coolify's own default is `false`. While a healthy connection has the socket none is ended (Coolify issue 11883).",
		"command_timeout": "After how long a command on a server is ended, deployments included. A time: seconds (`3600`) or `\"1h\"`, `\"1h30m\"`; two spellings of the same seconds are equal, and the file gets the seconds. Coolify's own default is `3600`. " +
			"`0` sets no limit, and the plan warns about it.",
		"max_retries":      "How often a command is tried in all when its connection breaks. A whole number. Coolify's own default is `3`. What a command did before the connection broke is done again, and the plan warns about more than `1`, which never repeats one. With `0` nothing is ever run.",
		"retry_base_delay": "How long to wait before the second try. A time, as in `command_timeout`. Coolify's own default is `2`.",
		"retry_max_delay":  "The longest wait. A time, as in `command_timeout`. Coolify's own default is `30`.",
		"retry_multiplier": "By what the wait grows from try to try, a number from `1` on. Coolify's own default is `2`.",
	}
}

const (
	coolifyDoc = "How a Coolify holds its SSH connections to the servers that it deploys to: the `SSH_` keys of its environment file. " +
		"Only the lines of the managed keys are changed, in one step; comments, order, quotes, line ends, owner and mode stay. Edits by hand show up in the plan, as does a duplicate that would win. " +
		"The file is full of secrets (`APP_KEY`, `DB_PASSWORD`): they do not leave the host, see [below](#secrets). Destroying the resource puts back exactly what was there before. " +
		"One resource manages one file. Coolify loads the file when its container is created again: see [below](#when-it-takes-effect)."
	coolifyHostDoc = "Where Coolify itself runs, not a server that it deploys to: a name in the provider's `hosts`, or `[user@]host[:port]`. The file belongs to root, so that it takes root, or `sudo`. " +
		"A new value is an in-place change when the machine behind it is the same one (`machine_id`), else the resource is replaced."
	coolifyFileDoc    = "The environment file. Default `" + coolify.DefaultFile + "`, where Coolify's installer puts it. It must be there, and be called `.env`, `.env.NAME` or `NAME.env`. A symbolic link is followed only where root alone can have made it. A new value replaces the resource."
	coolifyReleaseDoc = "The release of Coolify, such as `4.3.9` or `4.0.0-beta.427`, where the file does not name it: Coolify's upgrade writes it there only since August 2026. Never written. " +
		"The plan checks the settings against it, and warns as for an old release while neither says which one runs. Default: what the file names."
	coolifyAdoptDoc    = "Every assignment of a key that this resource sets is adopted. Without `adopt` one that says the same stays as it is, and one that says something else is replaced, and restored on destroy. "
	coolifySettingsDoc = "Other keys that begin with `SSH_`, of releases that this provider does not know: `{ SSH_MUX_NEW_KEY = \"1\" }`. Values are compared as text, and quoted in the file where they need it. " +
		"A key that has an attribute of its own is refused here. Values are in state; a secret has no place here."
	coolifyEffectiveDoc = "What the file gives each managed key, by key: of several lines the last, and of `MUX_ENABLED` and `SSH_MUX_ENABLED` the former, as Coolify reads them."
)

// coolifyResource is sshkeepalive_coolify.
type coolifyResource = lifecycle[coolifyModel, coolify.Want, coolify.Facts, *coolifyModel]

func (*coolifyModel) kind() kind[coolifyModel, coolify.Want, coolify.Facts] {
	return kind[coolifyModel, coolify.Want, coolify.Facts]{
		name: "coolify", schema: coolifySchema,
		plan: coolify.Plan, observe: coolify.Observe, holder: envfile.Kind.Holder, digests: envfile.Kind.Digests,
		importProblems: func(_ *coolifyModel, have coolify.Facts, plan keepalive.Plan) []keepalive.Problem {
			return append(coolify.ImportProblems(have), plan.Problems...)
		},
		badImportID: diagnostics.BadFileID,
		fileDoc:     "The environment file. Default " + coolify.DefaultFile + ".",
		importAttributes: func(file, _ string) map[string]any {
			return map[string]any{"file": cmp.Or(file, coolify.DefaultFile)}
		},
		postApplyWarnings: func(m *coolifyModel) diag.Diagnostics {
			return diag.Diagnostics{diagnostics.NotLoadedYet(m.name(), m.managedFile())}
		},
	}
}

func (*coolifyModel) reconciler(e session.Engine) session.Reconciler[coolify.Want, coolify.Facts] {
	return e.Coolify
}

func (m *coolifyModel) target(spec host.Spec) reconcile.Target {
	return reconcile.Target{Spec: spec, File: m.managedFile()}
}

func (*coolifyModel) unchanged(_ coolify.Want, _ coolify.Facts, observed keepalive.Observed) bool {
	return len(observed.Drift) == 0
}

func (m *coolifyModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	return diags
}

func (m *coolifyModel) setSeen(have coolify.Facts) {
	m.CoolifyVersion = attribute.TextOrNull(coolify.Version(have))
}

func (m *coolifyModel) setFound(_ coolify.Want, _ coolify.Facts, observed keepalive.Observed) {
	m.Effective = attribute.TextMap(observed.Effective)
}

func (m *coolifyModel) setPredicted(_ coolify.Want, _ coolify.Facts, plan keepalive.Plan) {
	m.Effective = attribute.TextMap(plan.Effective)
}

// adopt asks again, because the values of keys without an attribute are seen only when
// they are asked for.
func (m *coolifyModel) adopt(_ context.Context, have coolify.Facts, look func(coolify.Want) (coolify.Facts, error)) (diag.Diagnostics, error) {
	have, err := look(coolify.Adopt(have))
	if err != nil {
		return nil, err
	}
	found := coolify.Adopt(have)
	if len(found.Settings) == 0 {
		return diag.Diagnostics{diagnostics.NothingToImport(m.name(), m.managedFile())}, nil
	}
	var diags diag.Diagnostics
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
