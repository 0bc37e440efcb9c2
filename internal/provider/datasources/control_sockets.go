package datasources

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// controlSockets is the data source sshkeepalive_control_sockets.
type controlSockets = dataSource[controlSocketsModel, *controlSocketsModel]

// controlSocketsModel is sshkeepalive_control_sockets as Terraform holds it.
type controlSocketsModel struct {
	lookedAt

	Path types.String `tfsdk:"path"`
	User types.String `tfsdk:"user"`

	Sockets types.List   `tfsdk:"sockets"`
	Counts  types.Object `tfsdk:"counts"`
	Unnamed types.Int64  `tfsdk:"unnamed"`

	seenMachine
}

func (*controlSocketsModel) name() string { return "control_sockets" }

func (*controlSocketsModel) schema(ctx context.Context) schema.Schema {
	attributes := lookedAtSchema(ctx, clientConfigHostDoc)
	maps.Copy(attributes, seenSchema())
	maps.Copy(attributes, map[string]schema.Attribute{
		"path":    schema.StringAttribute{Required: true, MarkdownDescription: attribute.ControlPathDoc, Validators: []validator.String{attribute.ControlPath{}}},
		"user":    accountSource("Whose ssh asks, which has to be the account that the masters run as: `~` is its home directory. Another account than the one that logs in takes root. Default: who logs in."),
		"sockets": schema.ListAttribute{Computed: true, ElementType: socketType(), MarkdownDescription: socketsDoc},
		"counts":  schema.ObjectAttribute{Computed: true, AttributeTypes: socketCountsType().AttrTypes, MarkdownDescription: "How many of `sockets` are `live`, `stale`, `not_ssh` and `unknown`."},
		"unnamed": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many sockets are not in `sockets` because there are control characters in their names."},
	})
	return schema.Schema{MarkdownDescription: controlSocketsDoc, Attributes: attributes}
}

const (
	controlSocketsDoc = "The sockets by which an ssh shares its connections (`ControlMaster`, `ControlPath`) on a host, and whether a master answers behind each. " +
		"Asks by `ssh -O check`, no longer than five seconds each, and changes nothing: no socket is removed and no session ended."
	socketsDoc = "The sockets, in the order of their names. Each has `path`, `state` (`live` where a master answers, `stale` where no process listens any more, `not ssh` where another program than a master answers, or `unknown`), `why` (it is not live), " +
		"`pid` (of a master that is live), `age_seconds` (since the socket was made), `mode` (`0600`), `owner` and `exposed` (whether by its own mode others than the owner may connect to it; null, like these, where it went while it was asked), " +
		"`listener` (the process that listens there: `pid`, `program`, `user` and `age_seconds`, without its arguments, which can hold secrets; null where the master says its pid itself, where no process listens, and where it is not known) and " +
		"`targets` (the hosts that the socket is for, by `name`, `user`, `hostname` and `port`: of the names in `Host` lines of the user's and the system's ssh_config, 50 at most, those whose `ControlPath` ssh expands to this path)."
)

func socketType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"path": types.StringType, "state": types.StringType, "why": types.StringType, "pid": types.Int64Type, "age_seconds": types.Int64Type,
		"mode": types.StringType, "owner": types.StringType, "exposed": types.BoolType, "listener": listenerType(), "targets": types.ListType{ElemType: destinationType()},
	}}
}

func listenerType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{"pid": types.Int64Type, "program": types.StringType, "user": types.StringType, "age_seconds": types.Int64Type}}
}

func destinationType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType, "user": types.StringType, "hostname": types.StringType, "port": types.StringType}}
}

func socketCountsType() types.ObjectType {
	n := types.Int64Type
	return types.ObjectType{AttrTypes: map[string]attr.Type{"live": n, "stale": n, "not_ssh": n, "unknown": n}}
}

func (m *controlSocketsModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	if diags := diagnostics.ImageRunsNoSSH(where.Spec); diags.HasError() {
		return diags, nil
	}
	sight, err := s.Engine.Sockets.Look(ctx, reconcile.Target{Spec: where.Spec, File: m.Path.ValueString(), User: m.User.ValueString()}, struct{}{})
	if err != nil {
		return nil, err
	}
	session.LogDebug(ctx, "control sockets", map[string]any{"host": m.Host.ValueString(), "sockets": len(sight.Facts.Sockets), "unnamed": sight.Facts.Unnamed})
	m.set(sight)
	return nil, nil
}

func (m *controlSocketsModel) setNull() {
	m.Sockets, m.Counts = types.ListNull(socketType()), types.ObjectNull(socketCountsType().AttrTypes)
}

func (m *controlSocketsModel) set(sight reconcile.Snapshot[sshclient.SocketFacts]) {
	var sockets []attr.Value
	counts := map[sshclient.SocketState]int64{}
	for _, s := range sight.Facts.Sockets {
		sockets = append(sockets, socketValue(s))
		counts[s.State]++
	}
	m.Sockets = types.ListValueMust(socketType(), sockets)
	n := func(of sshclient.SocketState) attr.Value { return types.Int64Value(counts[of]) }
	m.Counts = types.ObjectValueMust(socketCountsType().AttrTypes, map[string]attr.Value{
		"live": n(sshclient.Live), "stale": n(sshclient.Stale), "not_ssh": n(sshclient.NotSSH), "unknown": n(sshclient.Unclear),
	})
	m.Unnamed = types.Int64Value(int64(sight.Facts.Unnamed))
	m.setMachine(sight.Identity, sight.MachineID)
}

func socketValue(s sshclient.ControlSocket) attr.Value {
	pid, age, exposed := types.Int64Null(), types.Int64Null(), types.BoolNull()
	if s.PID != 0 {
		pid = types.Int64Value(s.PID)
	}
	if s.There {
		age, exposed = types.Int64Value(s.Age), types.BoolValue(s.Exposed)
	}
	return types.ObjectValueMust(socketType().AttrTypes, map[string]attr.Value{
		"path": types.StringValue(s.Path), "state": types.StringValue(string(s.State)), "why": attribute.TextOrNull(s.Why), "pid": pid,
		"age_seconds": age, "mode": attribute.TextIf(fmt.Sprintf("%04o", s.Mode), s.There), "owner": attribute.TextIf(s.Owner, s.There), "exposed": exposed,
		"listener": listenerValue(s), "targets": destinationList(s.Targets),
	})
}

func listenerValue(s sshclient.ControlSocket) types.Object {
	l := s.Listener
	if l == nil || s.PID != 0 {
		return types.ObjectNull(listenerType().AttrTypes)
	}
	return types.ObjectValueMust(listenerType().AttrTypes, map[string]attr.Value{
		"pid": types.Int64Value(int64(l.PID)), "program": types.StringValue(l.Program), "user": types.StringValue(s.Owner), "age_seconds": types.Int64Value(l.Age),
	})
}

func destinationList(list []sshclient.Destination) types.List {
	elements := make([]attr.Value, len(list))
	for i, d := range list {
		elements[i] = types.ObjectValueMust(destinationType().AttrTypes, map[string]attr.Value{
			"name": types.StringValue(d.Name), "user": types.StringValue(d.User), "hostname": types.StringValue(d.HostName), "port": types.StringValue(d.Port),
		})
	}
	return types.ListValueMust(destinationType(), elements)
}
