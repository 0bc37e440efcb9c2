package datasources

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

const (
	originDoc = "Each has `source` (`file`, `command line`, `default` where no line that applies sets the keyword, or `unknown` where the files do not tell), `keyword`, `written` (the arguments as they stand in the file, or the option), `file`, `line` and `block` (the line that opens the block it stands in, such as `Match User deploy`; null outside)."
	namesDoc  = "The keywords to tell about, compared without regard to case; the maps then have the keywords as they are spelled here. One that the host's release does not know, or does not print, is absent from them. Default: all."
)

// sourceWhereSchema describes sourceHost.
func sourceWhereSchema(ctx context.Context, hostDoc string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: hostDoc + " Never dialled while it is not known.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"ssh":      schema.SingleNestedAttribute{Optional: true, MarkdownDescription: attribute.SSHDoc, Attributes: sourceAttributes(connection.SSHSchema()), CustomType: attribute.ObjectOf(connection.SSHSchema())},
		"timeouts": sourceTimeouts(ctx, "`2m`"),
	}
}

// lookedAtSchema describes lookedAt.
func lookedAtSchema(ctx context.Context, hostDoc string) map[string]schema.Attribute {
	attributes := sourceWhereSchema(ctx, hostDoc)
	attributes["on_unreachable"] = onUnreachableSource()
	return attributes
}

func sourceTimeouts(ctx context.Context, usual string) schema.Attribute {
	a := timeouts.AttributesWithOpts(ctx, timeouts.Opts{
		ReadDescription: "How long looking at the host may take, such as `30s`. Default " + usual + ". Nothing waits for a host to boot: `connect_wait` is for resources.",
	})
	if nested, ok := a.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long Terraform's operations on this data source may take, waiting for others on the same host included."
		return nested
	}
	return a
}

func onUnreachableSource() schema.Attribute {
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "What to do when the host does not answer: `error` stops, `ignore` warns and leaves everything that is computed null. A data source has no recorded state to fall back on, so `recheck` of the provider means `error` here. " +
			"A host that answers and refuses us (authentication, host key, sudo) is an error under each. Default: the provider's `on_unreachable`.",
		Validators: []validator.String{stringvalidator.OneOf(string(diagnostics.Stop), string(diagnostics.Ignore))},
	}
}

func mainFileSource() schema.Attribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: attribute.MainFileDoc, Validators: []validator.String{attribute.AbsolutePath{}}}
}

func contextsSource(doc string) schema.Attribute {
	of := attribute.ContextSchema()
	return schema.ListNestedAttribute{
		Optional: true, MarkdownDescription: doc,
		NestedObject: schema.NestedAttributeObject{Attributes: sourceAttributes(of), CustomType: attribute.ObjectOf(of)},
	}
}

func accountSource(doc string) schema.Attribute {
	return schema.StringAttribute{
		Optional: true, MarkdownDescription: doc,
		Validators: []validator.String{attribute.Account()},
	}
}

func loadedSource() schema.Attribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the running sshd has loaded the files that are on disk. `false` is a stale daemon: new connections do not get what is told here. Null where no sshd reads the files, and where a daemon without a pid file was started before they were last changed."}
}

func namesAttribute() schema.Attribute {
	return schema.ListAttribute{
		Optional:            true,
		MarkdownDescription: namesDoc,
		ElementType:         types.StringType,
		Validators:          []validator.List{listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
	}
}

// sourceAttributes are those of a resource, for a data source: a schema of the framework
// takes the attributes of any other.
func sourceAttributes(of map[string]resourceschema.Attribute) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for name, a := range of {
		attributes[name] = a
	}
	return attributes
}

// seenSchema describes seenMachine.
func seenSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host_key_sha256": computedText(attribute.HostKeyIDDoc + " Null on the transports `local` and `image`."),
		"machine_id":      computedText(attribute.MachineIDDoc),
	}
}

func filesSource() schema.Attribute {
	return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The files that are read, in this order."}
}

func computedText(doc string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
}

func computedValues(doc string, of attr.Type) schema.MapAttribute {
	return schema.MapAttribute{Computed: true, ElementType: of, MarkdownDescription: doc}
}
