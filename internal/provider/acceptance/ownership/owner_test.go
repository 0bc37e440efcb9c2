package ownership

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestTwoStatesOnOneHost: the second state must not take the lines of the first away
// without a word, and each destroy leaves the lines of the other one.
func TestTwoStatesOnOneHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	provider := acceptance.Fleet{"web1": m}.Provider("")
	const same, other, adopting = "  client_alive_interval = 77\n", "  client_alive_interval = 99\n", "  adopt = true\n"
	first, second := acceptance.NewCLI(t), acceptance.NewCLI(t)
	first.Config(provider + acceptance.Server("web1", same))
	first.Apply()
	second.Config(provider + acceptance.Server("web1", other))
	second.Plan(1, "the lines of 00-sshkeepalive.conf belong to another resource", "These lines would disappear:", "ClientAliveInterval 77", "terraform import", "`adopt = true`", "`drop_in_name`")
	if got := m.Effective("clientaliveinterval"); got != "77" {
		t.Fatalf("after a plan ClientAliveInterval is %s", got)
	}
	second.Config(provider + acceptance.Server("web1", other+adopting))
	second.Apply()
	second.Plan(0, "No changes")
	first.Plan(2, "belong to another resource", "The apply refuses to replace them.")
	first.Expect(1, []string{"belong to another resource", "ClientAliveInterval 99"}, "apply", "-no-color", "-auto-approve")
	said := first.Expect(0, []string{"the lines were left on the host, because another resource has taken them over"}, "destroy", "-no-color", "-auto-approve")
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Errorf("after the destroy of the first ClientAliveInterval is %s: %s", got, said)
	}
	first.Config(provider + acceptance.Server("web1", other))
	first.Expect(0, []string{"another resource wrote the same lines"}, "apply", "-no-color", "-auto-approve")
	second.Plan(0, "No changes", "another resource has taken over")
	second.Destroy()
	if text := string(m.Read(acceptance.DropIn)); !strings.Contains(text, "ClientAliveInterval 99") {
		t.Errorf("after the destroy of the second:\n%s", text)
	}
	first.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("after both destroys /etc/ssh differs:\n%s", d)
	}
}

// TestBakedLinesAreAdopted without a word, also where the machine gets other values than
// the image.
func TestBakedLinesAreAdopted(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	provider := acceptance.Fleet{"web1": m}.Provider("")
	baking, managing := acceptance.NewCLI(t), acceptance.NewCLI(t)
	baking.Config(provider + acceptance.Server("web1", "  reload = \"never\"\n  client_alive_interval = 77\n"))
	baking.Apply()
	managing.Config(provider + acceptance.Server("web1", "  client_alive_interval = 99\n"))
	if said := managing.Plan(2); strings.Contains(said, "lines") {
		t.Errorf("the plan says: %s", said)
	}
	managing.Apply()
	managing.Plan(0, "No changes")
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
}

// TestCreateBeforeDestroyOfTheSameLines: the new resource takes the lines of the old one
// over, and the destroy of the old one leaves them.
func TestCreateBeforeDestroyOfTheSameLines(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "  client_alive_interval = 77\n  lifecycle {\n    create_before_destroy = true\n  }\n"))
	c.Apply()
	c.Expect(0, nil, "apply", "-no-color", "-auto-approve", "-replace=sshkeepalive_server.web1")
	if got := m.Effective("clientaliveinterval"); got != "77" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
	c.Plan(0, "No changes")
	c.Destroy()
	if got := m.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("after the destroy ClientAliveInterval is %s", got)
	}
}

// TestLinesByHandAreAdopted, when a host is created, and when an import brought it in,
// and are on the host again after the destroy, byte by byte.
func TestLinesByHandAreAdopted(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/50-team.conf": "# by hand\nClientAliveInterval 120 # two minutes\nClientAliveCountMax 3\nMatch User deploy\n\tClientAliveInterval 30\n"}})
	before := m.Snapshot("/etc/ssh")
	provider := acceptance.Fleet{"web1": m}.Provider("")
	const lines = "  client_alive_interval = 120\n  client_alive_count_max = 3\n"
	adopted := []string{"lines that were written by hand are adopted", "50-team.conf:2: ClientAliveInterval 120", "50-team.conf:3: ClientAliveCountMax 3", "Destroy restores them."}
	check := func(c *acceptance.CLI) {
		t.Helper()
		if text := string(m.Read("/etc/ssh/sshd_config.d/50-team.conf")); strings.Contains(text, "\nClientAlive") || !strings.Contains(text, "\tClientAliveInterval 30") {
			t.Errorf("the file of the team is now\n%s", text)
		}
		c.Plan(0, "No changes")
		c.Destroy()
		if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("after the destroy /etc/ssh differs:\n%s", d)
		}
	}

	created := acceptance.NewCLI(t)
	created.Config(provider + acceptance.Server("web1", lines+"  adopt = true\n"))
	created.Plan(2, adopted...)
	created.Apply()
	check(created)

	imported := acceptance.NewCLI(t)
	imported.Config(provider + acceptance.Server("web1", lines))
	imported.Expect(0, []string{"With `adopt = true`"}, "import", "-no-color", "sshkeepalive_server.web1", "web1")
	imported.Config(provider + acceptance.Server("web1", lines+"  adopt = true\n"))
	imported.Plan(2, adopted...)
	imported.Apply("1 changed")
	check(imported)

	// Given back when that is asked for, and adopted later.
	later := acceptance.NewCLI(t)
	later.Config(provider + acceptance.Server("web1", lines))
	later.Apply()
	later.Config(provider + acceptance.Server("web1", lines+"  adopt = true\n"))
	later.Plan(2, adopted...)
	later.Apply("1 changed")
	later.Config(provider + acceptance.Server("web1", lines))
	later.Apply("1 changed")
	if text := string(m.Read("/etc/ssh/sshd_config.d/50-team.conf")); !strings.Contains(text, "\nClientAliveInterval 120 # two") {
		t.Errorf("without adopt the file of the team is\n%s", text)
	}
	later.Destroy()
}

