package provider

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// serverIdentity tells one sshd from all others, by what is written in the
// configuration: a name in the provider's hosts stays the identity when the
// entry's address changes.
type serverIdentity struct {
	Host types.String `tfsdk:"host"`
	Port types.Int64  `tfsdk:"port"`
	File types.String `tfsdk:"file"`
}

// IdentitySchema describes the identity.
func (*serverResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"host": identityschema.StringAttribute{RequiredForImport: true, Description: "Address of the host, or its name in the provider's hosts."},
		"port": identityschema.Int64Attribute{OptionalForImport: true, Description: "Port, where the resource says it."},
		"file": identityschema.StringAttribute{OptionalForImport: true, Description: "Main configuration file, where the resource says it."},
	}}
}

// whereIs derives the identity from the model. The user is no part of it.
func whereIs(m *serverModel) serverIdentity {
	id := serverIdentity{Host: m.Host, Port: portOf(m.SSH), File: types.StringNull()}
	if !m.ConfigFile.IsUnknown() {
		id.File = m.ConfigFile
	}
	where, err := host.ParseAddress(m.Host.ValueString())
	if err != nil {
		return id
	}
	id.Host = types.StringValue(*where.Host)
	if where.Port != nil && id.Port.IsNull() {
		id.Port = types.Int64Value(int64(*where.Port))
	}
	return id
}

func portOf(ssh types.Object) types.Int64 {
	port, ok := ssh.Attributes()["port"].(types.Int64)
	if !ok || port.IsUnknown() {
		return types.Int64Null()
	}
	return port
}

// String is the identity in the form that terraform import takes.
func (id serverIdentity) String() string { return id.address() + id.File.ValueString() }

func (id serverIdentity) address() string {
	if id.Port.IsNull() {
		return id.Host.ValueString()
	}
	return net.JoinHostPort(id.Host.ValueString(), strconv.FormatInt(id.Port.ValueInt64(), 10))
}

func (m *serverModel) identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	return setIdentity(ctx, identity, whereIs(m))
}

// setIdentity does nothing for an engine that knows no identity.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, value any) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, value)
}

// splitID separates [user@]host[:port] and /path.
func splitID(id string) (address, file string) {
	if slash := strings.IndexByte(id, '/'); slash >= 0 {
		return id[:slash], id[slash:]
	}
	return id, ""
}
