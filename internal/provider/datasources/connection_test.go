package datasources

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// TestConnectionAdvice: whatever keeps us out has a next step.
func TestConnectionAdvice(t *testing.T) {
	t.Parallel()
	for _, kind := range []host.Kind{host.Unreachable, host.Timeout, host.ProxyDenied, host.Throttled, host.NotSSH, host.Negotiation, host.HostKeyUnknown, host.HostKeyChanged, host.HostKeyRevoked, host.Auth, host.HandshakeLost} {
		if diagnostics.ReachAdvice(&host.Error{Kind: kind}) == "" {
			t.Errorf("no next step for %q", kind)
		}
		var resp datasource.SchemaResponse
		(&connectionSource{}).Schema(t.Context(), datasource.SchemaRequest{}, &resp)
		if doc := resp.Schema.Attributes["failure"].GetMarkdownDescription(); !strings.Contains(doc, "`"+string(kind)+"`") {
			t.Errorf("%q is not documented", kind)
		}
	}
}
