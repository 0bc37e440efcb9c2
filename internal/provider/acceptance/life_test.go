package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
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
	config := providerBlock("", m) + serverBlock(m, keepaliveBody)
	empty := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	updates := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(server, plancheck.ResourceActionUpdate)}}
	accept(t, resource.TestCase{
		CheckDestroy: unchangedSince(t, m, before),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
				effective(m, "clientaliveinterval", "120"),
				effective(m, "clientalivecountmax", "3"),
				resource.TestCheckResourceAttr(server, "client_alive_interval", "2m"),
				resource.TestCheckResourceAttr(server, "effective.ClientAliveInterval", "120"),
				resource.TestCheckResourceAttr(server, "managed_file", dropIn),
				resource.TestCheckResourceAttr(server, "loaded", "true"),
			)},
			{Config: config, ConfigPlanChecks: empty},
			{
				PreConfig:        func() { m.Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + dropIn) },
				Config:           config,
				ConfigPlanChecks: updates,
				Check:            effective(m, "clientaliveinterval", "120"),
			},
			{
				Config:           providerBlock("", m) + serverBlock(m, "client_alive_interval = 300"),
				ConfigPlanChecks: updates,
				Check:            effective(m, "clientaliveinterval", "300"),
			},
			{
				PreConfig:        func() { m.Remove(dropIn); m.Sh("kill -HUP $(cat /run/sshd.pid)") },
				Config:           providerBlock("", m) + serverBlock(m, "client_alive_interval = \"5m\""),
				ConfigPlanChecks: updates,
				Check:            effective(m, "clientaliveinterval", "300"),
			},
		},
	})
}
