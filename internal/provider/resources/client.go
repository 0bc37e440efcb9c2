package resources

import (
	"context"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	clientkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"
)

// clientModel is sshkeepalive_client as Terraform holds it.
type clientModel struct {
	hostAttributes

	ConfigFile types.String        `tfsdk:"config_file"`
	User       types.String        `tfsdk:"user"`
	Patterns   types.List          `tfsdk:"patterns"`
	Match      types.String        `tfsdk:"match"`
	ProbeHosts types.List          `tfsdk:"probe_hosts"`
	IdleLimit  attribute.TimeValue `tfsdk:"idle_limit"`

	ServerAliveInterval attribute.TimeValue `tfsdk:"server_alive_interval"`
	ServerAliveCountMax types.Int64         `tfsdk:"server_alive_count_max"`
	TCPKeepAlive        types.Bool          `tfsdk:"tcp_keep_alive"`
	ConnectTimeout      attribute.TimeValue `tfsdk:"connect_timeout"`
	ConnectionAttempts  types.Int64         `tfsdk:"connection_attempts"`
	ControlMaster       types.String        `tfsdk:"control_master"`
	ControlPath         types.String        `tfsdk:"control_path"`
	ControlPersist      attribute.TimeValue `tfsdk:"control_persist"`
	Settings            types.Map           `tfsdk:"settings"`

	clientComputed
}

// clientComputed holds the attributes that the provider fills in.
type clientComputed struct {
	computedAttributes
	opensshAttributes
}

func (c *clientComputed) computed() any { return c }

func (m *clientModel) typed() map[string]any { return typedFields(m, sshclient.Attributes()) }

// identity has ~user/path for the file of another user than the one who logs in.
func (m *clientModel) identity() (id identity, complete bool) { //nolint:unparam // as managedModel has it
	id, complete = identityAt(&m.hostAttributes)
	file := m.ConfigFile.ValueString()
	if rest, ok := strings.CutPrefix(file, "~/"); ok && m.User.ValueString() != "" {
		file = "~" + m.User.ValueString() + "/" + rest
	}
	id.File, id.Block = types.StringValue(file), types.StringValue(m.block())
	var r attributeReader
	r.also(m.ConfigFile, m.User, m.Match, m.Patterns)
	return id, complete && !r.unknown && !attribute.AnyUnknownElement(m.Patterns)
}

// block is the line that opens the block.
func (m *clientModel) block() string {
	var patterns []string
	for _, p := range m.Patterns.Elements() {
		if text, ok := p.(types.String); ok {
			patterns = append(patterns, text.ValueString())
		}
	}
	return sshclient.Want{Patterns: patterns, Match: m.Match.ValueString()}.Block()
}

func (m *clientModel) owned() (declared, found string) {
	id, _ := m.identity()
	return id.lines(), m.block() + " in " + m.managedFile()
}

func (m *clientModel) want(ctx context.Context, r *attributeReader) sshclient.Want {
	r.also(m.Adopt, m.ConfigFile, m.User)
	return sshclient.Want{
		Patterns:   r.texts(ctx, m.Patterns),
		Match:      r.text(m.Match),
		ProbeHosts: r.texts(ctx, m.ProbeHosts),
		IdleLimit:  r.seconds(m.IdleLimit),
		Settings:   r.settings(sshclient.Attributes(), "", m.typed(), m.Settings),
		Claim:      keepalive.Claim{Adopt: m.Adopt.ValueBool()},
	}
}

func (*clientModel) check(want sshclient.Want) []keepalive.Problem {
	return sshclient.Check(want)
}

func (*clientModel) claim(want *sshclient.Want) *keepalive.Claim { return &want.Claim }

