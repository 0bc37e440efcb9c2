package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// connectionSchema is the schema of the settings of one place in the provider
// block.
func connectionSchema(place scope) map[string]providerschema.Attribute {
	attributes := map[string]providerschema.Attribute{}
	for _, a := range connectionAttributes(place) {
		attributes[a.name] = a.providerAttribute()
	}
	if place == inJump {
		return attributes
	}
	for _, a := range bastionAttributes() {
		attributes[a.name] = a.providerAttribute()
	}
	attributes["host_key"] = providerschema.StringAttribute{Optional: true, MarkdownDescription: hostKeyDoc}
	hop := connectionSchema(inJump)
	attributes["jump"] = providerschema.ListNestedAttribute{
		Optional:            true,
		MarkdownDescription: jumpDoc,
		NestedObject:        providerschema.NestedAttributeObject{Attributes: hop, CustomType: objectOf(hop)},
	}
	return attributes
}

// sshSchema is the schema of what a resource may override. Secrets are left out
// at every depth.
func sshSchema() map[string]resourceschema.Attribute {
	attributes := map[string]resourceschema.Attribute{}
	for _, a := range connectionAttributes(inSSH) {
		attributes[a.name] = a.resourceAttribute()
	}
	attributes["host_key"] = resourceschema.StringAttribute{Optional: true, MarkdownDescription: hostKeyDoc}
	hop := map[string]resourceschema.Attribute{}
	for _, a := range connectionAttributes(inJump) {
		if !a.secret() {
			hop[a.name] = a.resourceAttribute()
		}
	}
	attributes["jump"] = resourceschema.ListNestedAttribute{
		Optional:            true,
		MarkdownDescription: jumpDoc,
		NestedObject:        resourceschema.NestedAttributeObject{Attributes: hop, CustomType: objectOf(hop)},
	}
	return attributes
}

// objectOf is the type of an object with these attributes. A schema that is told
// it keeps it; framework 1.19 otherwise makes it anew, with all that is in it, for
// every attribute of every host that it looks at.
func objectOf[A interface{ GetType() attr.Type }](attributes map[string]A) types.ObjectType {
	all := map[string]attr.Type{}
	for name, a := range attributes {
		all[name] = a.GetType()
	}
	return types.ObjectType{AttrTypes: all}
}

const (
	hostKeyDoc = "One host key; short for a `host_keys` list of one."
	jumpDoc    = "Hosts to go through, in order, each with its own host keys. What a hop does not say about logging in is taken from the host itself. An empty list goes straight there, whatever is said elsewhere."
)

func (a connectionAttribute) providerAttribute() providerschema.Attribute {
	switch a.slot(&host.Settings{}).(type) {
	case **int:
		return providerschema.Int64Attribute{Optional: true, MarkdownDescription: a.doc, Validators: a.bounds()}
	case **bool:
		return providerschema.BoolAttribute{Optional: true, MarkdownDescription: a.doc}
	case *[]string:
		if a.listed() {
			return providerschema.ListAttribute{Optional: true, MarkdownDescription: a.doc, ElementType: types.StringType}
		}
	}
	return providerschema.StringAttribute{Optional: true, MarkdownDescription: a.doc, Sensitive: a.secret(), Validators: a.words()}
}

func (a connectionAttribute) resourceAttribute() resourceschema.Attribute {
	switch a.slot(&host.Settings{}).(type) {
	case **int:
		return resourceschema.Int64Attribute{Optional: true, MarkdownDescription: a.doc, Validators: a.bounds()}
	case **bool:
		return resourceschema.BoolAttribute{Optional: true, MarkdownDescription: a.doc}
	case *[]string:
		return resourceschema.ListAttribute{Optional: true, MarkdownDescription: a.doc, ElementType: types.StringType}
	}
	return resourceschema.StringAttribute{Optional: true, MarkdownDescription: a.doc, Validators: a.words()}
}

// listed reports whether a list of strings is written as a list; host_key and
// bastion_host_key hold one element of it.
func (a connectionAttribute) listed() bool { return a.name != "bastion_host_key" }

func (a connectionAttribute) bounds() []validator.Int64 {
	if a.least == 0 && a.most == 0 {
		return nil
	}
	return []validator.Int64{int64validator.Between(a.least, a.most)}
}

func (a connectionAttribute) words() []validator.String {
	if _, is := a.slot(&host.Settings{}).(**time.Duration); is {
		return []validator.String{isDuration{}}
	}
	if a.only != nil {
		return []validator.String{stringvalidator.OneOf(a.only...)}
	}
	return nil
}
