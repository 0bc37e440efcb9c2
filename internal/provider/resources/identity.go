package resources

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// identity tells one managed object from all others, by what is written in the
// configuration: a name in the provider's hosts stays the identity when the entry's
// address changes. The user who logs in is not a part of it.
type identity struct {
	Host types.String
	Port types.Int64
	File types.String
	// Block is the line that opens a block of the file, null where the file has one object.
	Block types.String
}

// IdentitySchema describes the identity.
func (*lifecycle[M, W, F, P]) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	k := P(new(M)).kind()
	attributes := map[string]identityschema.Attribute{
		"host": identityschema.StringAttribute{RequiredForImport: true, Description: "Address of the host, or its name in the provider's hosts."},
		"port": identityschema.Int64Attribute{OptionalForImport: true, Description: "Port, where the resource says it."},
		"file": identityschema.StringAttribute{OptionalForImport: true, Description: k.fileDoc},
	}
	if k.blockDoc != "" {
		attributes["block"] = identityschema.StringAttribute{RequiredForImport: true, Description: k.blockDoc}
	}
	resp.IdentitySchema = identityschema.Schema{Attributes: attributes}
}

// identityAt is the part of an identity that says where the host is. It is incomplete
// while that is not known.
func identityAt(a *hostAttributes) (id identity, complete bool) {
	port, known := portOf(a.SSH)
	id = identity{Host: a.Host, Port: port}
	if a.Host.IsUnknown() {
		return id, false
	}
	where, err := host.ParseAddress(a.name())
	if err != nil {
		return id, known
	}
	id.Host = types.StringValue(*where.Host)
	if where.Port != nil && id.Port.IsNull() {
		id.Port = types.Int64Value(int64(*where.Port))
	}
	return id, known
}

func portOf(ssh types.Object) (port types.Int64, known bool) {
	port, ok := ssh.Attributes()["port"].(types.Int64)
	if !ok || port.IsUnknown() {
		return types.Int64Null(), !ssh.IsUnknown() && !port.IsUnknown()
	}
	return port, true
}

// String is the identity in the form that terraform import takes.
func (id identity) String() string {
	if id.Block.IsNull() {
		return id.address() + id.File.ValueString()
	}
	return id.address() + "/" + strings.TrimPrefix(id.lines(), "/")
}

// lines names the block and the file that it is in.
func (id identity) lines() string { return id.File.ValueString() + "#" + id.Block.ValueString() }

func (id identity) address() string {
	if id.Port.IsNull() {
		return id.Host.ValueString()
	}
	return net.JoinHostPort(id.Host.ValueString(), strconv.FormatInt(id.Port.ValueInt64(), 10))
}

// setIdentity does nothing for an engine that knows no identity.
func setIdentity(ctx context.Context, to *tfsdk.ResourceIdentity, m interface{ identity() (identity, bool) }) (diags diag.Diagnostics) {
	if to == nil {
		return nil
	}
	id, _ := m.identity()
	diags.Append(to.SetAttribute(ctx, path.Root("host"), id.Host)...)
	diags.Append(to.SetAttribute(ctx, path.Root("port"), id.Port)...)
	diags.Append(to.SetAttribute(ctx, path.Root("file"), id.File)...)
	if !id.Block.IsNull() {
		diags.Append(to.SetAttribute(ctx, path.Root("block"), id.Block)...)
	}
	return diags
}

func readIdentity(ctx context.Context, from *tfsdk.ResourceIdentity, hasBlock bool) (id identity, diags diag.Diagnostics) {
	diags.Append(from.GetAttribute(ctx, path.Root("host"), &id.Host)...)
	diags.Append(from.GetAttribute(ctx, path.Root("port"), &id.Port)...)
	diags.Append(from.GetAttribute(ctx, path.Root("file"), &id.File)...)
	if hasBlock {
		diags.Append(from.GetAttribute(ctx, path.Root("block"), &id.Block)...)
	}
	return id, diags
}

// splitID separates [user@]host[:port], /path and, for a resource that is a block,
// #block. The path of a user's file begins with /~ in an ID of the latter.
func splitID(id string, hasBlock bool) (address, file, block string) {
	if hasBlock {
		id, block, _ = strings.Cut(id, "#")
	}
	if slash := strings.IndexByte(id, '/'); slash >= 0 {
		id, file = id[:slash], id[slash:]
	}
	if hasBlock && strings.HasPrefix(file, "/~") {
		file = file[1:]
	}
	return id, file, block
}

// ImportState notes what the ID or the identity says; the Read that follows looks at the
// host.
func (l *lifecycle[M, W, F, P]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	m := P(new(M))
	k := m.kind()
	address, file, block := splitID(req.ID, k.blockDoc != "")
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		id, diags := readIdentity(ctx, req.Identity, k.blockDoc != "")
		resp.Diagnostics.Append(diags...)
		address, file, block = id.address(), id.File.ValueString(), id.Block.ValueString()
	}
	attributes := k.importAttributes(file, block)
	if _, err := host.ParseAddress(address); err != nil || attributes == nil {
		resp.Diagnostics.Append(k.badImportID(req.ID, err))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("host"), address)...)
	for name, value := range attributes {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, true)...)
	resp.Diagnostics.Append(resp.State.Get(ctx, m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m)...)
}
