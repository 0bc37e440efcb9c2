package datasources

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// coolifySource is the data source sshkeepalive_coolify.
type coolifySource = dataSource[coolifyModel, *coolifyModel]

// coolifyModel is sshkeepalive_coolify as Terraform holds it.
type coolifyModel struct {
	lookedAt

	File      types.String `tfsdk:"file"`
	Container types.String `tfsdk:"container"`

	Release        types.String `tfsdk:"release"`
	ReleaseSource  types.String `tfsdk:"release_source"`
	Settings       types.Map    `tfsdk:"settings"`
	Reports        types.Map    `tfsdk:"reports"`
	Advice         types.List   `tfsdk:"advice"`
	Running        types.Object `tfsdk:"running"`
	PendingRestart types.Bool   `tfsdk:"pending_restart"`
	Sockets        types.List   `tfsdk:"sockets"`
	Orphans        types.List   `tfsdk:"orphans"`
	Counts         types.Object `tfsdk:"counts"`
	NotSeen        types.Map    `tfsdk:"not_seen"`

	seenMachine
}

func (*coolifyModel) name() string { return "coolify" }

func (*coolifyModel) schema(ctx context.Context) schema.Schema {
	attributes := lookedAtSchema(ctx, coolifyHostDoc)
	maps.Copy(attributes, seenSchema())
	list := func(of attr.Type, doc string) schema.Attribute {
		return schema.ListAttribute{Computed: true, ElementType: of, MarkdownDescription: doc}
	}
	maps.Copy(attributes, map[string]schema.Attribute{
		"file": schema.StringAttribute{Optional: true, MarkdownDescription: "The environment file. Default `" + coolify.DefaultFile + "`.", Validators: []validator.String{attribute.AbsolutePath{}, attribute.CleanPath{}}},
		"container": schema.StringAttribute{Optional: true, MarkdownDescription: "The name of Coolify's container. Default `" + coolify.DefaultContainer + "`.",
			Validators: []validator.String{stringvalidator.RegexMatches(containerForm, "must be the name of a container: letters, digits and _.-, beginning with a letter or a digit")}},
		"release":         computedText("The release of Coolify that the file names (`COOLIFY_VERSION`, `LATEST_IMAGE`), else the one in the tag of the container's image. Null where neither names one, with the reason in `not_seen`; such a release counts as possibly old."),
		"release_source":  computedText("Where `release` is from: `file` or `container`."),
		"settings":        computedValues(coolifySettingsDoc, coolifySettingType()),
		"reports":         computedValues(coolifyReportsDoc, coolifyReportType()),
		"advice":          list(types.StringType, "What to do, the best first: what is pending, an upgrade, settings, and to do without shared connections. Empty where no report applies and nothing is pending."),
		"running":         schema.ObjectAttribute{Computed: true, AttributeTypes: coolifyRunningType().AttrTypes, MarkdownDescription: coolifyRunningDoc},
		"pending_restart": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the file was written after the container was created. Coolify reads the file only then, so what was changed is not in force yet, whatever it was. Null where that is not known, with the reason in `not_seen`."},
		"sockets":         list(coolifySocketType(), coolifySocketsDoc),
		"orphans":         list(coolifyMasterType(), coolifyOrphansDoc),
		"counts":          schema.ObjectAttribute{Computed: true, AttributeTypes: coolifyCountsType().AttrTypes, MarkdownDescription: "How many there are, for `check` blocks: `sockets`, `stale` (of them) and `orphans`. Null is not 0: they could not be looked at, and `not_seen` says why."},
		"not_seen":        computedValues("What is not known, with the reason: `release`, `running`, `running.release`, `pending_restart`, `sockets` or `orphans`, which are then null. Empty where everything is known.", types.StringType),
	})
	return schema.Schema{MarkdownDescription: coolifySourceDoc, Attributes: attributes}
}

// containerForm is what engines take for the name of a container.
var containerForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

