package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// clientIdentity tells one block from all others. A file of another user than
// the one who logs in is written ~user/path.
type clientIdentity struct {
	Host  types.String `tfsdk:"host"`
	Port  types.Int64  `tfsdk:"port"`
	File  types.String `tfsdk:"file"`
	Block types.String `tfsdk:"block"`
}

// IdentitySchema describes the identity.
func (*clientResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"host":  identityschema.StringAttribute{RequiredForImport: true, Description: "Address of the host, or its name in the provider's hosts."},
		"port":  identityschema.Int64Attribute{OptionalForImport: true, Description: "Port, where the resource says it."},
		"file":  identityschema.StringAttribute{OptionalForImport: true, Description: "The configuration file: absolute, ~/path of the user who logs in, or ~user/path. Default ~/.ssh/config."},
		"block": identityschema.StringAttribute{RequiredForImport: true, Description: "The line that opens the block, such as Host *.example.org."},
	}}
}

// whichBlock derives the identity from the model. The user who logs in is no
// part of it.
func whichBlock(m *clientModel) clientIdentity {
	where := whereIs(&serverModel{Host: m.Host, SSH: m.SSH})
	file := m.ConfigFile.ValueString()
	if rest, ok := strings.CutPrefix(file, "~/"); ok && m.User.ValueString() != "" {
		file = "~" + m.User.ValueString() + "/" + rest
	}
	var patterns []string
	for _, p := range m.Patterns.Elements() {
		if text, ok := p.(types.String); ok {
			patterns = append(patterns, text.ValueString())
		}
	}
	block := sshclient.Want{Patterns: patterns, Match: m.Match.ValueString()}.Block()
	return clientIdentity{Host: where.Host, Port: where.Port, File: types.StringValue(file), Block: types.StringValue(block)}
}

// String is the identity in the form that terraform import takes.
func (id clientIdentity) String() string {
	return id.address() + "/" + strings.TrimPrefix(id.File.ValueString(), "/") + "#" + id.Block.ValueString()
}

func (id clientIdentity) address() string {
	return serverIdentity{Host: id.Host, Port: id.Port}.address()
}

func (m *clientModel) identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	return setIdentity(ctx, identity, whichBlock(m))
}

// splitBlockID separates [user@]host[:port], /path and #block. The path of a
// user's file begins with /~.
func splitBlockID(id string) (address, file, block string) {
	id, block, _ = strings.Cut(id, "#")
	address, file = splitID(id)
	if strings.HasPrefix(file, "/~") {
		file = file[1:]
	}
	return address, file, block
}

// ImportState notes where the block is; the Read that follows looks at it.
func (r *clientResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	address, file, block := splitBlockID(req.ID)
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var id clientIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		address, file, block = id.address(), id.File.ValueString(), id.Block.ValueString()
	}
	opened, ok := sshclient.ParseBlock(block)
	if _, err := host.ParseAddress(address); err != nil || !ok {
		resp.Diagnostics.Append(diagnostics.BadBlockID(req.ID))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	set := func(name string, value any) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	set("host", address)
	if user, rest, found := strings.Cut(strings.TrimPrefix(file, "~"), "/"); found && strings.HasPrefix(file, "~") && user != "" {
		set("user", user)
		file = "~/" + rest
	}
	if file == "" {
		file = defaultClientFile
	}
	set("config_file", file)
	if opened.Match != "" {
		set("match", opened.Match)
	} else {
		set("patterns", opened.Patterns)
	}
	resp.Diagnostics.Append(setFlag(ctx, resp.Private, importKey, true)...)
	var m clientModel
	resp.Diagnostics.Append(resp.State.Get(ctx, &m)...)
	resp.Diagnostics.Append(m.identify(ctx, resp.Identity)...)
}

// imported declares the resource as the file was found.
func (m *clientModel) imported(ctx context.Context, s *session, where resolvedTarget, sight reconcile.ClientSight) (reconcile.ClientSight, diag.Diagnostics, error) {
	block := whichBlock(m).Block.ValueString()
	found, ok := sshclient.Adopt(block, sight.Facts)
	if !ok {
		return sight, diag.Diagnostics{diagnostics.NoSuchBlock(m.Host.ValueString(), sight.Facts.File, block)}, nil
	}
	var diags diag.Diagnostics
	m.Settings = adoptSettings("", m.typed(), found.Settings, &diags)
	w, more := m.want(ctx)
	diags.Append(more...)
	if diags.HasError() {
		return sight, diags, nil
	}
	// What the host's own ssh makes of the adopted values was not asked yet.
	sight, err := s.engine.LookClient(ctx, m.glance(where), w.client)
	if err != nil {
		return sight, diags, err
	}
	w.client.Claim.ID = sshclient.Holder(w.client.Block(), sight.Facts)
	plan := sshclient.Plan(w.client, sight.Facts)
	after := m.decided(sight, plan, sshclient.Effective(w.client, sight.Facts))
	if len(plan.Changes) > 0 || hasErrors(plan.Problems) {
		// Not by lines of ours: the next plan will show them.
		after.ManagedFile, after.ManagedContent, after.Trail = types.StringNull(), types.StringNull(), types.StringNull()
	}
	m.clientComputed = after
	return sight, diags, nil
}
