package resources

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
)

// TestEveryAttributeIsThere: each typed attribute has a schema attribute, a field of its
// own, and a documentation that names its keyword and its default.
func TestEveryAttributeIsThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resource   resource.Resource
		attributes []keepalive.Attribute
		fields     map[string]any
		docs       map[string]string
		says       string // about its default
	}{
		"client":  {&clientResource{}, sshclient.Attributes(), (&clientModel{}).typed(), clientTypedDocs(), "ssh's own default"},
		"coolify": {&coolifyResource{}, coolify.Attributes(), (&coolifyModel{}).typed(), coolifyTypedDocs(), "Coolify's own default is `"},
		"host":    {&systemResource{}, system.Attributes(), (&systemModel{}).typed(), systemTypedDocs(), ""},
	} {
		var resp resource.SchemaResponse
		c.resource.Schema(t.Context(), resource.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
			t.Fatal(name, diags)
		}
		for _, a := range c.attributes {
			attribute, ok := resp.Schema.Attributes[a.Name]
			if !ok || c.fields[a.Name] == nil {
				t.Errorf("%s: %s: schema %v, field %v", name, a.Name, ok, c.fields[a.Name] != nil)
				continue
			}
			if doc := attribute.GetMarkdownDescription(); c.docs[a.Name] == "" || !strings.Contains(doc, "`"+a.Keyword+"`") || !strings.Contains(doc, c.says) {
				t.Errorf("%s: %s is not documented: %q", name, a.Name, doc)
			}
		}
		for attribute, a := range resp.Schema.Attributes {
			if a.GetMarkdownDescription() == "" {
				t.Errorf("%s: %s is not documented", name, attribute)
			}
		}
	}
}

// TestFieldsAreTheirOwn fails when two names share one field.
func TestFieldsAreTheirOwn(t *testing.T) {
	t.Parallel()
	for _, m := range []interface{ typed() map[string]any }{&serverModel{}, &clientModel{}, &coolifyModel{}, &systemModel{}} {
		v := reflect.ValueOf(m).Elem()
		for name, field := range m.typed() {
			tag := ""
			for _, f := range reflect.VisibleFields(v.Type()) {
				if f.IsExported() && v.FieldByIndex(f.Index).Addr().Interface() == field {
					tag = f.Tag.Get("tfsdk")
				}
			}
			if tag != name {
				t.Errorf("%T: %s is kept in the field of %s", m, name, tag)
			}
		}
	}
}
