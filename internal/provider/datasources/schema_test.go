package datasources

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// TestContextOfASource: the framework has schemas of their own for data sources, and a
// context has the same type in both.
func TestContextOfASource(t *testing.T) {
	t.Parallel()
	if got, want := attribute.ObjectOf(sourceAttributes(attribute.ContextSchema())), attribute.ObjectOf(attribute.ContextSchema()); !got.Equal(want) {
		t.Errorf("a context is %s, and in a resource %s", got, want)
	}
}
