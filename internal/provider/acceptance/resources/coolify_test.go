package resources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestCoolifyOnAHost: a hostile file, an empty second plan, drift by hand, Coolify's
// own upgrade, import, and a destroy to the byte.
func TestCoolifyOnAHost(t *testing.T) {
	t.Parallel()
	text := strings.Replace(envText, "SSH_MAX_RETRIES=9", "SSH_OTHER=9", 1) + "\nexport SSH_RETRY_BASE_DELAY = \"2\"  # it's\r\n\xff\xfe=$(touch /pwned)\n# sshkeepalive is not here\nZ='%s\\\n' \nMUX_ENABLED=on\nSSH_X=$(touch /pwned)`id`"
	m := acceptance.CoolifyMachine(t, text)
	before := m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")
	body := "mux_enabled = false\nmux_persist_time = \"2h\"\nmax_retries = 1\nretry_base_delay = 5\nsettings = { SSH_X = \"a 'b' $(touch /pwned)\" }"
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, body))
	c.Expect(0, []string{"Coolify still runs with the settings that it was started with"}, "apply", "-no-color", "-auto-approve")
	c.Plan(0)
	if out := m.Sh("ls /pwned 2>&1 || :; stat -c '%a %u' " + acceptance.EnvFile); !strings.Contains(out, "No such file") || !strings.HasSuffix(out, "600 9999\n") {
		t.Errorf("ran, or opened up: %s", out)
	}
	if got := m.Sh("grep -aE '^(SSH_(MUX_ENABLED|X)|MUX)' " + acceptance.EnvFile + " >/lines; . /lines; echo \"$SSH_MUX_ENABLED $SSH_X ${MUX_ENABLED-unset}\""); got != "false a 'b' $(touch /pwned) unset\n" {
		t.Errorf("a shell reads %q of %s", got, m.Read(acceptance.EnvFile))
	}
	other := acceptance.NewCLI(t)
	other.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, body))
	other.Expect(0, []string{"Import successful"}, "import", "-no-color", "sshkeepalive_coolify.this", fmt.Sprintf("root@%s:%d%s", m.Addr, m.Port, acceptance.EnvFile))
	other.Plan(0)
	m.Sh("printf '\\nSSH_MAX_RETRIES=9\\n' >>" + acceptance.EnvFile)
	c.Plan(2, `SSH_MAX_RETRIES is "9", not "1", because of `+acceptance.EnvFile+":")
	c.Apply()
	c.Plan(0)
	m.Sh("cd /data/coolify/source; printf 'APP_KEY=\\nNEW=1\\n' >.env.production; awk -F '=' '!seen[$1]++' .env .env.production >.tmp; cat .tmp >.env; rm .tmp .env.production")
	c.Plan(0)
	m.Sh("sed -i '$d' " + acceptance.EnvFile)
	c.Destroy()
	m.Sh("sed -i '$d' " + acceptance.EnvFile + "; truncate -s -1 " + acceptance.EnvFile)
	if d := hosttest.Differences(before, m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestCoolifyRefusesAHost: what cannot work ends in a plan that names the reason,
// touches nothing and tells no secret.
func TestCoolifyRefusesAHost(t *testing.T) {
	t.Parallel()
	m := acceptance.CoolifyMachine(t, envText)
	for says, spoil := range map[string]string{
		"is not there: no Coolify was installed":  "rm " + acceptance.EnvFile,
		"is not a file that can be read":          "rm " + acceptance.EnvFile + "; mkdir " + acceptance.EnvFile,
		"has zero bytes in it":                    "printf 'A=hunter2\\0\\n' >" + acceptance.EnvFile,
		":1 and is never closed":                  "printf 'PEM=\"hunter2\\nSSH_MAX_RETRIES=3\\n' >" + acceptance.EnvFile,
		"SSH_MAX_RETRIES on line 2 spans several": "printf 'A=hunter2\\nSSH_MAX_RETRIES=\"hunter2\\n\"\\n' >" + acceptance.EnvFile,
	} {
		m.Sh("rm -rf " + acceptance.EnvFile + "; touch " + acceptance.EnvFile + "; " + spoil)
		before := m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")
		c := acceptance.NewCLI(t)
		c.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, "max_retries = 1"))
		if out := c.Plan(1, says); strings.Contains(out, "hunter2") {
			t.Errorf("%s: a secret in %s", says, out)
		}
		if d := hosttest.Differences(before, m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
			t.Errorf("%s: touched:\n%s", says, d)
		}
	}
}

// envText is a file that was edited by hand, with a key twice and lines within a value.
const envText = "# Coolify\nAPP_KEY=base64:hunter2=\nexport SSH_MUX_PERSIST_TIME='7200' # two hours\nDB_PASSWORD=\"hun ter2\nSSH_MAX_RETRIES=9\n\"\nSSH_MAX_RETRIES=3\nSSH_MAX_RETRIES=5\nCOOLIFY_VERSION=4.3.19"

// TestCoolifyDoesNotAnswer: no green plan, and the record is kept.
func TestCoolifyDoesNotAnswer(t *testing.T) {
	t.Parallel()
	m := acceptance.CoolifyMachine(t, envText)
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, "max_retries = 1"))
	c.Apply()
	m.Sh("kill $(cat /run/sshd.pid)")
	c.Plan(2, "could not look")
	c.Config(acceptance.ProviderBlock("", m) + acceptance.CoolifyBlock(m, "max_retries = 1\non_unreachable = \"ignore\""))
	c.Apply()
	c.Plan(0, "could not look")
	c.Destroy()
}