// clientSchema describes sshkeepalive_client.
func clientSchema(ctx context.Context) schema.Schema {
	attributes := whereSchema(ctx, clientHostDoc, adoptDoc+clientAdoptDoc)
	for _, a := range sshclient.Attributes() {
		attributes[a.Name] = typedAttribute(a, typedDoc(clientTypedDocs(), a))
	}
	attributes["settings"] = schema.MapAttribute{Optional: true, MarkdownDescription: clientSettingsDoc, ElementType: types.StringType}
	maps.Copy(attributes, blockSchema())
	maps.Copy(attributes, clientObservedSchema())
	return schema.Schema{MarkdownDescription: clientDoc, Attributes: attributes}
}

// blockSchema says which block it is. Our lines are marked with it; under
// another name they would be another resource's, and stay.
func blockSchema() map[string]schema.Attribute {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"config_file": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: clientFileDoc,
			Default:             stringdefault.StaticString(sshclient.DefaultFile),
			PlanModifiers:       replace,
			Validators:          []validator.String{attribute.HomePath{}},
		},
		"user": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: clientUserDoc,
			PlanModifiers:       replace,
			Validators:          []validator.String{attribute.Account()},
		},
		"patterns": schema.ListAttribute{
			Optional:            true,
			MarkdownDescription: patternsDoc,
			ElementType:         types.StringType,
			PlanModifiers:       []planmodifier.List{listplanmodifier.RequiresReplace()},
		},
		"match": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: clientMatchDoc,
			PlanModifiers:       replace,
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"idle_limit": timeAttribute(clientIdleDoc, attribute.IsTime{}),
		"probe_hosts": schema.ListAttribute{
			Optional:            true,
			MarkdownDescription: probesDoc,
			ElementType:         types.StringType,
			Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
		},
	}
}

func clientObservedSchema() map[string]schema.Attribute {
	attributes := computedSchema(blockIDDoc, clientEffectiveDoc, attribute.EffectiveType)
	attributes["managed_file"] = observedText(blockFileDoc)
	attributes["openssh_version"] = observedText("The host's ssh, as `ssh -V` names it.")
	attributes["host_key_sha256"] = observedText(attribute.HostKeyIDDoc + " Null on the transport `local`.")
	return attributes
}

// clientTypedDocs explains each typed attribute of sshkeepalive_client, by name:
// what it means, in which unit, and what ssh does without it.
func clientTypedDocs() map[string]string {
	return map[string]string{
		"server_alive_interval": "After how much silence from the server ssh asks it for a sign of life, over the encrypted connection. A time: seconds (`60`) or `\"1m\"`, `\"1h30m\"`; two spellings of the same seconds are equal. " +
			"`0` never asks. ssh's own default is `0`, and `300` in Debian's and Ubuntu's with `BatchMode yes`. `none` is refused: to ssh it means unset, so that a later line would decide.",
		"server_alive_count_max": "How many such questions may go unanswered before ssh gives the connection up: a dead server is noticed after interval × (count + 1) seconds. ssh's own default is `3`. " +
			"`0` drops a healthy connection after one silent interval, in every release, and the plan warns about it.",
		"tcp_keep_alive":      "Whether the kernel probes idle TCP connections as well. ssh's own default is `true`. These probes take two hours with the kernel's defaults and do not replace `server_alive_interval`.",
		"connect_timeout":     "How long connecting may take, up to the end of the key exchange. A time, as in `server_alive_interval`. ssh's own default is the kernel's limit for TCP, and no limit for what follows it: without this attribute ssh waits without a limit for a server that freezes during the key exchange.",
		"connection_attempts": "How often ssh tries to connect, one second apart, before it gives up. A whole number. ssh's own default is `1`.",
		"control_master": "Whether sessions share one connection: `auto` uses a master that is there and becomes one otherwise, `autoask` and `ask` ask for confirmation, `yes` only ever becomes master (and never again once a killed one left its socket), `no` only ever uses one. " +
			"ssh's own default is `no`. Needs `control_path`. A server with `MaxSessions 1` refuses the second session of a shared connection.",
		"control_path": "Where the master's socket is: a path, with `~` and tokens such as `%C` (a hash of the connection's ends, always 40 characters, since OpenSSH 6.7, and the best choice). `none` switches sharing off. ssh's own default is none. " +
			"The path may have at most 90 bytes on Linux and 86 on the BSDs and macOS, because ssh adds 17 while it binds the socket; that is checked with the host's own expansion. A missing directory is made, with mode 0700, and removed on destroy if it is empty then; one in which others may write is refused.",
		"control_persist": "How long a master stays after its last session. A time, as in `server_alive_interval`, or `yes` (without a limit, as is `0`; the plan warns) or `no`. ssh's own default is `no`.",
	}
}

