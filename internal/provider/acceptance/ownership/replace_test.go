package ownership

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// secondDaemon starts an sshd on port 2222 that reads a file of its own.
func secondDaemon(m *hosttest.Machine) {
	m.Write("/etc/ssh2/sshd_config", "Port 2222\nPidFile /run/sshd2.pid\nUsePAM yes\n")
	m.Sh("/usr/sbin/sshd -f /etc/ssh2/sshd_config")
}

// Another config_file is another object: a plan, a replacement, -replace and a destroy
// work, and the old file is as it was before.
func TestAccServerWithAnotherConfigFileIsReplaced(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"false", "true"} {
		m := hosttest.Start(t, hosttest.Options{})
		secondDaemon(m)
		c := acceptance.NewCLI(t)
		before := m.Snapshot("/etc/ssh", "/etc/ssh2")
		config := func(line string) {
			c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf(`
resource "sshkeepalive_server" "this" {
  host                  = %q
  client_alive_interval = "77"
  %s
  lifecycle { create_before_destroy = %s }
}
`, m.Addr, line, first))
		}
		config("")
		c.Apply()
		config(`config_file = "/etc/ssh2/sshd_config"`)
		c.Plan(2, "must be replaced", "1 to add, 0 to change, 1 to destroy")
		c.Expect(0, nil, "plan", "-no-color", "-destroy")
		c.Apply()
		c.Plan(0)
		if got := string(m.Read("/etc/ssh2/sshd_config")); !strings.Contains(got, "ClientAliveInterval 77") {
			t.Errorf("the new file has %s", got)
		}
		if got := m.Effective("clientaliveinterval"); got == "77" {
			t.Error("the old file still has our lines")
		}
		c.Expect(0, nil, "apply", "-no-color", "-auto-approve", "-replace", acceptance.ThisServer)
		c.Plan(0)
		// The same file by its name.
		config("")
		c.Apply()
		config(`config_file = "/etc/ssh/sshd_config"`)
		c.Apply()
		c.Plan(0)
		if got := m.Effective("clientaliveinterval"); got != "77" {
			t.Errorf("after a change to the same file by its name the interval is %s", got)
		}
		// A destroy reads the configuration too.
		config(`config_file = "/etc/ssh2/sshd_config"`)
		c.Destroy()
		if d := hosttest.Differences(before, m.Snapshot("/etc/ssh", "/etc/ssh2")); d != "" {
			t.Errorf("create_before_destroy = %s: after destroy the files differ:\n%s", first, d)
		}
	}
}

// The same holds for the file of a client and for that of a Coolify.
func TestAccOtherFileIsAReplacement(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{
		coolify.DefaultFile: "APP_ENV=production\n", "/srv/coolify/.env": "APP_ENV=staging\n", "/root/.ssh/config2": "Host db*\n  User bob\n",
	}})
	others := func() string { return m.Sh("cat /root/.ssh/config2; echo; cat /srv/coolify/.env") }
	resources := []string{"sshkeepalive_client.this", "sshkeepalive_coolify.this"}
	for _, first := range []string{"false", "true"} {
		c := acceptance.NewCLI(t)
		before, other := cloneTree(m), others()
		config := func(client, file string) {
			more := "%s = %q\nlifecycle { create_before_destroy = " + first + " }"
			c.Config(acceptance.ProviderBlock("", m) + kindBlock("client", m.Addr, fmt.Sprintf(more, "config_file", client)) + kindBlock("coolify", m.Addr, fmt.Sprintf(more, "file", file)))
		}
		config("~/.ssh/config", coolify.DefaultFile)
		c.Apply()
		config("/root/.ssh/config", coolify.DefaultFile)
		c.Apply()
		c.Plan(0)
		written := cloneTree(m)
		for _, file := range []string{"/root/.ssh/config", coolify.DefaultFile} {
			if before[file] == written[file] {
				t.Errorf("create_before_destroy = %s: nothing is written to %s", first, file)
			}
		}
		config("/root/.ssh/config2", "/srv/coolify/.env")
		c.Plan(2, "must be replaced", "2 to add, 0 to change, 2 to destroy")
		c.Apply()
		c.Plan(0)
		if now := others(); !strings.Contains(now, "ServerAliveInterval") || !strings.Contains(now, "SSH_MUX_ENABLED") {
			t.Errorf("a new file is as it was:\n%s", now)
		}
		replace := []string{"apply", "-no-color", "-auto-approve"}
		for _, r := range resources {
			replace = append(replace, "-replace", r)
		}
		c.Expect(0, nil, replace...)
		c.Plan(0)
		for _, r := range resources {
			c.Expect(0, nil, "taint", r)
		}
		c.Apply("2 added, 0 changed, 2 destroyed")
		c.Plan(0)
		config("~/.ssh/config", coolify.DefaultFile)
		c.Destroy()
		if d := hosttest.Differences(before, cloneTree(m)); d != "" || others() != other {
			t.Errorf("create_before_destroy = %s: after destroy the files differ:\n%s\n%s", first, d, others())
		}
	}
}
