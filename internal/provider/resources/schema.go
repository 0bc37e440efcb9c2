package resources

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// whereSchema describes hostAttributes. adoptedDoc says which lines adopt is about.
func whereSchema(ctx context.Context, hostDoc, adoptedDoc string) map[string]schema.Attribute {
	ssh := connection.SSHSchema()
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: hostDoc,
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"ssh": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: attribute.SSHDoc, Attributes: ssh, CustomType: attribute.ObjectOf(ssh)},
		"on_unreachable": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: diagnostics.OnUnreachableDoc + " Default: the provider's `on_unreachable`.",
			Validators:          []validator.String{attribute.PolicyWord()},
		},
		"adopt":    schema.BoolAttribute{Optional: true, MarkdownDescription: adoptedDoc + adoptOthersDoc},
		"timeouts": timeoutsAttribute(ctx),
	}
}

func timeoutsAttribute(ctx context.Context) schema.Attribute {
	a := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: "How long creating may take, such as `10m`. Default `5m`.",
		ReadDescription:   "How long looking at the host may take, in a refresh as in a plan. Default `2m`.",
		UpdateDescription: "How long updating may take. Default `5m`.",
		DeleteDescription: "How long taking everything back may take. Default `5m`. Only what is in state before the destroy counts.",
	})
	if nested, ok := a.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long Terraform's operations on this resource may take, waiting for other resources on the same host included."
		return nested
	}
	return a
}

func typedAttribute(a keepalive.Attribute, doc string) schema.Attribute {
	switch a.Kind {
	case keepalive.Time:
		return timeAttribute(doc)
	case keepalive.Count:
		return schema.Int64Attribute{Optional: true, MarkdownDescription: doc}
	case keepalive.Flag:
		return schema.BoolAttribute{Optional: true, MarkdownDescription: doc}
	case keepalive.Names:
		return schema.SetAttribute{Optional: true, MarkdownDescription: doc, ElementType: types.StringType}
	case keepalive.Pairs:
		return schema.MapAttribute{Optional: true, MarkdownDescription: doc, ElementType: types.StringType}
	default:
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc}
	}
}

func timeAttribute(doc string, checks ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		CustomType:          attribute.TimeType{},
		MarkdownDescription: doc,
		PlanModifiers:       []planmodifier.String{attribute.KeepEqualTime{}},
		Validators:          checks,
	}
}

func settingsAttribute() schema.Attribute {
	return schema.MapAttribute{Optional: true, MarkdownDescription: settingsDoc, ElementType: types.StringType}
}

// computedSchema describes computedAttributes: what the host says. Nothing here changes
// by itself, or a refresh would show drift where there is none.
func computedSchema(idDoc, effectiveDoc string, effective attr.Type) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":              observedText(idDoc),
		"managed_content": observedText(attribute.ContentDoc),
		"effective":       schema.MapAttribute{Computed: true, MarkdownDescription: effectiveDoc, ElementType: effective},
		"host_key_sha256": observedText(attribute.HostKeyIDDoc),
		"machine_id":      observedText(attribute.MachineIDDoc),
	}
}

func observedText(doc string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
}
