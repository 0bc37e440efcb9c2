package datasources

import (
	"context"
	"maps"
	"math"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

// connectionSource is the data source sshkeepalive_connection.
type connectionSource = dataSource[connectionModel, *connectionModel]

// connectionModel is sshkeepalive_connection as Terraform holds it.
type connectionModel struct {
	sourceHost

	loginResult

	User                 types.String `tfsdk:"user"`
	Address              types.String `tfsdk:"address"`
	ServerIdentification types.String `tfsdk:"server_identification"`
	HostKeySHA256        types.String `tfsdk:"host_key_sha256"`
	HostKeyType          types.String `tfsdk:"host_key_type"`
	AuthMethod           types.String `tfsdk:"auth_method"`
	AuthMethods          types.List   `tfsdk:"auth_methods"`
	Attempts             types.Int64  `tfsdk:"attempts"`
	Milliseconds         types.Object `tfsdk:"milliseconds"`
}

func (*connectionModel) name() string { return "connection" }

func (*connectionModel) schema(ctx context.Context) schema.Schema {
	attributes := sourceWhereSchema(ctx, connectionHostDoc)
	maps.Copy(attributes, loginSchema())
	maps.Copy(attributes, map[string]schema.Attribute{
		"user":                  computedText("Whom we log in as. Null on the transport `local`."),
		"address":               computedText("What was dialled, `host:port`. Null on the transport `local`."),
		"server_identification": computedText("What the server said of itself: `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6`."),
		"host_key_sha256":       computedText("Fingerprint of the host key that was shown, also of one that was refused; of a host certificate, that of the key it certifies."),
		"host_key_type":         computedText("Its type: `ssh-ed25519`, `rsa-sha2-512-cert-v01@openssh.com` …"),
		"auth_method":           computedText("How we logged in: `publickey`, `password`, `keyboard-interactive`, `none`; with commas where it took several (`AuthenticationMethods`)."),
		"auth_methods":          schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The methods that the server offered to this user. Null if it came to nothing before, or asked for none."},
		"attempts":              schema.Int64Attribute{Computed: true, MarkdownDescription: "How often we tried. A server that turns us away for now (MaxStartups) or does not answer is tried again, one that refuses us is not."},
		"milliseconds":          schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "How long the phases of the last attempt took; null for one that we did not come to the end of.", Attributes: phaseAttributes(), CustomType: phaseType()},
	})
	return schema.Schema{MarkdownDescription: connectionDoc, Attributes: attributes}
}

const (
	connectionDoc = "Whether a host lets us in at this moment, as a value and not as an error: how far we came, why no further, how long each phase took, what the server offers. Made for `check` blocks. " +
		"Each read is a login of its own, so that it proves something: new TCP connection, new jump legs, new authentication. Nothing is run on the host."
	connectionHostDoc = "What to log in to: a name in the provider's `hosts`, or `[user@]host[:port]`."
)

func phaseAttributes() map[string]schema.Attribute {
	phase := func(doc string) schema.Attribute {
		return schema.Float64Attribute{Computed: true, MarkdownDescription: doc}
	}
	return map[string]schema.Attribute{
		"connect":        phase("Resolving the name and opening the TCP connection, through jump hosts if there are any; not logging in to those."),
		"identification": phase("Until the server said its version."),
		"key_exchange":   phase("Until it proved its host key."),
		"authentication": phase("Until it let us in."),
		"round_trip":     phase("From a keepalive request over the encrypted connection to its answer; null if none came within five seconds."),
		"total":          phase("All of it, with every attempt and the pauses between them, but for the keepalive."),
	}
}

func phaseType() types.ObjectType { return attribute.ObjectOf(phaseAttributes()) }

// read logs in.
func (m *connectionModel) read(ctx context.Context, s *session.Session, where session.Location) (diag.Diagnostics, error) {
	if diags := diagnostics.NoLogin(where.Spec); diags.HasError() {
		return diags, nil
	}
	r, err := s.Engine.ProbeLogin(ctx, where.Spec)
	failure := new(host.Error)
	switch {
	case err == nil:
		m.set(where.Spec, r)
		m.Reachable = types.BoolValue(true)
	case loginFailed(err, &failure):
		m.set(where.Spec, probe.LoginResult{HandshakeInfo: failure.Handshake, Attempts: failure.Attempts, Elapsed: failure.Elapsed})
		m.fail(failure)
	default:
		return nil, err
	}
	return nil, nil
}

func (m *connectionModel) setNull() {
	m.AuthMethods, m.Milliseconds = types.ListNull(types.StringType), types.ObjectNull(phaseType().AttrTypes)
}

func (m *connectionModel) set(spec host.Spec, r probe.LoginResult) {
	m.User, m.Address = attribute.TextOrNull(spec.User), attribute.TextOrNull(r.Address)
	m.ServerIdentification = attribute.TextOrNull(r.ServerVersion)
	m.HostKeySHA256, m.HostKeyType = attribute.TextOrNull(r.HostKeySHA256), attribute.TextOrNull(r.HostKeyType)
	m.AuthMethod, m.AuthMethods = attribute.TextOrNull(r.AuthMethod), types.ListNull(types.StringType)
	if r.AuthMethods != nil {
		m.AuthMethods = attribute.TextList(r.AuthMethods)
	}
	m.Attempts = types.Int64Value(int64(r.Attempts))
	m.Milliseconds = types.ObjectValueMust(phaseType().AttrTypes, map[string]attr.Value{
		"connect": milliseconds(r.Connect), "identification": milliseconds(r.Identification), "key_exchange": milliseconds(r.KeyExchange),
		"authentication": milliseconds(r.Authentication), "round_trip": milliseconds(r.RoundTrip), "total": milliseconds(r.Elapsed),
	})
}

// milliseconds has three decimals, and null for no time.
func milliseconds(d time.Duration) types.Float64 {
	if d == 0 {
		return types.Float64Null()
	}
	return types.Float64Value(math.Ceil(float64(d)/1000) / 1000)
}
