package resources

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestAccProfile: a baseline on a real host, a value of one's own over it, and
// nothing left in the end.
func TestAccProfile(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}})
	before := m.Snapshot("/etc/ssh")
	config := strings.Replace(acceptance.ProviderBlock("", m), "user             = \"root\"", "user = \"admin\"\n    sudo = true", 1) +
		acceptance.ServerBlock(m, "  profile = \"cis\"\n  max_sessions = 7")
	accept(t, resource.TestCase{
		CheckDestroy: unchangedSince(t, m, before),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.ComposeTestCheckFunc(
				effective(m, "permitrootlogin", "no"), effective(m, "clientaliveinterval", "15"), effective(m, "maxsessions", "7"),
				resource.TestCheckResourceAttr(acceptance.ThisServer, "effective.MaxAuthTries", "4"),
				resource.TestCheckResourceAttr(acceptance.ThisServer, "dead_peer_timeout", "120"),
			)},
			{Config: config, PlanOnly: true},
			{Config: strings.Replace(config, "profile = \"cis\"", "", 1), Check: resource.ComposeTestCheckFunc(
				effective(m, "clientaliveinterval", m.Effective("clientaliveinterval")), effective(m, "maxsessions", "7"),
				resource.TestCheckNoResourceAttr(acceptance.ThisServer, "effective.MaxAuthTries"),
			)},
		},
	})
}