const (
	coolifyHostDoc   = "Where Coolify is installed: a name in the provider's `hosts`, or `[user@]host[:port]`."
	coolifySourceDoc = "A Coolify on a host: its release, the SSH settings of its environment file, which known reports of broken deployments apply to it, and the shared connections inside its container. " +
		"Takes root, one script, and changes nothing: no program of the container is run, and none of its files opened. The secrets of the environment file stay on the host."
	coolifySettingsDoc = "The keys of the environment file that `sshkeepalive_coolify` has attributes for, by their names. Each has `value` (what Coolify reads; null where its release does not read the key), `default` (of that release), `written` (what the file says) and `line` (null where the file does not set the key), and `read` (whether the release reads the key; null where the release is not known, and values are then those of a release that does). " +
		"They are judged by the release that runs, `running.release`, and else by `release`."
	coolifyReportsDoc = "Whether a known way in which deployments break is that of this Coolify, by `age` (the age of a shared connection ends it), `health_check` (a health check that a busy server answers too late ends it), `persist` (the hourly clean-up ends it) and `retries` (commands are run again). " +
		"Each has `applies` (`yes`, `no`, or `possible` where the release is not known) and `why`. They are judged by the file and by the release that runs."
	coolifyRunningDoc = "The container, as the engine tells of it: `engine` (`docker` or `podman`), `id`, `image`, `release` (that the tag of an image `coollabsio/coolify` names, else null), `status`, `pid` (of its first process, null where it does not run), `created` and `started` (RFC 3339). Null where no container was found, with the reason in `not_seen`."
	coolifySocketsDoc = "The sockets of shared connections inside the container, in the order of their names, 1000 at most (`counts` has them all). Each has `name` (in `/var/www/html/storage/app/ssh/mux`), `stale` (no process of the container listens there), `mode`, `uid`, `age_seconds`, and of the process that listens `pid` (as the host counts), `program` and `process_age_seconds`. Whether it answers is not asked: see `sshkeepalive_control_sockets`."
	coolifyOrphansDoc = "The ssh masters inside the container that no ssh finds any more, the oldest first: the file of their socket is gone, or a younger master has its name. Each has `pid` (as the host counts), `program`, `uid`, `age_seconds` and `socket` (its name)."
)

func coolifySettingType() types.ObjectType {
	text := types.StringType
	return types.ObjectType{AttrTypes: map[string]attr.Type{"value": text, "default": text, "written": text, "line": types.Int64Type, "read": types.BoolType}}
}

func coolifyReportType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{"applies": types.StringType, "why": types.StringType}}
}

func coolifyRunningType() types.ObjectType {
	text := types.StringType
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"engine": text, "id": text, "image": text, "release": text, "status": text, "pid": types.Int64Type, "created": text, "started": text,
	}}
}

func coolifySocketType() types.ObjectType {
	n, text := types.Int64Type, types.StringType
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"name": text, "stale": types.BoolType, "mode": text, "uid": n, "age_seconds": n, "pid": n, "program": text, "process_age_seconds": n,
	}}
}

func coolifyMasterType() types.ObjectType {
	n, text := types.Int64Type, types.StringType
	return types.ObjectType{AttrTypes: map[string]attr.Type{"pid": n, "program": text, "uid": n, "age_seconds": n, "socket": text}}
}

func coolifyCountsType() types.ObjectType {
	n := types.Int64Type
	return types.ObjectType{AttrTypes: map[string]attr.Type{"sockets": n, "stale": n, "orphans": n}}
}

func (m *coolifyModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	if diags := diagnostics.NoLogin(where.Spec); diags.HasError() {
		return diags, nil
	}
	target := reconcile.Target{Spec: where.Spec, File: cmp.Or(m.File.ValueString(), coolify.DefaultFile)}
	sight, err := s.Engine.Installation.Look(ctx, target, cmp.Or(m.Container.ValueString(), coolify.DefaultContainer))
	if err != nil {
		return nil, err
	}
	m.set(sight)
	session.LogDebug(ctx, "coolify", map[string]any{"host": m.Host.ValueString(), "release": m.Release.ValueString(), "counts": m.Counts.String()})
	return nil, nil
}

func (m *coolifyModel) setNull() {
	m.Settings, m.Reports, m.NotSeen = types.MapNull(coolifySettingType()), types.MapNull(coolifyReportType()), types.MapNull(types.StringType)
	m.Advice, m.Sockets, m.Orphans = types.ListNull(types.StringType), types.ListNull(coolifySocketType()), types.ListNull(coolifyMasterType())
	m.Running, m.Counts = types.ObjectNull(coolifyRunningType().AttrTypes), types.ObjectNull(coolifyCountsType().AttrTypes)
}

