package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
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
	c, first := newCLI(t), newCLI(t)
	if !queries(c.engine) {
		t.Skip("terraform query needs Terraform 1.14, or 1.13 with experiments")
	}
	f := fleet{
		"down": hosttest.Start(t, hosttest.Options{}),
		"hand": hosttest.Start(t, hosttest.Options{Config: "Include /etc/ssh/sshd_config.d/*.conf\nClientAliveInterval 77\n"}),
		"ours": hosttest.Start(t, hosttest.Options{}),
		"none": hosttest.Start(t, hosttest.Options{Config: "UsePAM yes\n"}),
	}
	first.config(f.provider("") + named("ours", fullBody))
	first.apply()
	f["down"].Unplug()
	c.config(f.provider(""))
	if err := os.WriteFile(filepath.Join(c.dir, "fleet.tfquery.hcl"), []byte(fleetQuery), 0o600); err != nil {
		t.Fatal(err)
	}
	c.expect(0, []string{"hand", "ours", "nothing to import on none", "down: "}, "query", "-no-color", "-generate-config-out=generated.tf")
	generated, err := os.ReadFile(filepath.Join(c.dir, "generated.tf"))
	if err != nil || strings.Count(string(generated), "import {") != 2 {
		t.Fatalf("%v:\n%s", err, generated)
	}
	// Terraform 1.13.3 with experiments refuses the provider argument that it generates.
	generated = regexp.MustCompile(`(?m)^ *provider *= sshkeepalive\n`).ReplaceAll(generated, nil)
	if err := os.WriteFile(filepath.Join(c.dir, "generated.tf"), generated, 0o600); err != nil {
		t.Fatal(err)
	}
	c.plan(2, "2 to import, 0 to add, 1 to change, 0 to destroy")
	c.apply("2 imported, 0 added, 1 changed")
	c.plan(0)
	if got := f["hand"].Effective("ClientAliveInterval"); got != "77" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
}

// TestQueryWithoutAnyHost: an error that says why, and no crash of the engine.
func TestQueryWithoutAnyHost(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	if !queries(c.engine) {
		t.Skip("terraform query needs Terraform 1.14, or 1.13 with experiments")
	}
	m := hosttest.Start(t, hosttest.Options{})
	m.Unplug()
	c.config(fleet{"web1": m}.provider(""))
	if err := os.WriteFile(filepath.Join(c.dir, "fleet.tfquery.hcl"), []byte(fleetQuery), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := c.run("query", "-no-color"); code != 1 || !strings.Contains(out, "Could not import this resource") || strings.Contains(out, "panic") {
		t.Errorf("%d:\n%s", code, out)
	}
}

// TestOlderEnginesSeeNoActions: the schema has actions and lists, and an engine that
// knows neither loads it and works.
func TestOlderEnginesSeeNoActions(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.config("")
	out := c.expect(0, []string{`"sshkeepalive_server"`, `"sshkeepalive_control_sockets"`}, "providers", "schema", "-json")
	if knows := isTerraform(t, c.engine, 14); strings.Contains(out, "action_schemas") != knows {
		t.Errorf("the engine knows actions: %t", knows)
	}
}
