package ownership

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const fleetQuery = `
list "sshkeepalive_server" "fleet" {
  provider         = sshkeepalive
  include_resource = true
}
`

// TestQueryAdoptsAFleet lists a fleet, imports what the engine generates of it, and has
// nothing to plan then: a host of ours, one with a line by hand, one that sets nothing,
// and one that is down.
func TestQueryAdoptsAFleet(t *testing.T) {
	t.Parallel()
	c, first := acceptance.NewCLI(t), acceptance.NewCLI(t)
	if !acceptance.Queries(c.Engine) {
		t.Skip("terraform query needs Terraform 1.14, or 1.13 with experiments")
	}
	f := acceptance.Fleet{
		"down": hosttest.Start(t, hosttest.Options{}),
		"hand": hosttest.Start(t, hosttest.Options{Config: "Include /etc/ssh/sshd_config.d/*.conf\nClientAliveInterval 77\n"}),
		"ours": hosttest.Start(t, hosttest.Options{}),
		"none": hosttest.Start(t, hosttest.Options{Config: "UsePAM yes\n"}),
	}
	first.Config(f.Provider("") + acceptance.Server("ours", fullBody))
	first.Apply()
	f["down"].Unplug()
	c.Config(f.Provider(""))
	if err := os.WriteFile(filepath.Join(c.Dir, "fleet.tfquery.hcl"), []byte(fleetQuery), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Expect(0, []string{"hand", "ours", "nothing to import on none", "down: "}, "query", "-no-color", "-generate-config-out=generated.tf")
	generated, err := os.ReadFile(filepath.Join(c.Dir, "generated.tf"))
	if err != nil || strings.Count(string(generated), "import {") != 2 {
		t.Fatalf("%v:\n%s", err, generated)
	}
	// Terraform 1.13.3 with experiments refuses the provider argument that it generates.
	generated = regexp.MustCompile(`(?m)^ *provider *= sshkeepalive\n`).ReplaceAll(generated, nil)
	if err := os.WriteFile(filepath.Join(c.Dir, "generated.tf"), generated, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Plan(2, "2 to import, 0 to add, 1 to change, 0 to destroy")
	c.Apply("2 imported, 0 added, 1 changed")
	c.Plan(0)
	if got := f["hand"].Effective("ClientAliveInterval"); got != "77" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
}

// TestQueryWithoutAnyHost: an error that says why, and no crash of the engine.
func TestQueryWithoutAnyHost(t *testing.T) {
	t.Parallel()
	c := acceptance.NewCLI(t)
	if !acceptance.Queries(c.Engine) {
		t.Skip("terraform query needs Terraform 1.14, or 1.13 with experiments")
	}
	m := hosttest.Start(t, hosttest.Options{})
	m.Unplug()
	c.Config(acceptance.Fleet{"web1": m}.Provider(""))
	if err := os.WriteFile(filepath.Join(c.Dir, "fleet.tfquery.hcl"), []byte(fleetQuery), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := c.Run("query", "-no-color"); code != 1 || !strings.Contains(out, "Could not import this resource") || strings.Contains(out, "panic") {
		t.Errorf("%d:\n%s", code, out)
	}
}

// TestOlderEnginesSeeNoActions: the schema has actions and lists, and an engine that
// knows neither loads it and works.
func TestOlderEnginesSeeNoActions(t *testing.T) {
	t.Parallel()
	c := acceptance.NewCLI(t)
	c.Config("")
	out := c.Expect(0, []string{`"sshkeepalive_server"`, `"sshkeepalive_control_sockets"`}, "providers", "schema", "-json")
	if knows := acceptance.IsTerraform(t, c.Engine, 14); strings.Contains(out, "action_schemas") != knows {
		t.Errorf("the engine knows actions: %t", knows)
	}
}
