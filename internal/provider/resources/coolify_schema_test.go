package resources

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
)

// TestEveryCoolifyAttributeIsThere: each typed attribute has a schema attribute, a
// field of its own, and a documentation that names its key and its default.
func TestEveryCoolifyAttributeIsThere(t *testing.T) {
	t.Parallel()
	var resp resource.SchemaResponse
	(&coolifyResource{}).Schema(t.Context(), resource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	m := &coolifyModel{}
	taken := map[any]string{}
	for _, a := range coolify.Attributes() {
		attribute, ok := resp.Schema.Attributes[a.Name]
		field := m.typed()[a.Name]
		if !ok || field == nil || taken[field] != "" {
			t.Errorf("%s: schema %v, field %v, shared with %q", a.Name, ok, field != nil, taken[field])
			continue
		}
		taken[field] = a.Name
		if doc := attribute.GetMarkdownDescription(); coolifyTypedDocs()[a.Name] == "" || !strings.Contains(doc, "`"+a.Keyword+"`") || !strings.Contains(doc, "Coolify's own default is `") {
			t.Errorf("%s is not documented: %q", a.Name, doc)
		}
	}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("tfsdk")
		if field, ok := m.typed()[name]; ok && field != v.Field(i).Addr().Interface() {
			t.Errorf("%s is kept in another field", name)
		}
	}
	for name, a := range resp.Schema.Attributes {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s is not documented", name)
		}
	}
}