const (
	clientDoc = "Keepalive, timeout and connection sharing settings of the OpenSSH client, for one user or system-wide: one `Host` or `Match` block of an `ssh_config(5)`. " +
		"State holds the *effective* values, as the host's own `ssh -G` prints them for the probe hosts, so that a hand edit, an earlier `Host *` and a new drop-in all show up in the plan. " +
		"A change goes live only after the host's ssh accepted a copy of all its files, and is taken back if the values are not effective afterwards. Everybody else's lines keep their bytes and their meaning. " +
		"Destroying the resource puts back exactly what was there before."
	clientHostDoc = "Where ssh runs: a name in the provider's `hosts`, most often one with `transport = \"local\"` for the machine that runs Terraform, or `[user@]host[:port]`. " +
		"A new value is an in-place change when the machine behind it is the same one (`machine_id`), else the resource is replaced."
	clientIdleDoc = "After how much silence the path to these hosts (NAT gateway, load balancer, firewall) forgets a connection: a time, as in `server_alive_interval`. Never written to a file; the plan warns when ssh does not probe within three quarters of it. Default: not declared; then the plan warns of intervals above `240` seconds, the shortest limit that is common (Azure load balancers)."
	clientFileDoc = "The file: `~/.ssh/config` (default) or another file of the user, written with `~/` or absolute, or one of the system such as `/etc/ssh/ssh_config.d/10-keepalive.conf`, which takes root. " +
		"Owner and mode are kept. A new file gets mode 0600, one of the system 0644, because ssh refuses to work for users who cannot read it; a missing directory is made. A file that plain ssh does not read is asked for with `ssh -F`. " +
		"A file that belongs to another account, or that another account can exchange, is refused: set `user` to that account. A new value replaces the resource."
	clientUserDoc  = "Whose ssh it is: `~` is this account's home directory, `ssh -G` is run as this account, all files are read as this account, and one that is not of the system is changed as this account. Another account than the one that logs in takes root. Default: who logs in. A new value replaces the resource."
	patternsDoc    = "The patterns of a `Host` block: names as they are typed after `ssh`, with `*` and `?`; `!` excludes. Exactly one of `patterns` and `match` is given. Our lines are marked with it, so that several resources can share a file; a new value replaces the resource."
	clientMatchDoc = "The criteria of a `Match` block, what follows the word `Match`: `host *.example.org user git`. Whether `exec` is true is found out by running it, in every `ssh -G` and so in every plan. " +
		"A new value replaces the resource."
	clientAdoptDoc    = "A hand-written line is adopted if it stands in `config_file`, in a block that opens with the same line, and sets a keyword that this resource sets too, even if it loses. A block for every host adopts lines above all blocks as well. Keywords that add up, such as `IdentityFile`, and marked sections of other tools are left as they are. "
	clientSettingsDoc = "Any other `ssh_config(5)` keyword: `{ Compression = \"yes\" }`. Keywords are compared without regard to case, and checked at plan. A keyword that has an attribute of its own is refused here. " +
		"A keyword that may be repeated, such as `IdentityFile`, takes one value per line of the string. A value with blanks is written in double quotes, as in the file."
	probesDoc = "Names, `[user@]host`, for which `ssh -G` must give these values, and is asked on every plan. It connects to nothing, but runs the commands of `Match exec`, and asks the resolver where host names are canonicalized. " +
		"Default: names made up from the patterns (`*.example.org` is asked as `x.example.org`)."

	blockIDDoc         = "The host, the file and the line that opens the block, in the form that `terraform import` takes."
	blockFileDoc       = "The file that holds our lines, as an absolute path."
	clientEffectiveDoc = "What `ssh -G` prints for each managed keyword, by probe host."
)

