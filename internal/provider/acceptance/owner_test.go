package acceptance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestTwoStatesOnOneHost: the second state must not take the lines of the first away
// without a word, and each destroy leaves the lines of the other one.
func TestTwoStatesOnOneHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	provider := fleet{"web1": m}.provider("")
	const same, other, adopting = "  client_alive_interval = 77\n", "  client_alive_interval = 99\n", "  adopt = true\n"
	first, second := newCLI(t), newCLI(t)
	first.config(provider + named("web1", same))
	first.apply()
	second.config(provider + named("web1", other))
	second.plan(1, "the lines of 00-sshkeepalive.conf belong to another resource", "These lines would disappear:", "ClientAliveInterval 77", "terraform import", "`adopt = true`", "`drop_in_name`")
	if got := m.Effective("clientaliveinterval"); got != "77" {
		t.Fatalf("after a plan ClientAliveInterval is %s", got)
	}
	second.config(provider + named("web1", other+adopting))
	second.apply()
	second.plan(0, "No changes")
	first.plan(2, "belong to another resource", "The apply refuses to replace them.")
	first.expect(1, []string{"belong to another resource", "ClientAliveInterval 99"}, "apply", "-no-color", "-auto-approve")
	said := first.expect(0, []string{"the lines were left on the host, because another resource has taken them over"}, "destroy", "-no-color", "-auto-approve")
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Errorf("after the destroy of the first ClientAliveInterval is %s: %s", got, said)
	}
	first.config(provider + named("web1", other))
	first.expect(0, []string{"another resource wrote the same lines"}, "apply", "-no-color", "-auto-approve")
	second.plan(0, "No changes", "another resource has taken over")
	second.destroy()
	if text := string(m.Read(dropIn)); !strings.Contains(text, "ClientAliveInterval 99") {
		t.Errorf("after the destroy of the second:\n%s", text)
	}
	first.destroy()
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("after both destroys /etc/ssh differs:\n%s", d)
	}
}

// TestBakedLinesAreAdopted without a word, also where the machine gets other values than
// the image.
func TestBakedLinesAreAdopted(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	provider := fleet{"web1": m}.provider("")
	baking, managing := newCLI(t), newCLI(t)
	baking.config(provider + named("web1", "  reload = \"never\"\n  client_alive_interval = 77\n"))
	baking.apply()
	managing.config(provider + named("web1", "  client_alive_interval = 99\n"))
	if said := managing.plan(2); strings.Contains(said, "lines") {
		t.Errorf("the plan says: %s", said)
	}
	managing.apply()
	managing.plan(0, "No changes")
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
}

// TestCreateBeforeDestroyOfTheSameLines: the new resource takes the lines of the old one
// over, and the destroy of the old one leaves them.
func TestCreateBeforeDestroyOfTheSameLines(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := newCLI(t)
	c.config(fleet{"web1": m}.provider("") + named("web1", "  client_alive_interval = 77\n  lifecycle {\n    create_before_destroy = true\n  }\n"))
	c.apply()
	c.expect(0, nil, "apply", "-no-color", "-auto-approve", "-replace=sshkeepalive_server.web1")
	if got := m.Effective("clientaliveinterval"); got != "77" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
	c.plan(0, "No changes")
	c.destroy()
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
	provider := fleet{"web1": m}.provider("")
	const lines = "  client_alive_interval = 120\n  client_alive_count_max = 3\n"
	adopted := []string{"lines that were written by hand are adopted", "50-team.conf:2: ClientAliveInterval 120", "50-team.conf:3: ClientAliveCountMax 3", "Destroy restores them."}
	check := func(c *cli) {
		t.Helper()
		if text := string(m.Read("/etc/ssh/sshd_config.d/50-team.conf")); strings.Contains(text, "\nClientAlive") || !strings.Contains(text, "\tClientAliveInterval 30") {
			t.Errorf("the file of the team is now\n%s", text)
		}
		c.plan(0, "No changes")
		c.destroy()
		if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("after the destroy /etc/ssh differs:\n%s", d)
		}
	}

	created := newCLI(t)
	created.config(provider + named("web1", lines+"  adopt = true\n"))
	created.plan(2, adopted...)
	created.apply()
	check(created)

	imported := newCLI(t)
	imported.config(provider + named("web1", lines))
	imported.expect(0, []string{"set `adopt = true`"}, "import", "-no-color", "sshkeepalive_server.web1", "web1")
	imported.config(provider + named("web1", lines+"  adopt = true\n"))
	imported.plan(2, adopted...)
	imported.apply("1 changed")
	check(imported)

	// Given back when that is asked for, and adopted later.
	later := newCLI(t)
	later.config(provider + named("web1", lines))
	later.apply()
	later.config(provider + named("web1", lines+"  adopt = true\n"))
	later.plan(2, adopted...)
	later.apply("1 changed")
	later.config(provider + named("web1", lines))
	later.apply("1 changed")
	if text := string(m.Read("/etc/ssh/sshd_config.d/50-team.conf")); !strings.Contains(text, "\nClientAliveInterval 120 # two") {
		t.Errorf("without adopt the file of the team is\n%s", text)
	}
	later.destroy()
}

