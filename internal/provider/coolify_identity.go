package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// IdentitySchema describes the identity: that of sshkeepalive_server, with the
// environment file as its file.
func (*coolifyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"host": identityschema.StringAttribute{RequiredForImport: true, Description: "Address of the host, or its name in the provider's hosts."},
		"port": identityschema.Int64Attribute{OptionalForImport: true, Description: "Port, where the resource says it."},
		"file": identityschema.StringAttribute{OptionalForImport: true, Description: "The environment file. Default " + coolify.DefaultFile + "."},
	}}
}

// whichFile derives the identity from the model. The user is no part of it.
func whichFile(m *coolifyModel) serverIdentity {
	return whereIs(&serverModel{Host: m.Host, SSH: m.SSH, ConfigFile: m.File})
}

func (m *coolifyModel) identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	return setIdentity(ctx, identity, whichFile(m))
}

// ImportState notes where the file is; the Read that follows looks at it.
func (r *coolifyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	address, file := splitID(req.ID)
	if req.ID == "" && req.Identity != nil {
		var id serverIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		address, file = id.address(), id.File.ValueString()
	}
	if _, err := host.ParseAddress(address); err != nil {
		resp.Diagnostics.Append(diagnostics.BadFileID(req.ID, err))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if file == "" {
		file = coolify.DefaultFile
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("host"), address)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("file"), file)...)
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, true)...)
	var m coolifyModel
	resp.Diagnostics.Append(resp.State.Get(ctx, &m)...)
	resp.Diagnostics.Append(m.identify(ctx, resp.Identity)...)
}