// TestClientAdoptsLinesByHand: an import says which lines would be doubled, adopt
// comments out those for the same hosts, and destroy restores every byte.
func TestClientAdoptsLinesByHand(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "ServerAliveInterval 300\nHost db*\n\tServerAliveInterval 15   # by hand\n\tUser postgres\nHost *\n\tServerAliveInterval 20\nHost db*\n\tServerAliveCountMax 9")
	before := m.Snapshot("/home/bob", "/etc/ssh")
	const lines = "patterns = [\"db*\"]\nserver_alive_interval = 15\nserver_alive_count_max = 3\n"
	const adopting = lines + "adopt = true\n"
	adopted := []string{"lines that were written by hand are adopted", acceptance.BobFile + ":3: ServerAliveInterval 15", acceptance.BobFile + ":8: ServerAliveCountMax 9", "Destroy restores them."}
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", lines))
	c.Expect(0, []string{"lines that this provider did not write were imported", acceptance.BobFile + ":3: ServerAliveInterval 15", "With `adopt = true`"},
		"import", "-no-color", "sshkeepalive_client.this", fmt.Sprintf("bob@%s:%d#Host db*", m.Addr, m.Port))
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", adopting))
	c.Plan(2, adopted...)
	c.Apply("1 changed")
	c.Plan(0, "No changes")
	for _, line := range []string{"#sshkeepalive Host db*# \tServerAliveInterval 15   # by hand\n", "\nHost *\n\tServerAliveInterval 20\n", "\n\tUser postgres\n"} {
		if text := string(m.Read(acceptance.BobFile)); !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	if out := acceptance.BobSays(m, "db1"); !strings.Contains(out, "serveraliveinterval 15\n") || !strings.Contains(out, "serveralivecountmax 3\n") {
		t.Errorf("for db1 ssh says %s", out)
	}
	if out := acceptance.BobSays(m, "web"); !strings.Contains(out, "serveraliveinterval 300\n") {
		t.Errorf("for web ssh says %s", out)
	}
	// Another resource in the file is no conflict, and adopt is given back when it goes.
	other := acceptance.ClientBlock(m, "other", "bob", "patterns = [\"*\"]\nserver_alive_interval = 300\nadopt = true\n")
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", lines) + other)
	c.Plan(2, acceptance.BobFile+":", "ServerAliveInterval 300")
	c.Apply("1 added, 1 changed")
	c.Plan(0, "No changes")
	if text := string(m.Read(acceptance.BobFile)); !strings.Contains(text, "\n\tServerAliveInterval 15   # by hand\n") || !strings.Contains(text, "#sshkeepalive Host *# ServerAliveInterval 300\n") {
		t.Errorf("the file is now\n%s", text)
	}
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/home/bob", "/etc/ssh")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestCoolifyAdoptsLinesByHand: a line that says the same is adopted too, and destroy
// restores every byte.
func TestCoolifyAdoptsLinesByHand(t *testing.T) {
	t.Parallel()
	m := acceptance.CoolifyMachine(t, "APP_KEY=hunter2\nSSH_MAX_RETRIES=5 # by hand\nMUX_ENABLED=true\nSSH_MAX_RETRIES=1\n")
	before := m.Snapshot("/data")
	const lines = "mux_enabled = true\nmax_retries = 1\n"
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, lines+"adopt = true\n"))
	out := c.Plan(2, "lines that were written by hand are adopted", acceptance.EnvFile+":3: MUX_ENABLED=true", acceptance.EnvFile+":2: SSH_MAX_RETRIES=5", acceptance.EnvFile+":4: SSH_MAX_RETRIES=1")
	if strings.Contains(out, "hunter2") {
		t.Errorf("a secret in %s", out)
	}
	c.Apply()
	c.Plan(0, "No changes")
	if text := string(m.Read(acceptance.EnvFile)); strings.Contains(text, "\nMUX_ENABLED") || strings.Count(text, "\nSSH_MAX_RETRIES=") != 1 {
		t.Errorf("the file is now\n%s", text)
	}
	c.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, lines))
	c.Apply("1 changed")
	if text := string(m.Read(acceptance.EnvFile)); !strings.Contains(text, "\nMUX_ENABLED=true\n") {
		t.Errorf("without adopt the file is\n%s", text)
	}
	c.Plan(0, "No changes")
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/data")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}
