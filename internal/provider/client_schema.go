package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

const defaultClientFile = "~/.ssh/config"

// clientSchema describes sshkeepalive_client.
func clientSchema(ctx context.Context) schema.Schema {
	attributes := whereSchema(ctx, clientHostDoc, clientAdoptDoc)
	for _, a := range sshclient.Attributes() {
		attributes[a.Name] = typedAttribute(a, typedDoc(clientTypedDocs(), a))
	}
	attributes["settings"] = schema.MapAttribute{Optional: true, MarkdownDescription: clientSettingsDoc, ElementType: types.StringType}
	maps.Copy(attributes, blockSchema())
	maps.Copy(attributes, clientObservedSchema())
	return schema.Schema{MarkdownDescription: clientDoc, Attributes: attributes}
}

// blockSchema says which block it is. Our lines are marked with it; under
// another name they would be another resource's, and stay.
func blockSchema() map[string]schema.Attribute {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"config_file": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: clientFileDoc,
			Default:             stringdefault.StaticString(defaultClientFile),
			PlanModifiers:       replace,
			Validators:          []validator.String{attribute.HomePath{}},
		},
		"user": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: clientUserDoc,
			PlanModifiers:       replace,
			Validators:          []validator.String{stringvalidator.RegexMatches(attribute.AccountForm, "must be the name of an account")},
		},
		"patterns": schema.ListAttribute{
			Optional:            true,
			MarkdownDescription: patternsDoc,
			ElementType:         types.StringType,
			PlanModifiers:       []planmodifier.List{listplanmodifier.RequiresReplace()},
		},
		"match": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: clientMatchDoc,
			PlanModifiers:       replace,
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"idle_limit": timeAttribute(clientIdleDoc, attribute.IsTime{}),
		"probe_hosts": schema.ListAttribute{
			Optional:            true,
			MarkdownDescription: probesDoc,
			ElementType:         types.StringType,
			Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
		},
	}
}

func clientObservedSchema() map[string]schema.Attribute {
	attributes := computedSchema(blockIDDoc, clientEffectiveDoc, attribute.EffectiveType)
	attributes["managed_file"] = observedText(blockFileDoc)
	attributes["openssh_version"] = observedText("The host's ssh, as `ssh -V` names it.")
	attributes["host_key_sha256"] = observedText(attribute.HostKeyIDDoc + " Null on the transport `local`.")
	return attributes
}
