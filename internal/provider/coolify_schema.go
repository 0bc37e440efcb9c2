package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// coolifySchema describes sshkeepalive_coolify.
func coolifySchema(ctx context.Context) schema.Schema {
	attributes := whereSchema(ctx, coolifyHostDoc, coolifyAdoptDoc)
	for _, a := range coolify.Attributes() {
		attributes[a.Name] = typedAttribute(a, coolifyTypedDocs()[a.Name]+" The key is `"+a.Keyword+"`.")
	}
	attributes["release"] = schema.StringAttribute{Optional: true, MarkdownDescription: coolifyReleaseDoc}
	attributes["settings"] = schema.MapAttribute{Optional: true, MarkdownDescription: coolifySettingsDoc, ElementType: types.StringType}
	attributes["file"] = schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: coolifyFileDoc,
		Default:             stringdefault.StaticString(coolify.DefaultFile),
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		Validators:          []validator.String{attribute.AbsolutePath{}, attribute.CleanPath{}},
	}
	for name, a := range coolifyObservedSchema() {
		attributes[name] = a
	}
	return schema.Schema{MarkdownDescription: coolifyDoc, Attributes: attributes}
}

func coolifyObservedSchema() map[string]schema.Attribute {
	attributes := computedSchema("The host and the file, in the form that `terraform import` takes.", coolifyEffectiveDoc, types.StringType)
	attributes["managed_content"] = observedText("The lines that the file has for the managed keys; known at plan. Nothing else of the file is in state.")
	attributes["coolify_version"] = observedText("The release that the file names (`COOLIFY_VERSION`, else `LATEST_IMAGE`, which Coolify's own upgrade writes since August 2026). Null when it names none.")
	attributes["host_key_sha256"] = observedText(attribute.HostKeyIDDoc + " Null on the transport `local`.")
	return attributes
}
