package plans

import (
	"fmt"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// A refresh of unchanged hosts finds no difference, for each kind of resource and with
// numbers wherever an attribute takes one. A real difference is still found.
func TestAccRefreshOnlyOfUnchangedHostsFindsNothing(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: "APP_ENV=production\n"}})
	refresh := []string{"plan", "-no-color", "-refresh-only", "-detailed-exitcode"}
	for _, kind := range []struct{ name, config, drift string }{
		{"a resource of Terraform itself", `resource "terraform_data" "this" { input = 3 }`, ""},
		{"server", fmt.Sprintf(`
resource "sshkeepalive_server" "this" {
  host                   = %q
  ssh                    = { port = 22, connect_timeout = "9s" }
  client_alive_interval  = "77"
  client_alive_count_max = 4
  settings               = { Banner = "none" }
  match                  = [{ criteria = "User git", client_alive_count_max = 5 }]
  contexts               = [{ user = "git", local_port = 22 }]
}`, m.Addr), "sed -i 's/Interval 77/Interval 78/' " + acceptance.DropIn},
		{"client", fmt.Sprintf(`
resource "sshkeepalive_client" "this" {
  host                   = "%s:22"
  patterns               = ["db*"]
  server_alive_count_max = 3
}`, m.Addr), "sed -i 's/Max 3/Max 4/' /root/.ssh/config"},
		{"coolify", fmt.Sprintf(`
resource "sshkeepalive_coolify" "this" {
  host        = %q
  max_retries = 3
}`, m.Addr), "sed -i 's/RETRIES=3/RETRIES=4/' " + coolify.DefaultFile},
	} {
		c := acceptance.NewCLI(t)
		c.Config(acceptance.ProviderBlock("", m) + kind.config)
		c.Apply()
		out, code := c.Run(refresh...)
		if code != 0 {
			t.Errorf("%s: the refresh of an unchanged host ends with %d:\n%s", kind.name, code, out)
		}
		if kind.drift == "" {
			continue
		}
		m.Sh(kind.drift)
		if out, code := c.Run(refresh...); code != 2 {
			t.Errorf("%s: the refresh of a changed host ends with %d:\n%s", kind.name, code, out)
		}
		c.Apply()
		c.Plan(0)
	}
}
