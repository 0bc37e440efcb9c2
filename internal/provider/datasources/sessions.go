package datasources

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// sessionsSource is the data source sshkeepalive_sessions.
type sessionsSource = dataSource[sessionsModel, *sessionsModel]

// sessionsModel is sshkeepalive_sessions as Terraform holds it.
type sessionsModel struct {
	lookedAt

	Sessions    types.List   `tfsdk:"sessions"`
	Orphans     types.List   `tfsdk:"orphans"`
	EndedLogins types.List   `tfsdk:"ended_logins"`
	Counts      types.Object `tfsdk:"counts"`
	NotSeen     types.Map    `tfsdk:"not_seen"`
	Source      types.String `tfsdk:"source"`

	seenMachine
}

func (*sessionsModel) name() string { return "sessions" }

func (*sessionsModel) schema(ctx context.Context) schema.Schema {
	attributes := lookedAtSchema(ctx, serverConfigHostDoc)
	maps.Copy(attributes, seenSchema())
	list := func(of attr.Type, doc string) schema.Attribute {
		return schema.ListAttribute{Computed: true, ElementType: of, MarkdownDescription: doc}
	}
	maps.Copy(attributes, map[string]schema.Attribute{
		"sessions":     list(sessionType(), sessionsListDoc),
		"orphans":      list(orphanType(), orphansDoc),
		"ended_logins": list(endedLoginType(), endedLoginsDoc),
		"counts":       schema.ObjectAttribute{Computed: true, AttributeTypes: sessionCountsType().AttrTypes, MarkdownDescription: sessionCountsDoc},
		"not_seen":     computedValues("What could not be looked at, with the reason: `sessions`, `orphans` or `ended_logins`, whose list and counts are then null. Empty where everything was looked at.", types.StringType),
		"source":       computedText("Where the state of the connections is from: `ss`, or `/proc/net/tcp` on a host without it, which does not tell when data came or went. Null where neither could be read."),
	})
	return schema.Schema{MarkdownDescription: sessionsDoc, Attributes: attributes}
}

const (
	sessionsDoc = "The sessions of the sshd on a host, whether their clients are still there, and what earlier sessions left behind: processes that process 1 adopted, and logins whose leader is gone. " +
		"Takes root, one script, and changes nothing. Of a process it tells the name of the program and never the arguments, because command lines can hold secrets."
	sessionsListDoc = "The connections to sshd, the oldest first, 1000 at most. Each has `pid` (of sshd's process that runs as root), `user` (null before the login), `logged_in`, `own` (whether it is the session of this look), `login` (the number of logind's session), `terminals`, `peer_address`, `peer_port`, `age_seconds`, " +
		"`idle_seconds` (since a terminal of it was read, null without one), `state` (`open`, `dead` or `unknown`), `why` (it is not open), `unacknowledged_bytes`, `retransmissions` (in a row, without an answer), `unanswered_probes` (of TCP itself), `timer` (`on` for a retransmission, `keepalive`, `persist`, or null) and `timer_seconds` (until it goes off), " +
		"`last_received_seconds` and `last_sent_seconds` (since data came and went) and `total_retransmissions` (null where `source` is not `ss`), `probing` (`always`, `when quiet`, `not now`, `never`, or null), `probing_why` and `dead_peer_timeout` (seconds until sshd drops a silent client, null where it never does or was not asked)."
	orphansDoc       = "The processes that sessions left and process 1 adopted, the oldest first, 1000 at most. Each has `pid`, `program` (its name, as its process chose it), `user`, `age_seconds` and `session` (the number of the login it came from, by its cgroup or by what the kernel notes of logins; null where neither tells)."
	endedLoginsDoc   = "The sessions of logind whose leader is gone, 1000 at most. Each has `id`, `user`, `state` (`closing` where processes are left), `leader`, `service`, `remote_host`, `terminal` and `age_seconds`."
	sessionCountsDoc = "How many there are, for `check` blocks: `sessions`, `dead`, `unknown` (whose connection could not be looked at), `unprobed` (logged in, and `probing` is `never` or `not now`), `orphaned` and `ended_logins`. Null is not 0: it could not be looked at, and `not_seen` says why."
	// mostRows bounds what one look puts into state.
	mostRows = 1000
)

func sessionType() types.ObjectType {
	n, text, is := types.Int64Type, types.StringType, types.BoolType
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"pid": n, "user": text, "logged_in": is, "own": is, "login": text, "terminals": types.ListType{ElemType: text}, "peer_address": text, "peer_port": n, "age_seconds": n, "idle_seconds": n,
		"state": text, "why": text, "unacknowledged_bytes": n, "retransmissions": n, "unanswered_probes": n, "timer": text, "timer_seconds": n,
		"last_received_seconds": n, "last_sent_seconds": n, "total_retransmissions": n, "probing": text, "probing_why": text, "dead_peer_timeout": n,
	}}
}

func orphanType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"pid": types.Int64Type, "program": types.StringType, "user": types.StringType, "age_seconds": types.Int64Type, "session": types.StringType,
	}}
}

func endedLoginType() types.ObjectType {
	text := types.StringType
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"id": text, "user": text, "state": text, "leader": types.Int64Type, "service": text, "remote_host": text, "terminal": text, "age_seconds": types.Int64Type,
	}}
}

func sessionCountsType() types.ObjectType {
	n := types.Int64Type
	return types.ObjectType{AttrTypes: map[string]attr.Type{"sessions": n, "dead": n, "unknown": n, "unprobed": n, "orphaned": n, "ended_logins": n}}
}

