package resources

import (
	"cmp"
	"context"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// The defaults of sshkeepalive_server.
const (
	defaultReload         = "auto"
	defaultConfirmTimeout = "60s"
)

// serverSchema describes sshkeepalive_server.
func serverSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, group := range []map[string]schema.Attribute{
		whereSchema(ctx, hostDoc, adoptDoc+serverAdoptDoc), typedSchema(false), wantedSchema(), applyOptionsSchema(), observedSchema(),
	} {
		maps.Copy(attributes, group)
	}
	return schema.Schema{MarkdownDescription: serverDoc, Attributes: attributes}
}

// typedSchema has one attribute for each row of the table of typed attributes,
// in a Match block only for those that may stand there.
func typedSchema(inMatch bool) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, a := range sshserver.Attributes() {
		if a.Match || !inMatch {
			attributes[a.Name] = typedAttribute(a, typedDoc(typedDocs(), a))
		}
	}
	return attributes
}

// ServerSettingsSchema is the schema of ServerSettings.
func ServerSettingsSchema() map[string]schema.Attribute {
	attributes := typedSchema(false)
	maps.Copy(attributes, wantedSchema())
	delete(attributes, "match")
	return attributes
}

func wantedSchema() map[string]schema.Attribute {
	block := typedSchema(true)
	block["criteria"] = schema.StringAttribute{
		Required:            true,
		MarkdownDescription: criteriaDoc,
		Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
	}
	block["settings"] = settingsAttribute()
	login := attribute.ContextSchema()
	return map[string]schema.Attribute{
		"settings": settingsAttribute(),
		"match": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: matchDoc,
			NestedObject:        schema.NestedAttributeObject{Attributes: block, CustomType: attribute.ObjectOf(block)},
		},
		"contexts": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: contextsDoc,
			NestedObject:        schema.NestedAttributeObject{Attributes: login, CustomType: attribute.ObjectOf(login)},
		},
		"profile": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: profileDoc(),
		},
	}
}

// applyOptionsSchema says how the settings are put on the host.
func applyOptionsSchema() map[string]schema.Attribute {
	chosen := func(doc, fallback string, words ...string) schema.Attribute {
		return schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: doc,
			PlanModifiers:       []planmodifier.String{attribute.Unset(fallback)},
			Validators:          []validator.String{stringvalidator.OneOf(words...)},
		}
	}
	return map[string]schema.Attribute{
		"placement": chosen(placementDoc, string(sshserver.Auto), string(sshserver.Auto), string(sshserver.DropIn), string(sshserver.InPlace)),
		"reload":    chosen(reloadDoc, defaultReload, defaultReload, "never"),
		"drop_in_name": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: dropInDoc,
			PlanModifiers:       []planmodifier.String{attribute.Unset(sshserver.DefaultDropIn), stringplanmodifier.RequiresReplaceIf(otherDropIn, dropInReplaces, dropInReplaces)},
		},
		"config_file": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: configDoc,
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators:          []validator.String{attribute.AbsolutePath{}},
		},
		"takeover": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: takeoverDoc,
			PlanModifiers:       []planmodifier.Bool{attribute.Unset("true")},
		},
		"longest_task": timeAttribute(longestDoc, attribute.IsTime{}),
		"idle_limit":   timeAttribute(idleLimitDoc, attribute.IsTime{}),
		"confirm_timeout": schema.StringAttribute{
			Optional: true, Computed: true,
			CustomType:          attribute.TimeType{},
			MarkdownDescription: confirmDoc,
			PlanModifiers:       []planmodifier.String{attribute.Unset(defaultConfirmTimeout), attribute.KeepEqualTime{}},
			Validators:          []validator.String{attribute.IsTime{}, attribute.SpelledZero{}},
		},
	}
}

const dropInReplaces = "a new name replaces the resource"

// otherDropIn reports whether the name changes. Our lines are marked with it; under
// another one they would be another resource's, and stay.
func otherDropIn(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = req.PlanValue.IsUnknown() || dropInName(req.PlanValue) != dropInName(req.StateValue)
}

func dropInName(v types.String) string { return cmp.Or(v.ValueString(), sshserver.DefaultDropIn) }

func observedSchema() map[string]schema.Attribute {
	attributes := computedSchema(idDoc, effectiveDoc, types.StringType)
	attributes["managed_file"] = observedText(managedFileDoc)
	attributes["match_overrides"] = overridesAttribute()
	attributes["dead_peer_timeout"] = schema.Int64Attribute{Computed: true, MarkdownDescription: attribute.DeadPeerDoc}
	attributes["openssh_version"] = observedText(attribute.VersionDoc)
	attributes["loaded"] = schema.BoolAttribute{Computed: true, MarkdownDescription: loadedDoc}
	return attributes
}

