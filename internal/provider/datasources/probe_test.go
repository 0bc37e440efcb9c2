package datasources

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// TestCloseReasons: each is documented, and has a next step.
func TestCloseReasons(t *testing.T) {
	t.Parallel()
	var resp datasource.SchemaResponse
	(&probeSource{}).Schema(t.Context(), datasource.SchemaRequest{}, &resp)
	for _, p := range []probe.CloseReason{probe.CloseEOF, probe.CloseDisconnect, probe.CloseReset, probe.CloseNoAnswer} {
		if doc := resp.Schema.Attributes["ended"].GetMarkdownDescription(); !strings.Contains(doc, "`"+string(p)+"`") || diagnostics.CloseAdvice(p) == "" {
			t.Errorf("%q: %s; %s", p, diagnostics.CloseAdvice(p), doc)
		}
	}
}
