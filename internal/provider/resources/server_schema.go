package resources

import (
	"cmp"
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// The defaults of sshkeepalive_server.
const (
	defaultReload         = "auto"
	defaultConfirmTimeout = "60s"
)

// serverSchema describes sshkeepalive_server.
func serverSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, group := range []map[string]schema.Attribute{
		whereSchema(ctx, hostDoc, adoptDoc+serverAdoptDoc), typedSchema(false), wantedSchema(), applyOptionsSchema(), observedSchema(),
	} {
		maps.Copy(attributes, group)
	}
	return schema.Schema{MarkdownDescription: serverDoc, Attributes: attributes}
}

// typedSchema has one attribute for each row of the table of typed attributes,
// in a Match block only for those that may stand there.
func typedSchema(inMatch bool) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, a := range sshserver.Attributes() {
		if a.Match || !inMatch {
			attributes[a.Name] = typedAttribute(a, typedDoc(typedDocs(), a))
		}
	}
	return attributes
}

// ServerSettingsSchema is the schema of ServerSettings.
func ServerSettingsSchema() map[string]schema.Attribute {
	attributes := typedSchema(false)
	maps.Copy(attributes, wantedSchema())
	delete(attributes, "match")
	return attributes
}

func wantedSchema() map[string]schema.Attribute {
	block := typedSchema(true)
	block["criteria"] = schema.StringAttribute{
		Required:            true,
		MarkdownDescription: criteriaDoc,
		Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
	}
	block["settings"] = settingsAttribute()
	login := attribute.ContextSchema()
	return map[string]schema.Attribute{
		"settings": settingsAttribute(),
		"match": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: matchDoc,
			NestedObject:        schema.NestedAttributeObject{Attributes: block, CustomType: attribute.ObjectOf(block)},
		},
		"contexts": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: contextsDoc,
			NestedObject:        schema.NestedAttributeObject{Attributes: login, CustomType: attribute.ObjectOf(login)},
		},
		"profile": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: profileDoc(),
		},
	}
}

// applyOptionsSchema says how the settings are put on the host.
func applyOptionsSchema() map[string]schema.Attribute {
	chosen := func(doc, fallback string, words ...string) schema.Attribute {
		return schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: doc,
			PlanModifiers:       []planmodifier.String{attribute.Unset(fallback)},
			Validators:          []validator.String{stringvalidator.OneOf(words...)},
		}
	}
	return map[string]schema.Attribute{
		"placement": chosen(placementDoc, string(sshserver.Auto), string(sshserver.Auto), string(sshserver.DropIn), string(sshserver.InPlace)),
		"reload":    chosen(reloadDoc, defaultReload, defaultReload, "never"),
		"drop_in_name": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: dropInDoc,
			PlanModifiers:       []planmodifier.String{attribute.Unset(sshserver.DefaultDropIn), stringplanmodifier.RequiresReplaceIf(otherDropIn, dropInReplaces, dropInReplaces)},
		},
		"config_file": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: configDoc,
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators:          []validator.String{attribute.AbsolutePath{}},
		},
		"takeover": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: takeoverDoc,
			PlanModifiers:       []planmodifier.Bool{attribute.Unset("true")},
		},
		"longest_task": timeAttribute(longestDoc, attribute.IsTime{}),
		"idle_limit":   timeAttribute(idleLimitDoc, attribute.IsTime{}),
		"confirm_timeout": schema.StringAttribute{
			Optional: true, Computed: true,
			CustomType:          attribute.TimeType{},
			MarkdownDescription: confirmDoc,
			PlanModifiers:       []planmodifier.String{attribute.Unset(defaultConfirmTimeout), attribute.KeepEqualTime{}},
			Validators:          []validator.String{attribute.IsTime{}, attribute.SpelledZero{}},
		},
	}
}

const dropInReplaces = "a new name replaces the resource"

// otherDropIn reports whether the name changes. Our lines are marked with it; under
// another one they would be another resource's, and stay.
func otherDropIn(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = req.PlanValue.IsUnknown() || dropInName(req.PlanValue) != dropInName(req.StateValue)
}

func dropInName(v types.String) string { return cmp.Or(v.ValueString(), sshserver.DefaultDropIn) }

func observedSchema() map[string]schema.Attribute {
	attributes := computedSchema(idDoc, effectiveDoc, types.StringType)
	attributes["managed_file"] = observedText(managedFileDoc)
	attributes["match_overrides"] = overridesAttribute()
	attributes["dead_peer_timeout"] = schema.Int64Attribute{Computed: true, MarkdownDescription: attribute.DeadPeerDoc}
	attributes["openssh_version"] = observedText(attribute.VersionDoc)
	attributes["loaded"] = schema.BoolAttribute{Computed: true, MarkdownDescription: loadedDoc}
	return attributes
}