// typedDocs explains each typed attribute of sshkeepalive_server, by name: what
// it means, in which unit, and what sshd does without it.
func typedDocs() map[string]string {
	return map[string]string{
		"client_alive_interval": "After how much silence from a client sshd asks it for a sign of life, over the encrypted connection. A time in `sshd_config(5)` format: seconds (`120`) or `\"2m\"`, `\"1h30m\"`. " +
			"Two spellings of the same seconds are equal. `0` never asks; sshd's own default is `0`. OpenSSH 9.2 to 9.4 ask every second interval only, and since 9.2 sshd does not ask while it writes to the client more often than that: see [sessions that write](../guides/sessions-that-write).",
		"client_alive_count_max": "How many such questions may go unanswered before sshd drops the connection: a dead peer is noticed after interval × (count + 1) seconds, see `dead_peer_timeout`. " +
			"sshd's own default is `3`. `0` never drops from OpenSSH 8.2 on, and dropped at the first silence before.",
		"tcp_keep_alive": "Whether the kernel probes idle TCP connections as well. sshd's own default is `true`. These probes can be spoofed and take two hours with the kernel's defaults; " +
			"they do not replace `client_alive_interval`.",
		"login_grace_time":          "How long a connection may take to log in before it is dropped. A time, as in `client_alive_interval`; `0` waits without a limit. sshd's own default is `120`.",
		"max_sessions":              "How many sessions one connection may have open. sshd's own default is `10`. With `1`, multiplexing (`ControlMaster`) breaks; with `0`, only forwarding works.",
		"max_startups":              "How many connections may be logging in at once: a number, or `start:rate:full` (sshd's own default is `10:30:100`), which refuses rate percent at random from start on and all from full on.",
		"channel_timeout":           "After how much inactivity a channel is closed, by type of channel: `{ \"session:shell\" = \"1h\" }`. Types may contain wildcards; see `sshd_config(5)`. sshd's own default is none.",
		"unused_connection_timeout": "After how much time a connection without any open channel is dropped. A time, as in `client_alive_interval`, or `none`. sshd's own default is `none`.",
		"rekey_limit":               "How much data, and optionally for how long, the same session key may be used: `1G`, `\"default 1h\"`. sshd's own default is `default none`.",
	}
}

// typedDoc adds the release that knows the keyword, if not every release does.
func typedDoc(docs map[string]string, a keepalive.Attribute) string {
	doc := docs[a.Name] + " Keyword `" + a.Keyword + "`"
	if !a.Since.IsZero() {
		return doc + ", since OpenSSH " + a.Since.String() + "."
	}
	return doc + "."
}

