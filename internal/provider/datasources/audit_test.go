package datasources

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestAuditDocs: each attribute of a finding, an exception and a warning is named
// where the list is described.
func TestAuditDocs(t *testing.T) {
	t.Parallel()
	for doc, of := range map[string]types.ObjectType{findingsDoc: findingType(), exceptionsDoc: exceptionType(), concernsDoc: concernType()} {
		for name := range of.AttrTypes {
			if !strings.Contains(doc, "`"+name+"`") {
				t.Errorf("%s is not in %q", name, doc)
			}
		}
	}
}