func (m *sessionsModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	if diags := diagnostics.NoLogin(where.Spec); diags.HasError() {
		return diags, nil
	}
	sight, err := s.Engine.Sessions.Look(ctx, reconcile.Target{Spec: where.Spec}, struct{}{})
	if err != nil {
		return nil, err
	}
	m.set(sight)
	session.LogDebug(ctx, "sessions", map[string]any{"host": m.Host.ValueString(), "counts": m.Counts.String()})
	return nil, nil
}

func (m *sessionsModel) setNull() {
	m.Sessions, m.Orphans, m.EndedLogins = types.ListNull(sessionType()), types.ListNull(orphanType()), types.ListNull(endedLoginType())
	m.Counts, m.NotSeen = types.ObjectNull(sessionCountsType().AttrTypes), types.MapNull(types.StringType)
}

func (m *sessionsModel) set(sight reconcile.Snapshot[sshsession.Facts]) {
	f, notSeen := sight.Facts, map[string]string{}
	sessions, why := f.Sessions()
	m.Sessions = rows("sessions", sessionType(), sessions, sessionValue, why, notSeen)
	orphans, why := f.Orphans()
	m.Orphans = rows("orphans", orphanType(), orphans, orphanValue, why, notSeen)
	ended, why := f.LeftLogins()
	m.EndedLogins = rows("ended_logins", endedLoginType(), ended, func(l sshsession.Login) map[string]attr.Value { return endedLoginValue(l, f.Since(l)) }, why, notSeen)
	m.NotSeen = attribute.TextMap(notSeen)
	count := func(n int, of string) attr.Value { return numberIf(int64(n), notSeen[of] == "") }
	m.Counts = types.ObjectValueMust(sessionCountsType().AttrTypes, map[string]attr.Value{
		"sessions": count(len(sessions), "sessions"), "orphaned": count(len(orphans), "orphans"), "ended_logins": count(len(ended), "ended_logins"),
		"dead":     count(sshsession.Count(sessions, sshsession.Session.IsDead), "sessions"),
		"unknown":  count(sshsession.Count(sessions, sshsession.Session.IsUnknown), "sessions"),
		"unprobed": count(sshsession.Count(sessions, sshsession.Session.IsUnprobed), "sessions"),
	})
	m.Source = attribute.TextOrNull(map[string]string{"ss": "ss", "proc": "/proc/net/tcp"}[f.Source])
	m.setMachine(sight.Identity, sight.MachineID)
}

// rows makes a list of what was seen; where why says that it was not, null, and why is
// noted.
func rows[T any](name string, of types.ObjectType, list []T, value func(T) map[string]attr.Value, why string, notSeen map[string]string) types.List {
	if why != "" {
		notSeen[name] = why
		return types.ListNull(of)
	}
	var elements []attr.Value
	for _, row := range list[:min(len(list), mostRows)] {
		elements = append(elements, types.ObjectValueMust(of.AttrTypes, value(row)))
	}
	return types.ListValueMust(of, elements)
}

func numberIf(n int64, known bool) attr.Value {
	if known {
		return types.Int64Value(n)
	}
	return types.Int64Null()
}

func sessionValue(s sshsession.Session) map[string]attr.Value {
	seconds := func(ms int64, known bool) attr.Value { return numberIf(ms/1000, known && ms >= 0) }
	return map[string]attr.Value{
		"pid": types.Int64Value(int64(s.PID)), "user": attribute.TextOrNull(s.User), "logged_in": types.BoolValue(s.LoggedIn), "own": types.BoolValue(s.Own),
		"login": attribute.TextOrNull(s.Login), "terminals": attribute.TextList(s.Terminals),
		"peer_address": attribute.TextIf(s.PeerAddress(), s.Found), "peer_port": numberIf(s.PeerPort(), s.Found),
		"age_seconds": types.Int64Value(s.Age), "idle_seconds": numberIf(s.Idle, s.Idle >= 0),
		"state": types.StringValue(string(s.State)), "why": attribute.TextOrNull(s.Why),
		"unacknowledged_bytes": numberIf(s.Unacked, s.Found), "retransmissions": numberIf(s.Retransmits, s.Found), "unanswered_probes": numberIf(s.Probes, s.Found),
		"timer": attribute.TextOrNull(s.Timer), "timer_seconds": seconds(s.TimerLeft, s.Timer != ""),
		"last_received_seconds": seconds(s.Received, s.Found), "last_sent_seconds": seconds(s.Sent, s.Found), "total_retransmissions": numberIf(s.AllRetrans, s.Found && s.AllRetrans >= 0),
		"probing": attribute.TextOrNull(string(s.Probing)), "probing_why": attribute.TextOrNull(s.ProbingWhy), "dead_peer_timeout": numberIf(s.DeadPeer, s.DeadPeer > 0),
	}
}

func orphanValue(o sshsession.Orphan) map[string]attr.Value {
	return map[string]attr.Value{
		"pid": types.Int64Value(int64(o.PID)), "program": types.StringValue(o.Program), "user": types.StringValue(o.User),
		"age_seconds": types.Int64Value(o.Age), "session": attribute.TextOrNull(o.Session),
	}
}

func endedLoginValue(l sshsession.Login, age int64) map[string]attr.Value {
	return map[string]attr.Value{
		"id": types.StringValue(l.ID), "user": types.StringValue(l.User), "state": types.StringValue(l.State), "leader": numberIf(int64(l.Leader), l.Leader > 0),
		"service": attribute.TextOrNull(l.Service), "remote_host": attribute.TextOrNull(l.RemoteHost), "terminal": attribute.TextOrNull(l.TTY), "age_seconds": types.Int64Value(age),
	}
}