// clientResource is sshkeepalive_client.
type clientResource = lifecycle[clientModel, sshclient.Want, sshclient.Facts, *clientModel]

func (*clientModel) kind() kind[clientModel, sshclient.Want, sshclient.Facts] {
	return kind[clientModel, sshclient.Want, sshclient.Facts]{
		name: "client", schema: clientSchema,
		ownLines:         "other `patterns`, or another `match`",
		fileDoc:          "The configuration file: absolute, ~/path of the user who logs in, or ~user/path. Default ~/.ssh/config.",
		blockDoc:         "The line that opens the block, such as Host *.example.org.",
		importAttributes: clientImportAttributes,

		plan: sshclient.Plan, observe: sshclient.Observe, holder: clientkind.Kind.Holder, digests: clientkind.Kind.Digests,
		importProblems: func(m *clientModel, have sshclient.Facts, _ keepalive.Plan) []keepalive.Problem {
			return sshclient.ImportProblems(m.block(), have)
		},
		badImportID: func(id string, _ error) diag.Diagnostic { return diagnostics.BadBlockID(id) },
		supports:    func(_ *clientModel, spec host.Spec) diag.Diagnostics { return diagnostics.ImageRunsNoSSH(spec) },
		unreadable: func(want sshclient.Want, have sshclient.Facts) []keepalive.Problem {
			if have.Invalid == "" {
				return nil
			}
			// What ssh refuses to read has no effective values to show.
			return sshclient.Plan(want, have).Problems
		},
	}
}

func clientImportAttributes(file, block string) map[string]any {
	opened, ok := sshclient.ParseBlock(block)
	if !ok {
		return nil
	}
	attributes := map[string]any{"config_file": sshclient.DefaultFile}
	if opened.Match != "" {
		attributes["match"] = opened.Match
	} else {
		attributes["patterns"] = opened.Patterns
	}
	if user, rest, found := strings.Cut(strings.TrimPrefix(file, "~"), "/"); found && strings.HasPrefix(file, "~") && user != "" {
		attributes["user"] = user
		file = "~/" + rest
	}
	if file != "" {
		attributes["config_file"] = file
	}
	return attributes
}

func (*clientModel) reconciler(e session.Engine) session.Reconciler[sshclient.Want, sshclient.Facts] {
	return e.Client
}

func (m *clientModel) target(spec host.Spec) reconcile.Target {
	return reconcile.Target{Spec: spec, File: m.ConfigFile.ValueString(), User: m.User.ValueString()}
}

func (*clientModel) unchanged(_ sshclient.Want, _ sshclient.Facts, observed keepalive.Observed) bool {
	return observed.Managed && len(observed.Drift) == 0
}

func (m *clientModel) setValues(_ context.Context, values map[string][]string) (diags diag.Diagnostics) {
	setFromHost("", m.typed(), values, &diags)
	m.Settings = settingsFromHost("", m.Settings, values)
	return diags
}

func (m *clientModel) setSeen(have sshclient.Facts) {
	m.OpenSSHVersion = types.StringValue(have.VersionText)
}

func (m *clientModel) setFound(want sshclient.Want, have sshclient.Facts, _ keepalive.Observed) {
	m.Effective = attribute.TextMaps(sshclient.Effective(want, have))
}

func (m *clientModel) setPredicted(want sshclient.Want, have sshclient.Facts, plan keepalive.Plan) {
	m.Effective = attribute.TextMaps(sshclient.Predict(want, have, plan))
}

func (m *clientModel) adopt(_ context.Context, have sshclient.Facts, _ func(sshclient.Want) (sshclient.Facts, error)) (diags diag.Diagnostics, err error) { //nolint:unparam // as managedModel has it
	found, ok := sshclient.Adopt(m.block(), have)
	if !ok {
		return diag.Diagnostics{diagnostics.NoSuchBlock(m.name(), have.File, m.block())}, nil
	}
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	return diags, nil
}
