package connection

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// Schema is the schema of the settings of one place in the provider
// block.
func Schema(place host.Scope) map[string]providerschema.Attribute {
	attributes := map[string]providerschema.Attribute{}
	for _, d := range SettingsIn(place) {
		attributes[d.Name] = settingAttribute(d, settingDoc(d, place))
	}
	if place == host.InJump {
		return attributes
	}
	for _, d := range host.AllSettings() {
		if d.Singular != "" {
			attributes[d.Singular] = providerschema.StringAttribute{Optional: true, MarkdownDescription: hostKeyDoc}
		}
		if d.Bastion != "" {
			attributes[d.Bastion] = bastionAttribute(d)
		}
	}
	hop := Schema(host.InJump)
	attributes["jump"] = providerschema.ListNestedAttribute{
		Optional:            true,
		MarkdownDescription: jumpDoc,
		NestedObject:        providerschema.NestedAttributeObject{Attributes: hop, CustomType: attribute.ObjectOf(hop)},
	}
	return attributes
}

// bastionAttribute is d of a single hop; of a list it takes one element.
func bastionAttribute(d host.Setting) providerschema.Attribute {
	if d.Kind() == host.List {
		return providerschema.StringAttribute{Optional: true, MarkdownDescription: d.BastionDoc}
	}
	return settingAttribute(d, d.BastionDoc)
}

// SSHSchema is the schema of what a resource may override. Secrets are left out
// at every depth.
func SSHSchema() map[string]resourceschema.Attribute {
	attributes := map[string]resourceschema.Attribute{}
	for _, d := range SettingsIn(host.InSSH) {
		attributes[d.Name] = settingAttribute(d, settingDoc(d, host.InSSH))
	}
	attributes["host_key"] = resourceschema.StringAttribute{Optional: true, MarkdownDescription: hostKeyDoc}
	hop := map[string]resourceschema.Attribute{}
	for _, d := range SettingsIn(host.InJump) {
		if !d.Secret() {
			hop[d.Name] = settingAttribute(d, settingDoc(d, host.InJump))
		}
	}
	attributes["jump"] = resourceschema.ListNestedAttribute{
		Optional:            true,
		MarkdownDescription: jumpDoc,
		NestedObject:        resourceschema.NestedAttributeObject{Attributes: hop, CustomType: attribute.ObjectOf(hop)},
	}
	return attributes
}

const (
	hostKeyDoc = "One host key; short for a `host_keys` list of one."
	jumpDoc    = "Hosts to go through, in order, each with its own host keys. What a hop does not say about logging in is taken from the host itself. An empty list goes straight there, whatever is said elsewhere."
)

// settingAttribute is one setting in any schema: a schema of the framework takes the
// attributes of any other.
func settingAttribute(d host.Setting, doc string) resourceschema.Attribute {
	switch d.Kind() {
	case host.Number:
		return resourceschema.Int64Attribute{Optional: true, MarkdownDescription: doc, Validators: bounds(d)}
	case host.Flag:
		return resourceschema.BoolAttribute{Optional: true, MarkdownDescription: doc}
	case host.List:
		return resourceschema.ListAttribute{Optional: true, MarkdownDescription: doc, ElementType: types.StringType}
	}
	return resourceschema.StringAttribute{Optional: true, MarkdownDescription: doc, Sensitive: d.Secret(), Validators: words(d)}
}

func bounds(d host.Setting) []validator.Int64 {
	if d.Min == 0 && d.Max == 0 {
		return nil
	}
	return []validator.Int64{int64validator.Between(d.Min, d.Max)}
}

// words accepts the empty text too, which says nothing.
func words(d host.Setting) []validator.String {
	if d.Kind() == host.Duration {
		return []validator.String{attribute.IsDuration{Unset: true}}
	}
	if d.OneOf != nil {
		return []validator.String{stringvalidator.OneOf(append([]string{""}, d.OneOf...)...)}
	}
	return nil
}
