package attribute

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// ContextSchema is the schema of one element of contexts: a connection as sshd -T -C takes it.
func ContextSchema() map[string]schema.Attribute {
	text := func(doc string) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc}
	}
	return map[string]schema.Attribute{
		"user":          text("The user who logs in."),
		"host":          text("The client's host name."),
		"address":       text("The client's address."),
		"local_address": text("The server's address."),
		"local_port": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "The server's port.",
			Validators:          []validator.Int64{int64validator.Between(1, 65535)},
		},
	}
}

// Context is one element of contexts.
type Context struct {
	User         types.String `tfsdk:"user"`
	Host         types.String `tfsdk:"host"`
	Address      types.String `tfsdk:"address"`
	LocalAddress types.String `tfsdk:"local_address"`
	LocalPort    types.Int64  `tfsdk:"local_port"`
}

// ReadContexts reads the elements of list, whose type is contextModel. unknown reports
// whether a value is not known yet; what is found then lacks it.
func ReadContexts(ctx context.Context, list types.List, diags *diag.Diagnostics) (found []sshconf.Context, unknown bool) {
	if list.IsUnknown() || AnyUnknownElement(list) {
		return nil, true
	}
	var models []Context
	diags.Append(list.ElementsAs(ctx, &models, false)...)
	for _, c := range models {
		unknown = unknown || c.User.IsUnknown() || c.Host.IsUnknown() || c.Address.IsUnknown() || c.LocalAddress.IsUnknown() || c.LocalPort.IsUnknown()
		found = append(found, sshconf.Context{
			User: c.User.ValueString(), Host: c.Host.ValueString(), Address: c.Address.ValueString(),
			LocalAddress: c.LocalAddress.ValueString(), LocalPort: int(c.LocalPort.ValueInt64()),
		})
	}
	return found, unknown
}

// NewContext is c as an element of contexts.
func NewContext(c sshconf.Context) Context {
	m := Context{TextOrNull(c.User), TextOrNull(c.Host), TextOrNull(c.Address), TextOrNull(c.LocalAddress), types.Int64Null()}
	if c.LocalPort != 0 {
		m.LocalPort = types.Int64Value(int64(c.LocalPort))
	}
	return m
}
