package acceptance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

const fullBody = `
  client_alive_interval  = "2m"
  client_alive_count_max = 3
  tcp_keep_alive         = true
  login_grace_time       = 30
  max_sessions           = 8
  settings = { PermitRootLogin = "prohibit-password", AcceptEnv = "LANG\nLC_*" }
  match = [{ criteria = "User git", client_alive_interval = "10m", settings = { X11Forwarding = "no" } }]
`

// TestImport adopts what another state made, by ID and by import block, and has
// nothing to change then.
func TestImport(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	config := providerBlock("", m) + serverBlock(m, fullBody)
	id := fmt.Sprintf("%s:%d", m.Addr, m.Port)
	first := newCLI(t)
	first.config(config)
	first.apply()
	first.plan(0)
	made := m.Snapshot("/etc/ssh")

	byID := newCLI(t)
	byID.config(config)
	byID.expect(0, []string{"Import successful"}, "import", "-no-color", server, id)
	byID.plan(0)

	byBlock := newCLI(t)
	byBlock.config(config + fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", server, id))
	byBlock.plan(2, "1 to import, 0 to add, 0 to change, 0 to destroy")
	byBlock.apply("1 imported, 0 added, 0 changed")
	byBlock.plan(0)
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(made, after) != "" {
		t.Errorf("an import changed the host:\n%s", hosttest.Differences(made, after))
	}

	generated := newCLI(t)
	generated.config(providerBlock("", m) + fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", server, id))
	out, _ := generated.run("plan", "-no-color", "-generate-config-out=generated.tf")
	switch _, minor := engineVersion(t, generated.engine); {
	case minor == 10 && strings.Contains(out, "OPENTOFU CRASH"): // of any computed attribute with attributes in it
		t.Log("OpenTofu 1.10 cannot generate the configuration")
	case !strings.Contains(out, "1 to import, 0 to add, 0 to change, 0 to destroy"):
		t.Errorf("the generated configuration is not what was imported:\n%s", out)
	}

	byBlock.destroy()
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
	}
	first.plan(2, "our lines are gone")
}

// TestImportBlockByIdentity needs an engine that knows identities.
func TestImportBlockByIdentity(t *testing.T) {
	t.Parallel()
	first, second := newCLI(t), newCLI(t)
	if !identityImports(t, hosttest.NeedsEngine(t)) {
		t.Skip("importing by identity needs Terraform 1.12 or OpenTofu 1.12")
	}
	m := hosttest.Start(t, hosttest.Options{})
	config := providerBlock("", m) + serverBlock(m, fullBody)
	first.config(config)
	first.apply()
	second.config(config + fmt.Sprintf("import {\n  to = %s\n  identity = { host = %q, port = %d }\n}\n", server, m.Addr, m.Port))
	second.apply("1 imported, 0 added, 0 changed")
	second.plan(0)
}

// TestRemovedFromTheConfiguration: a resource that is taken out of the
// configuration, and one attribute that is.
func TestRemovedFromTheConfiguration(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := newCLI(t)
	provider := fleet{"web1": m}.provider("")
	c.config(provider + named("web1", fullBody))
	c.apply()
	c.config(provider + named("web1", twoMinutes))
	c.plan(2, "1 to change")
	c.apply("1 changed")
	c.plan(0)
	for keyword, want := range map[string]string{"maxsessions": "10", "logingracetime": "120", "clientaliveinterval": "120"} {
		if got := m.Effective(keyword); got != want {
			t.Errorf("%s is %s, not %s", keyword, got, want)
		}
	}
	c.config(provider)
	c.apply("1 destroyed")
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("something is left behind:\n%s", hosttest.Differences(before, after))
	}
}

// TestTwoResourcesOnOneHost share its files and do not undo each other.
func TestTwoResourcesOnOneHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := newCLI(t)
	c.config(fleet{"web1": m}.provider("") +
		"resource \"sshkeepalive_server\" \"a\" {\n host = \"web1\"\n client_alive_interval = 120\n}\n" +
		"resource \"sshkeepalive_server\" \"b\" {\n host = \"web1\"\n drop_in_name = \"10-team.conf\"\n login_grace_time = 33\n}\n")
	c.apply("2 added")
	c.plan(0)
	if a, b := m.Effective("clientaliveinterval"), m.Effective("logingracetime"); a != "120" || b != "33" {
		t.Errorf("effective are %s and %s", a, b)
	}
	c.destroy()
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("something is left behind:\n%s", hosttest.Differences(before, after))
	}
}

// TestImportOfAHandConfiguredHost: what no file sets is not imported, the import says
// which lines the first apply will double, and one of the two can go afterwards.
func TestImportOfAHandConfiguredHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Config: "Include /etc/ssh/sshd_config.d/*.conf\n# ops\nClientAliveCountMax 5\nUsePAM yes\n"})
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	c := newCLI(t)
	c.config(providerBlock("", m) + serverBlock(m, "client_alive_count_max = 5\nclient_alive_interval = 120"))
	c.expect(0, []string{"lines that this provider did not write were imported", "writes lines of its own to " + dropIn, mainFile + ":3: ClientAliveCountMax 5"},
		"import", "-no-color", server, fmt.Sprintf("%s:%d", m.Addr, m.Port))
	if out := c.expect(0, nil, "state", "show", "-no-color", server); strings.Contains(out, "client_alive_interval") || strings.Contains(out, "tcp_keep_alive") {
		t.Errorf("defaults were imported:\n%s", out)
	}
	c.apply("1 changed")
	if text := m.Read(mainFile); !strings.Contains(string(text), "\nClientAliveCountMax 5\n") {
		t.Errorf("the line by hand is\n%s", text)
	}
	m.Sh("sed -i '/^ClientAliveCountMax/d' " + mainFile)
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	c.plan(0)
	if got := m.Effective("clientalivecountmax"); got != "5" {
		t.Errorf("ClientAliveCountMax is %s", got)
	}
}