func (m *coolifyModel) set(sight reconcile.Snapshot[coolify.Installation]) {
	in, notSeen := sight.Facts, map[string]string{}
	note := func(name, why string) bool {
		if why != "" {
			notSeen[name] = why
		}
		return why == ""
	}
	release, source, why := in.Release()
	note("release", why)
	m.Release, m.ReleaseSource = attribute.TextOrNull(release), attribute.TextOrNull(source)
	m.Settings, m.Reports, m.Advice = coolifySettings(in), coolifyReports(in), attribute.TextList(in.Advice())
	m.Running = coolifyRunning(in, note)
	pending, why := in.Pending()
	m.PendingRestart = types.BoolNull()
	if note("pending_restart", why) {
		m.PendingRestart = types.BoolValue(pending)
	}
	sockets, orphans, why := in.Shared()
	m.Sockets = rows("sockets", coolifySocketType(), sockets, coolifySocketValue, why, notSeen)
	m.Orphans = rows("orphans", coolifyMasterType(), orphans, coolifyMasterValue, why, notSeen)
	stale := 0
	for _, s := range sockets {
		if s.Master == nil {
			stale++
		}
	}
	count := func(n int) attr.Value { return numberIf(int64(n), why == "") }
	m.Counts = types.ObjectValueMust(coolifyCountsType().AttrTypes, map[string]attr.Value{"sockets": count(len(sockets)), "stale": count(stale), "orphans": count(len(orphans))})
	m.NotSeen = attribute.TextMap(notSeen)
	m.setMachine(sight.Identity, sight.MachineID)
}

// shownText is text of a file on the host; null where it is not given.
func shownText(text string, given bool) types.String {
	return attribute.TextIf(host.Printable(text[:min(len(text), 1000)]), given)
}

func coolifySettings(in coolify.Installation) types.Map {
	elements := map[string]attr.Value{}
	for _, k := range in.Keys() {
		read := types.BoolNull()
		if k.Known {
			read = types.BoolValue(k.Read)
		}
		told := k.Read || !k.Known
		elements[k.Key] = types.ObjectValueMust(coolifySettingType().AttrTypes, map[string]attr.Value{
			"value": shownText(k.Value, told), "default": attribute.TextIf(k.Default, told), "written": shownText(k.Written, k.Line > 0),
			"line": numberIf(int64(k.Line), k.Line > 0), "read": read,
		})
	}
	return types.MapValueMust(coolifySettingType(), elements)
}

func coolifyReports(in coolify.Installation) types.Map {
	elements := map[string]attr.Value{}
	for _, r := range in.Reports() {
		elements[r.Name] = types.ObjectValueMust(coolifyReportType().AttrTypes, map[string]attr.Value{"applies": types.StringValue(string(r.Verdict)), "why": types.StringValue(r.Why)})
	}
	return types.MapValueMust(coolifyReportType(), elements)
}

func coolifyRunning(in coolify.Installation, note func(name, why string) bool) types.Object {
	release, why := in.ImageRelease()
	c := in.Container
	if c == nil {
		note("running", why)
		return types.ObjectNull(coolifyRunningType().AttrTypes)
	}
	note("running.release", why)
	at := func(seconds int64) attr.Value {
		return attribute.TextIf(time.Unix(seconds, 0).UTC().Format(time.RFC3339), seconds > 0)
	}
	return types.ObjectValueMust(coolifyRunningType().AttrTypes, map[string]attr.Value{
		"engine": types.StringValue(in.Engine), "id": types.StringValue(c.ID), "image": attribute.TextOrNull(c.Image), "release": attribute.TextOrNull(release),
		"status": attribute.TextOrNull(c.Status), "pid": numberIf(int64(c.PID), c.PID > 0), "created": at(c.Created), "started": at(c.Started),
	})
}

func coolifySocketValue(s coolify.Socket) map[string]attr.Value {
	l := coolify.Master{}
	if s.Master != nil {
		l = *s.Master
	}
	return map[string]attr.Value{
		"name": types.StringValue(s.Name), "stale": types.BoolValue(s.Master == nil), "mode": types.StringValue(s.Mode), "uid": types.Int64Value(int64(s.UID)), "age_seconds": types.Int64Value(s.Age),
		"pid": numberIf(int64(l.PID), l.PID > 0), "program": attribute.TextOrNull(l.Program), "process_age_seconds": numberIf(l.Age, l.PID > 0),
	}
}

func coolifyMasterValue(m coolify.Master) map[string]attr.Value {
	return map[string]attr.Value{
		"pid": types.Int64Value(int64(m.PID)), "program": types.StringValue(m.Program), "uid": types.Int64Value(int64(m.UID)),
		"age_seconds": types.Int64Value(m.Age), "socket": types.StringValue(m.Name),
	}
}