// TestClientAdoptsLinesByHand: an import says which lines would be doubled, adopt
// comments out those for the same hosts, and destroy restores every byte.
func TestClientAdoptsLinesByHand(t *testing.T) {
	t.Parallel()
	m := bobsMachine(t, "ServerAliveInterval 300\nHost db*\n\tServerAliveInterval 15   # by hand\n\tUser postgres\nHost *\n\tServerAliveInterval 20\nHost db*\n\tServerAliveCountMax 9")
	before := m.Snapshot("/home/bob", "/etc/ssh")
	const lines = "patterns = [\"db*\"]\nserver_alive_interval = 15\nserver_alive_count_max = 3\n"
	const adopting = lines + "adopt = true\n"
	adopted := []string{"lines that were written by hand are adopted", bobFile + ":3: ServerAliveInterval 15", bobFile + ":8: ServerAliveCountMax 9", "Destroy restores them."}
	c := newCLI(t)
	c.config(providerBlock("", m) + clientBlock(m, "this", "bob", lines))
	c.expect(0, []string{"lines that this provider did not write were imported", bobFile + ":3: ServerAliveInterval 15", "set `adopt = true`"},
		"import", "-no-color", "sshkeepalive_client.this", fmt.Sprintf("bob@%s:%d#Host db*", m.Addr, m.Port))
	c.config(providerBlock("", m) + clientBlock(m, "this", "bob", adopting))
	c.plan(2, adopted...)
	c.apply("1 changed")
	c.plan(0, "No changes")
	for _, line := range []string{"#sshkeepalive Host db*# \tServerAliveInterval 15   # by hand\n", "\nHost *\n\tServerAliveInterval 20\n", "\n\tUser postgres\n"} {
		if text := string(m.Read(bobFile)); !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	if out := bobSays(m, "db1"); !strings.Contains(out, "serveraliveinterval 15\n") || !strings.Contains(out, "serveralivecountmax 3\n") {
		t.Errorf("for db1 ssh says %s", out)
	}
	if out := bobSays(m, "web"); !strings.Contains(out, "serveraliveinterval 300\n") {
		t.Errorf("for web ssh says %s", out)
	}
	// Another resource in the file is no conflict, and adopt is given back when it goes.
	other := clientBlock(m, "other", "bob", "patterns = [\"*\"]\nserver_alive_interval = 300\nadopt = true\n")
	c.config(providerBlock("", m) + clientBlock(m, "this", "bob", lines) + other)
	c.plan(2, bobFile+":", "ServerAliveInterval 300")
	c.apply("1 added, 1 changed")
	c.plan(0, "No changes")
	if text := string(m.Read(bobFile)); !strings.Contains(text, "\n\tServerAliveInterval 15   # by hand\n") || !strings.Contains(text, "#sshkeepalive Host *# ServerAliveInterval 300\n") {
		t.Errorf("the file is now\n%s", text)
	}
	c.destroy()
	if d := hosttest.Differences(before, m.Snapshot("/home/bob", "/etc/ssh")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestCoolifyAdoptsLinesByHand: a line that says the same is adopted too, and destroy
// restores every byte.
func TestCoolifyAdoptsLinesByHand(t *testing.T) {
	t.Parallel()
	m := coolifyMachine(t, "APP_KEY=hunter2\nSSH_MAX_RETRIES=5 # by hand\nMUX_ENABLED=true\nSSH_MAX_RETRIES=1\n")
	before := m.Snapshot("/data")
	const lines = "mux_enabled = true\nmax_retries = 1\n"
	c := newCLI(t)
	c.config(providerBlock("", m) + coolifyBlock(m, lines+"adopt = true\n"))
	out := c.plan(2, "lines that were written by hand are adopted", envFile+":3: MUX_ENABLED=true", envFile+":2: SSH_MAX_RETRIES=5", envFile+":4: SSH_MAX_RETRIES=1")
	if strings.Contains(out, "hunter2") {
		t.Errorf("a secret in %s", out)
	}
	c.apply()
	c.plan(0, "No changes")
	if text := string(m.Read(envFile)); strings.Contains(text, "\nMUX_ENABLED") || strings.Count(text, "\nSSH_MAX_RETRIES=") != 1 {
		t.Errorf("the file is now\n%s", text)
	}
	c.config(providerBlock("", m) + coolifyBlock(m, lines))
	c.apply("1 changed")
	if text := string(m.Read(envFile)); !strings.Contains(text, "\nMUX_ENABLED=true\n") {
		t.Errorf("without adopt the file is\n%s", text)
	}
	c.plan(0, "No changes")
	c.destroy()
	if d := hosttest.Differences(before, m.Snapshot("/data")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}
