package failures

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestMissingOnTheHost: an error about what the host does not have names it, and the
// attribute; it is not OpenSSH that is missing.
func TestMissingOnTheHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	for name, x := range map[string]struct {
		block string
		words []string
	}{
		"environment file": {"resource \"sshkeepalive_coolify\" \"x\" {\n  host = \"web1\"\n  mux_enabled = false\n}\n",
			[]string{"web1: the environment file does not exist", "/data/coolify/source/.env", "Set `file`"}},
		"user": {"resource \"sshkeepalive_client\" \"x\" {\n  host = \"web1\"\n  user = \"ghost\"\n  patterns = [\"*\"]\n  server_alive_interval = 60\n  probe_hosts = [\"a\"]\n}\n",
			[]string{"web1: the user does not exist on the host", "ghost", "Set `user`"}},
		"main file": {acceptance.Server("web1", "config_file = \"/etc/ssh/none\"\nclient_alive_interval = 60"),
			[]string{"web1: ", "/etc/ssh/none", "`config_file`"}},
	} {
		c.Config(acceptance.Fleet{"web1": m}.Provider("") + x.block)
		if out := c.Plan(1, x.words...); strings.Contains(out, "OpenSSH is installed") {
			t.Errorf("%s: %s", name, out)
		}
	}
}
