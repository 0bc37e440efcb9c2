package resources

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

func schemaOfServer(t *testing.T) schema.Schema {
	t.Helper()
	var resp resource.SchemaResponse
	(&serverResource{}).Schema(t.Context(), resource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	return resp.Schema
}

// TestEveryTypedAttributeIsThere walks the table of typed attributes: each has a
// schema attribute, a field in the model and a documentation that names its
// keyword and, where not every release knows it, the release.
func TestEveryTypedAttributeIsThere(t *testing.T) {
	s := schemaOfServer(t)
	block := s.Attributes["match"].(schema.ListNestedAttribute).NestedObject.Attributes
	inModel, inBlock := (&serverModel{}).typed(), (&matchModel{}).typed()
	for _, a := range sshserver.Attributes() {
		attribute, ok := s.Attributes[a.Name]
		if !ok {
			t.Errorf("%s has no attribute in the schema", a.Name)
			continue
		}
		doc := attribute.GetMarkdownDescription()
		if typedDocs()[a.Name] == "" || !strings.Contains(doc, "`"+a.Keyword+"`") {
			t.Errorf("%s is not documented: %q", a.Name, doc)
		}
		if !a.Since.IsZero() && !strings.Contains(doc, "since OpenSSH "+a.Since.String()) {
			t.Errorf("%s does not say that it needs OpenSSH %s", a.Name, a.Since)
		}
		if inModel[a.Name] == nil {
			t.Errorf("%s has no field in serverModel", a.Name)
		}
		if (inBlock[a.Name] != nil) != a.Match || (block[a.Name] != nil) != a.Match {
			t.Errorf("%s: Match %v in the table, field %v, schema %v", a.Name, a.Match, inBlock[a.Name] != nil, block[a.Name] != nil)
		}
		delete(inModel, a.Name)
		delete(inBlock, a.Name)
	}
	if len(inModel)+len(inBlock) > 0 {
		t.Errorf("the table does not have %v %v", inModel, inBlock)
	}
}