const (
	serverDoc = "Keepalive, timeout and hardening settings of the sshd on a host. State holds the *effective* values, as the host's own `sshd -T` prints them, so that a hand edit, a shadowing drop-in, " +
		"a new `Match` block and a package upgrade all show up in the plan. A change goes live only after the host's sshd accepted the whole configuration, and stays only if a new connection can log in afterwards. " +
		"Destroying the resource puts back exactly what was there before."
	hostDoc = "Where sshd runs: a name in the provider's `hosts`, or `[user@]host[:port]` (IPv6 addresses with a port need brackets). " +
		"A new value is an in-place change if the same machine answers there: it has the recorded `machine_id`, and shows the recorded host key or has the recorded address. Else the resource is replaced."
	settingsDoc = "Any other `sshd_config(5)` keyword: `{ PermitRootLogin = \"no\" }`. Keywords are compared without regard to case, and checked at plan. " +
		"A keyword that has an attribute of its own is refused here. A keyword that may be repeated, such as `AcceptEnv`, takes one value per line of the string."
	matchDoc    = "`Match` blocks, in order."
	criteriaDoc = "What follows the word `Match`: `User deploy`, `Group sftp Address 10.0.0.0/8`."
	contextsDoc = "Connections for which the values must hold besides the default one, as `sshd -T -C` takes them. Needed where the host's configuration has `Match` blocks that could override a setting; `match_overrides` lists those. " +
		"Where a block of others wins in such a connection, a `Match` of ours with just its items (`Match User deploy`) is written before it, so that other users keep what they have. " +
		"A context that no criteria can tell apart, such as a user whose name has a `*` in it, gets a `Match all`, and so does the default one where others have a `Match all`: the plan then warns of each block that loses its value. " +
		"Whether a `Match Group` catches the user is asked on the host."

	placementDoc = "Where the lines are written: `auto` (default) picks the least intrusive place that wins, `drop_in` insists on a file of our own, `in_place` on the main file. The debug log of the provider (`TF_LOG_PROVIDER=DEBUG`) explains the decision. " +
		"A drop-in goes to a directory in /etc rather than to the vendor's below /usr. If an `Include` names a directory beside the main configuration that does not exist, the directory is made, and removed again on destroy. " +
		"cloud-init edits `PasswordAuthentication` and `HostCertificate` in the main file at the first boot of an instance: where it is installed, `auto` keeps such settings out of that file, and adds an `Include` of our own file at its head if none reads one. Destroy removes that line. " +
		"Lines that another tool keeps between two marks (`# BEGIN ANSIBLE MANAGED BLOCK`, `#### Google OS Login control. ####` and the like) stay together: nothing is written between them."
	adoptDoc       = "Whether lines that are already there are adopted: those of another resource are replaced, and those that were written by hand are commented out. The plan lists hand-written lines, and destroy restores them. "
	serverAdoptDoc = "A hand-written line is adopted if it stands outside `Match` and sets a keyword that this resource sets too, even if it loses. Marked sections of other tools and files below /usr are left as they are. "
	adoptOthersDoc = "The lines of a resource are marked with a random id, so that two Terraform states do not undo each other's work. " +
		"Without `adopt` a plan over lines of another resource is an error that lists what would disappear. The same lines are taken over with a warning, and without `adopt`. So are lines that were written into an image (transport `image`, or `reload = \"never\"` of sshkeepalive_server), and those of versions of this provider that wrote no id. Default `false`."
	dropInDoc    = "Name of our own drop-in in `sshd_config.d`. sshd reads drop-ins in the order of their names and keeps the first value. Default `00-sshkeepalive.conf`. Our lines are marked with it wherever they are placed, so that several resources can manage one host; a new value replaces the resource."
	configDoc    = "The main configuration file. Default: the one that the sshd reads which accepted the connection; where that cannot be known, the plan fails and asks for this attribute. A file of another sshd of the host is allowed: then that one is reloaded. If no running sshd reads the file, the plan warns. A new value replaces the resource."
	takeoverDoc  = "Whether an earlier line that shadows one of ours is commented out, marked, and put back on destroy. Default `true`; with `false` the plan fails and names file and line."
	longestDoc   = "How long a client may stay silent while it works elsewhere, as deploy tools do: a time, as in `client_alive_interval`. Never written to the host; the plan warns when the settings would drop such a client within that time and a quarter more, because load stretches tasks. Clients that answer probes need no such time: OpenSSH's always answer, and SSHKit's connection pool does every 5 s while it waits; raw Net::SSH does not. Default: not checked."
	idleLimitDoc = "After how much silence the path to the host (NAT gateway, load balancer, firewall) forgets a connection: a time, as in `client_alive_interval`. Never written to the host; the plan warns when probes are not sent within three quarters of it. Default: not declared; then the plan warns of intervals above `240` seconds, the shortest limit that is common (Azure load balancers; AWS NAT gateways and network load balancers forget after 350 s)."
	reloadDoc    = "Whether a running sshd is made to load its files: `auto` (default), in the way of this host and without dropping a session, or `never`, for images being built."
	confirmDoc   = "How long the host waits for the confirming connection before it takes the change back by itself. Default `60s`. `0` gives up that protection. " +
		"Until the change is confirmed or taken back it is pending: a plan of another run warns and plans to verify the host again, and its apply waits for the end, or fails if `timeouts` leave no time for that."

	idDoc          = "The host, and where they are given its port and configuration file, in the form that `terraform import` takes."
	managedFileDoc = "The file that holds our lines."
	effectiveDoc   = "What `sshd -T` prints for each managed keyword, in the default context."
	overridesDoc   = "Lines of `Match` blocks that others wrote and that give a managed keyword another value, for connections that they are for, in the order in which sshd reads them: what the last apply found, and so what was accepted. " +
		"A block that comes, goes or changes afterwards is a planned update in place, with a warning that names file and line; applying accepts it, and `contexts` has the declared value hold there. A refresh warns and does not change the list. " +
		"Not listed are blocks with the same value, however it is spelled, blocks that always lose to another one, and lines of this provider. Lines that others add above do not make a difference."
	loadedDoc = "Whether the running sshd has loaded the files that are on disk. A daemon that has not is drift, repaired by a reload. Null where no sshd reads the file (an image, or a `config_file` of none), and where a daemon without a pid file (`PidFile none`) was started before the files were last changed: it does not show when it was reloaded."
)

// profileDoc lists the baselines with their versions; the guide has every value.
func profileDoc() string {
	var names []string
	for _, b := range baseline.All() {
		names = append(names, "`"+b.Name+"` ("+b.Version+")")
	}
	return "A named baseline whose values are defaults under the attributes and `settings`, which win: " + strings.Join(names, ", ") + ". " +
		"Every value, its reason and its source, and where the baselines disagree, is in the guide on baselines. " +
		"Values that the host's OpenSSH cannot do are left out, and the plan says which. The plan warns of values that can lock users out. Default: none."
}
