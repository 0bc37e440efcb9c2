package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// The defaults of sshkeepalive_server, which an import has to fill in as well.
const (
	defaultReload         = "auto"
	defaultConfirmTimeout = "60s"
)

// serverSchema describes sshkeepalive_server.
func serverSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, group := range []map[string]schema.Attribute{
		whereSchema(ctx, hostDoc, serverAdoptDoc), typedSchema(false), wantedSchema(), applyOptionsSchema(), observedSchema(),
	} {
		for name, a := range group {
			attributes[name] = a
		}
	}
	return schema.Schema{MarkdownDescription: serverDoc, Attributes: attributes}
}

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
		"adopt":    schema.BoolAttribute{Optional: true, MarkdownDescription: adoptDoc + adoptedDoc + adoptOthersDoc},
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

func typedAttribute(a keepalive.Attribute, doc string) schema.Attribute {
	switch a.Kind {
	case keepalive.Time:
		return timeAttribute(doc)
	case keepalive.Count:
		return schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: doc,
			Validators:          []validator.Int64{int64validator.Between(0, 1<<31-1)},
		}
	case keepalive.Flag:
		return schema.BoolAttribute{Optional: true, MarkdownDescription: doc}
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
			Default:             stringdefault.StaticString(fallback),
			Validators:          []validator.String{stringvalidator.OneOf(words...)},
		}
	}
	return map[string]schema.Attribute{
		"placement": chosen(placementDoc, string(sshserver.Auto), string(sshserver.Auto), string(sshserver.DropIn), string(sshserver.InPlace)),
		"reload":    chosen(reloadDoc, defaultReload, defaultReload, "never"),
		"drop_in_name": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: dropInDoc,
			Default:             stringdefault.StaticString(sshserver.DefaultDropIn),
			// Our lines are marked with this name; under another one they would
			// be another resource's, and stay.
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
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
			Default:             booldefault.StaticBool(true),
		},
		"longest_task": timeAttribute(longestDoc, attribute.IsTime{}),
		"idle_limit":   timeAttribute(idleLimitDoc, attribute.IsTime{}),
		"confirm_timeout": schema.StringAttribute{
			Optional: true, Computed: true,
			CustomType:          attribute.TimeType{},
			MarkdownDescription: confirmDoc,
			Default:             stringdefault.StaticString(defaultConfirmTimeout),
			PlanModifiers:       []planmodifier.String{attribute.KeepEqualTime{}},
			Validators:          []validator.String{attribute.IsTime{}, attribute.SpelledZero{}},
		},
	}
}

func observedSchema() map[string]schema.Attribute {
	attributes := computedSchema(idDoc, effectiveDoc, types.StringType)
	attributes["managed_file"] = observedText(managedFileDoc)
	attributes["match_overrides"] = overridesAttribute()
	attributes["dead_peer_timeout"] = schema.Int64Attribute{Computed: true, MarkdownDescription: attribute.DeadPeerDoc}
	attributes["openssh_version"] = observedText(attribute.VersionDoc)
	attributes["loaded"] = schema.BoolAttribute{Computed: true, MarkdownDescription: loadedDoc}
	return attributes
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
		"trail":           observedText(attribute.TrailDoc),
	}
}

func observedText(doc string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
}
