package plans

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestExitCodesAndWords is the story of one host as a pipeline sees it.
func TestExitCodesAndWords(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Plan(2, "ClientAliveInterval 2m", acceptance.DropIn, `+ "ClientAliveInterval" = "120"`)
	c.Apply()
	c.Plan(0, "No changes")

	m.Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + acceptance.DropIn)
	c.Plan(2, "ClientAliveInterval is 600, not 2m, because "+acceptance.DropIn+":3", `"600" -> "2m"`)
	c.Apply()
	c.Plan(0)

	m.Write("/etc/ssh/sshd_config.d/00-aaa.conf", "# by hand\nClientAliveInterval 7\n")
	c.Plan(2, "ClientAliveInterval is 7, not 2m, because /etc/ssh/sshd_config.d/00-aaa.conf:2")
	c.Apply()
	if got := m.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("ClientAliveInterval is %s after the repair", got)
	}
	c.Plan(0)
	m.Remove("/etc/ssh/sshd_config.d/00-aaa.conf")

	m.Sh("touch " + acceptance.MainFile)
	c.Plan(2, "web1: sshd has not loaded the files that are on disk", "loaded")
	c.Apply()
	c.Plan(0)

	m.Remove(acceptance.DropIn)
	c.Plan(2, "web1: our lines are gone from "+acceptance.DropIn)
	c.Apply()
	c.Plan(0)

	c.Destroy()
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
	}
}

// TestFleet is ten hosts by for_each, one connection each.
func TestFleet(t *testing.T) {
	t.Parallel()
	machines := acceptance.Fleet{}
	for i := range 10 {
		machines[fmt.Sprintf("web%d", i)] = hosttest.Start(t, logging())
	}
	c := acceptance.NewCLI(t)
	c.Config(machines.Provider("") + fmt.Sprintf("resource \"sshkeepalive_server\" \"all\" {\n  for_each = toset(%s)\n  host = each.key\n%s}\n", machines.Names(), acceptance.TwoMinutes))
	c.Apply("10 added")
	for _, m := range machines {
		m.Write(sshdLog, "")
	}
	c.Plan(0)
	for name, m := range machines {
		if got := costOf(m); got != (cost{1, 1}) {
			t.Errorf("%s: an empty plan cost %+v, not one connection and one command", name, got)
		}
	}
	machines["web5"].Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + acceptance.DropIn)
	c.Plan(2, "ClientAliveInterval is 600", "0 to add, 1 to change, 0 to destroy")
	c.Apply("1 changed")
	c.Plan(0)
	for name, m := range machines {
		if got := m.Effective("clientaliveinterval"); got != "120" {
			t.Errorf("%s: ClientAliveInterval is %s", name, got)
		}
	}
	c.Destroy()
	for name, m := range machines {
		if slices.Contains(strings.Fields(m.Sh("ls /etc/ssh/sshd_config.d")), filepath.Base(acceptance.DropIn)) {
			t.Errorf("%s: our drop-in is still there", name)
		}
	}
}

// TestOneHostIsAway runs a plan under each policy, beside a host that answers.
func TestOneHostIsAway(t *testing.T) {
	t.Parallel()
	machines := acceptance.Fleet{"web1": hosttest.Start(t, hosttest.Options{}), "web2": hosttest.Start(t, hosttest.Options{})}
	config := func(more, interval string) string {
		return machines.Provider(more) + fmt.Sprintf(`
resource "sshkeepalive_server" "all" {
  for_each = toset(%s)
  host     = each.key
  timeouts = { read = "8s", update = "8s", delete = "8s" }
  client_alive_interval = %q
}
`, machines.Names(), interval)
	}
	c := acceptance.NewCLI(t)
	c.Config(config("", "2m"))
	c.Apply("2 added")
	machines["web2"].Stop()

	out := c.Plan(2, "web2: could not look: no answer (connect)", "0 to add, 1 to change, 0 to destroy", "(known after apply)")
	if strings.Contains(out, "web1:") {
		t.Errorf("a host that answers is complained about:\n%s", out)
	}
	c.Expect(1, []string{"web2: no answer (connect)"}, "apply", "-no-color", "-auto-approve")
	c.Config(config(`on_unreachable = "error"`, "2m"))
	c.Plan(1, "web2: no answer (connect)")
	c.Config(config(`on_unreachable = "ignore"`, "2m"))
	c.Plan(0, "web2: could not look: no answer (connect)", "No changes")

	machines["web1"].Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + acceptance.DropIn)
	c.Apply("ClientAliveInterval is 600", "1 changed")
	c.Destroy()
	machines["web2"].StartSSHD()
	if got := machines["web2"].Effective("clientaliveinterval"); got != "120" {
		t.Errorf("web2 was forgotten, and yet its ClientAliveInterval became %s", got)
	}
}

// TestSavedPlanMeetsAnotherEdit: what was reviewed is what is done, or nothing.
func TestSavedPlanMeetsAnotherEdit(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Apply()
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "client_alive_interval = 60\n"))
	c.Expect(0, nil, "plan", "-no-color", "-out=saved")
	m.Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 7/' " + acceptance.DropIn)
	c.Expect(1, []string{"web1: changed since the plan: " + acceptance.DropIn}, "apply", "-no-color", "saved")
	if got := string(m.Read(acceptance.DropIn)); !strings.Contains(got, "ClientAliveInterval 7\n") {
		t.Errorf("somebody's edit was overwritten: %s", got)
	}
}

// TestHostKnownAfterApply: an address that another resource will have.
func TestHostKnownAfterApply(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf(`
resource "terraform_data" "vm" { input = "%s:%d" }
resource "sshkeepalive_server" "web1" {
  host = terraform_data.vm.output
`, m.Addr, m.Port) + acceptance.TwoMinutes + "}\n")
	c.Plan(2, "(known after apply)")
	c.Apply("2 added")
	c.Plan(0)
}
