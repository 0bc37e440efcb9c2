package datasources

import (
	"context"
	"maps"
	"math"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

// probeSource is the data source sshkeepalive_probe.
type probeSource = dataSource[probeModel, *probeModel]

// probeModel is sshkeepalive_probe as Terraform holds it.
type probeModel struct {
	sourceHost
	Idle         types.String `tfsdk:"idle"`
	UntilDropped types.Bool   `tfsdk:"until_dropped"`
	OutputEvery  types.String `tfsdk:"output_every"`

	loginResult

	Requests     types.Int64   `tfsdk:"requests"`
	FirstAfter   types.Float64 `tfsdk:"first_after"`
	Interval     types.Float64 `tfsdk:"interval"`
	Ended        types.String  `tfsdk:"ended"`
	DroppedAfter types.Float64 `tfsdk:"dropped_after"`
}

// usualIdle is long enough for two requests of an sshd that asks every 10 s or,
// of a release that waits for two intervals, every 5 s: a plan should not take
// longer than that unless somebody says so.
const usualIdle = 30 * time.Second

func (*probeModel) name() string { return "probe" }

func (*probeModel) schema(ctx context.Context) schema.Schema {
	attributes := sourceWhereSchema(ctx, connectionHostDoc)
	maps.Copy(attributes, loginSchema())
	maps.Copy(attributes, map[string]schema.Attribute{
		"timeouts": sourceTimeouts(ctx, "`2m` and `idle`"),
		"idle": schema.StringAttribute{Optional: true, Validators: []validator.String{attribute.IsDuration{Least: time.Second, Most: time.Hour}},
			MarkdownDescription: "How long to sit idle, from `1s` to `1h`; each read takes that long. Two requests are needed to tell their interval. Default `30s`."},
		"until_dropped": schema.BoolAttribute{Optional: true,
			MarkdownDescription: "Do not answer the server's requests, as a dead client does, and stop as soon as it hangs up; `idle` is then the longest to wait for that. Default `false`."},
		"output_every": schema.StringAttribute{Optional: true, Validators: []validator.String{attribute.IsDuration{Least: time.Second, Most: time.Hour}},
			MarkdownDescription: "Have a session on the host write a line this often, as a build log or `tail -f` does: whole seconds from `1s` to `1h`. The session runs `sh` as the user of the connection, for `idle` at most. " +
				"An sshd since 9.2 does not probe a client to which it writes more often than `ClientAliveInterval`: together with `until_dropped` this shows whether a vanished client of such a session is ever dropped by sshd. Default: no session is opened."},
		"error":         computedText("What happened, in full: to a login that failed, or to a connection that ended without being meant to. Null otherwise."),
		"next_step":     computedText("What to do about it; null where `error` is."),
		"requests":      schema.Int64Attribute{Computed: true, MarkdownDescription: "How many keepalive requests the server sent. `0` from an sshd with `ClientAliveInterval 0`, or with one longer than `idle`."},
		"first_after":   computedSeconds("Seconds from our login to the first of them; null if there was none."),
		"interval":      computedSeconds("Seconds between two of them, the median; null if there were fewer than two."),
		"ended":         computedText("How the connection ended before we did, null if it was there at the end: `closed` (in good order, as sshd does), `disconnected` (with a message of SSH), `reset` (by a kernel or firewall that knows no such connection), `lost` (nothing came back: a NAT forgot it, or the host is gone)."),
		"dropped_after": computedSeconds("Seconds from the last thing we sent until the connection ended; null if it did not, or if it was lost at an unknown time. With `until_dropped`, how long sshd keeps a dead client."),
	})
	return schema.Schema{MarkdownDescription: probeDoc, Attributes: attributes}
}

const probeDoc = "What keepalives a server really sends, measured on the wire: opens a connection of its own, stays idle, counts the server's `keepalive@openssh.com` requests and tells their interval, and whether the idle connection survived; with `until_dropped`, when sshd gives up a client that does not answer. " +
	"Nothing is run on the host (but for `output_every`), and no keepalives of ours are sent meanwhile."

func computedSeconds(doc string) schema.Float64Attribute {
	return schema.Float64Attribute{Computed: true, MarkdownDescription: doc}
}

// target leaves it to read to say what is wrong with the options.
func (m *probeModel) target() sourceTarget {
	t := m.sourceHost.target()
	options, _ := m.options()
	t.idle = options.Idle
	return t
}

// read stays idle.
func (m *probeModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	if diags := diagnostics.NoLogin(where.Spec); diags.HasError() {
		return diags, nil
	}
	options, diags := m.options()
	r, err := s.Engine.ProbeIdle(ctx, where.Spec, options)
	failure := new(host.Error)
	switch {
	case err == nil:
		m.set(r)
	case loginFailed(err, &failure):
		m.fail(failure)
	default:
		return diags, err
	}
	return diags, nil
}

func (m *probeModel) setNull() {}

func (m *probeModel) options() (w probe.IdleOptions, diags diag.Diagnostics) {
	w = probe.IdleOptions{Idle: usualIdle, Mute: m.UntilDropped.ValueBool()}
	read := func(name string, text types.String, into *time.Duration) {
		if text.IsNull() {
			return
		}
		var err error
		if *into, err = keepalive.ParseDuration(text.ValueString()); err != nil {
			diags.Append(diagnostics.BadTime(path.Root(name), text.ValueString(), err))
		}
	}
	read("idle", m.Idle, &w.Idle)
	read("output_every", m.OutputEvery, &w.Output)
	return w, diags
}

func (m *probeModel) set(v probe.IdleResult) {
	m.Reachable = types.BoolValue(true)
	if v.Attempts == 0 {
		return // a machine that is not logged in to
	}
	m.Requests = types.Int64Value(int64(len(v.Keepalives)))
	if len(v.Keepalives) > 0 {
		m.FirstAfter = seconds3(v.Keepalives[0])
	}
	if spacing, ok := keepalive.MeasuredSpacing(v.Keepalives); ok {
		m.Interval = seconds3(spacing)
	}
	if v.CloseReason == "" {
		return
	}
	m.Ended = types.StringValue(string(v.CloseReason))
	if v.Silence > 0 {
		m.DroppedAfter = seconds3(v.Silence)
	}
	if v.CloseReason != probe.CloseEOF || !m.UntilDropped.ValueBool() {
		m.Error = types.StringValue(v.Cause.Error())
		m.NextStep = types.StringValue(diagnostics.CloseAdvice(v.CloseReason))
	}
}

// seconds3 has three decimals.
func seconds3(d time.Duration) types.Float64 {
	return types.Float64Value(math.Round(d.Seconds()*1000) / 1000)
}
