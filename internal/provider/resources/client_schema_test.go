package resources

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

// TestEveryClientAttributeIsThere: each typed attribute has a schema attribute, a
// field of its own and a documentation that names its keyword.
func TestEveryClientAttributeIsThere(t *testing.T) {
	t.Parallel()
	var resp resource.SchemaResponse
	(&clientResource{}).Schema(t.Context(), resource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	m := &clientModel{}
	fields := m.typed()
	for _, a := range sshclient.Attributes() {
		attribute, ok := resp.Schema.Attributes[a.Name]
		if !ok || fields[a.Name] == nil {
			t.Errorf("%s: schema %v, field %v", a.Name, ok, fields[a.Name] != nil)
			continue
		}
		if doc := attribute.GetMarkdownDescription(); clientTypedDocs()[a.Name] == "" || !strings.Contains(doc, "`"+a.Keyword+"`") || !strings.Contains(doc, "ssh's own default") {
			t.Errorf("%s is not documented: %q", a.Name, doc)
		}
	}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("tfsdk")
		if field, ok := fields[name]; ok && field != v.Field(i).Addr().Interface() {
			t.Errorf("%s is kept in another field", name)
		}
	}
	for name, a := range resp.Schema.Attributes {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s is not documented", name)
		}
	}
}

func TestBlockIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][3]string{
		"here/~/.ssh/config#Host *.example.org !x":       {"here", "~/.ssh/config", "Host *.example.org !x"},
		"root@web1:2222/~bob/.ssh/config#Host a":         {"root@web1:2222", "~bob/.ssh/config", "Host a"},
		"web1/etc/ssh/ssh_config.d/1.conf#Match all":     {"web1", "/etc/ssh/ssh_config.d/1.conf", "Match all"},
		"web1#Match host db exec \"test -e /run/vpn#1\"": {"web1", "", "Match host db exec \"test -e /run/vpn#1\""},
	} {
		if address, file, block := splitID(id, true); [3]string{address, file, block} != want {
			t.Errorf("%s: %q %q %q", id, address, file, block)
		}
	}
	m := &clientModel{hostAttributes: hostAttributes{Host: types.StringValue("root@web1:2222")}, ConfigFile: types.StringValue("~/.ssh/config"), User: types.StringValue("bob"), Match: types.StringValue("all")}
	if id, _ := m.identity(); id.String() != "web1:2222/~bob/.ssh/config#Match all" {
		t.Errorf("ID %s", id)
	}
}
