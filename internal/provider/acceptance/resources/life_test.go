package resources

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const keepaliveBody = `
  client_alive_interval  = "2m"
  client_alive_count_max = 3
  settings = { PermitRootLogin = "prohibit-password" }
`

// TestLife: create, empty second plan, drift by hand edit, update, removal by
// hand, destroy without a trace.
func TestLife(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	config := acceptance.ProviderBlock("", m) + acceptance.ServerBlock(m, keepaliveBody)
	empty := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	updates := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(acceptance.ThisServer, plancheck.ResourceActionUpdate)}}
	accept(t, resource.TestCase{
		CheckDestroy: unchangedSince(t, m, before),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
				effective(m, "clientaliveinterval", "120"),
				effective(m, "clientalivecountmax", "3"),
				resource.TestCheckResourceAttr(acceptance.ThisServer, "client_alive_interval", "2m"),
				resource.TestCheckResourceAttr(acceptance.ThisServer, "effective.ClientAliveInterval", "120"),
				resource.TestCheckResourceAttr(acceptance.ThisServer, "managed_file", acceptance.DropIn),
				resource.TestCheckResourceAttr(acceptance.ThisServer, "loaded", "true"),
			)},
			{Config: config, ConfigPlanChecks: empty},
			{
				PreConfig:        func() { m.Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + acceptance.DropIn) },
				Config:           config,
				ConfigPlanChecks: updates,
				Check:            effective(m, "clientaliveinterval", "120"),
			},
			{
				Config:           acceptance.ProviderBlock("", m) + acceptance.ServerBlock(m, "client_alive_interval = 300"),
				ConfigPlanChecks: updates,
				Check:            effective(m, "clientaliveinterval", "300"),
			},
			{
				PreConfig:        func() { m.Remove(acceptance.DropIn); m.Sh("kill -HUP $(cat /run/sshd.pid)") },
				Config:           acceptance.ProviderBlock("", m) + acceptance.ServerBlock(m, "client_alive_interval = \"5m\""),
				ConfigPlanChecks: updates,
				Check:            effective(m, "clientaliveinterval", "300"),
			},
		},
	})
}
