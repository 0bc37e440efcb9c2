package ownership

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
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
	config := acceptance.ProviderBlock("", m) + acceptance.ServerBlock(m, fullBody)
	id := fmt.Sprintf("%s:%d", m.Addr, m.Port)
	first := acceptance.NewCLI(t)
	first.Config(config)
	first.Apply()
	first.Plan(0)
	made := m.Snapshot("/etc/ssh")

	byID := acceptance.NewCLI(t)
	byID.Config(config)
	byID.Expect(0, []string{"Import successful"}, "import", "-no-color", acceptance.ThisServer, id)
	byID.Plan(0)

	byBlock := acceptance.NewCLI(t)
	byBlock.Config(config + acceptance.ImportBlock(acceptance.ThisServer, id))
	byBlock.Plan(2, "1 to import, 0 to add, 0 to change, 0 to destroy")
	byBlock.Apply("1 imported, 0 added, 0 changed")
	byBlock.Plan(0)
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(made, after) != "" {
		t.Errorf("an import changed the host:\n%s", hosttest.Differences(made, after))
	}

	generated := acceptance.NewCLI(t)
	generated.Config(acceptance.ProviderBlock("", m) + acceptance.ImportBlock(acceptance.ThisServer, id))
	out, _ := generated.Run("plan", "-no-color", "-generate-config-out=generated.tf")
	switch _, minor := acceptance.EngineVersion(t, generated.Engine); {
	case minor == 10 && strings.Contains(out, "OPENTOFU CRASH"): // of any computed attribute with attributes in it
		t.Log("OpenTofu 1.10 cannot generate the configuration")
	case !strings.Contains(out, "1 to import, 0 to add, 0 to change, 0 to destroy"):
		t.Errorf("the generated configuration is not what was imported:\n%s", out)
	}

	byBlock.Destroy()
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
	}
	first.Plan(2, "our lines are gone")
}

// TestImportBlockByIdentity needs an engine that knows identities.
func TestImportBlockByIdentity(t *testing.T) {
	t.Parallel()
	first, second := acceptance.NewCLI(t), acceptance.NewCLI(t)
	if !acceptance.ImportsByIdentity(t, hosttest.NeedsEngine(t)) {
		t.Skip("importing by identity needs Terraform 1.12 or OpenTofu 1.12")
	}
	m := hosttest.Start(t, hosttest.Options{})
	config := acceptance.ProviderBlock("", m) + acceptance.ServerBlock(m, fullBody)
	first.Config(config)
	first.Apply()
	second.Config(config + fmt.Sprintf("import {\n  to = %s\n  identity = { host = %q, port = %d }\n}\n", acceptance.ThisServer, m.Addr, m.Port))
	second.Apply("1 imported, 0 added, 0 changed")
	second.Plan(0)
}

// TestRemovedFromTheConfiguration: a resource that is taken out of the
// configuration, and one attribute that is.
func TestRemovedFromTheConfiguration(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	provider := acceptance.Fleet{"web1": m}.Provider("")
	c.Config(provider + acceptance.Server("web1", fullBody))
	c.Apply()
	c.Config(provider + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Plan(2, "1 to change")
	c.Apply("1 changed")
	c.Plan(0)
	for keyword, want := range map[string]string{"maxsessions": "10", "logingracetime": "120", "clientaliveinterval": "120"} {
		if got := m.Effective(keyword); got != want {
			t.Errorf("%s is %s, not %s", keyword, got, want)
		}
	}
	c.Config(provider)
	c.Apply("1 destroyed")
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("something is left behind:\n%s", hosttest.Differences(before, after))
	}
}

// TestTwoResourcesOnOneHost share its files and do not undo each other.
func TestTwoResourcesOnOneHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") +
		"resource \"sshkeepalive_server\" \"a\" {\n host = \"web1\"\n client_alive_interval = 120\n}\n" +
		"resource \"sshkeepalive_server\" \"b\" {\n host = \"web1\"\n drop_in_name = \"10-team.conf\"\n login_grace_time = 33\n}\n")
	c.Apply("2 added")
	c.Plan(0)
	if a, b := m.Effective("clientaliveinterval"), m.Effective("logingracetime"); a != "120" || b != "33" {
		t.Errorf("effective are %s and %s", a, b)
	}
	c.Destroy()
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
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ServerBlock(m, "client_alive_count_max = 5\nclient_alive_interval = 120"))
	c.Expect(0, []string{"lines that this provider did not write were imported", "writes lines of its own to " + acceptance.DropIn, acceptance.MainFile + ":3: ClientAliveCountMax 5"},
		"import", "-no-color", acceptance.ThisServer, fmt.Sprintf("%s:%d", m.Addr, m.Port))
	if out := c.Expect(0, nil, "state", "show", "-no-color", acceptance.ThisServer); strings.Contains(out, "client_alive_interval") || strings.Contains(out, "tcp_keep_alive") {
		t.Errorf("defaults were imported:\n%s", out)
	}
	c.Apply("1 changed")
	if text := m.Read(acceptance.MainFile); !strings.Contains(string(text), "\nClientAliveCountMax 5\n") {
		t.Errorf("the line by hand is\n%s", text)
	}
	m.Sh("sed -i '/^ClientAliveCountMax/d' " + acceptance.MainFile)
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	c.Plan(0)
	if got := m.Effective("clientalivecountmax"); got != "5" {
		t.Errorf("ClientAliveCountMax is %s", got)
	}
}

// TestImportOfLinesByHand: what the engine generates from a block by hand is a configuration
// that applies, and what no attribute takes is told and stays.
func TestImportOfLinesByHand(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		id, text, said string
		generated      []string
		ssh            string // lines of ssh -G db1
	}{
		"a keyword twice": {
			"Host db*", "Host db*\n\tServerAliveInterval 1m\n\tserveraliveinterval 90\n\tCompression yes\n\tCompression no\n\tSendEnv A\n\tSendEnv B\n", "config:3: serveraliveinterval 90",
			[]string{`server_alive_interval = "1m"`, `Compression = "yes"`, `SendEnv = "A\nB"`}, "serveraliveinterval 60\ncompression yes\nsendenv A\nsendenv B\n",
		},
		"other spellings": {
			"Host db*", "Host db*\r\n\tServerAliveInterval=1m\r\n\tServerAliveCountMax \"4\"\r\n\tTCPKeepAlive false\r\n", "config:3: ServerAliveCountMax",
			[]string{`server_alive_interval = "1m"`, `server_alive_count_max = 4`, `tcp_keep_alive = false`}, "serveraliveinterval 60\nserveralivecountmax 4\ntcpkeepalive no\n",
		},
		"lines that no attribute takes": {
			"Host db*", "IgnoreUnknown Foo\nHost db*\n\tServerAliveInterval 1m\n\tFoo bar\n\tConnectTimeout none\n", "lines were not imported, because no attribute takes them as they stand: Foo bar ConnectTimeout none",
			[]string{`server_alive_interval = "1m"`, `connect_timeout = null`}, "serveraliveinterval 60\n",
		},
		"text of HCL": {
			"Match originalhost db1 user bob", "Match originalhost db1 user bob\n  ServerAliveInterval 60\n  LocalForward 8080 localhost:80\n  LocalForward 8081 localhost:81\n  ProxyCommand nc %h %p ${HOME} \"a b\"\n  SetEnv A=\"b c\" D=e\n", "config:5: ProxyCommand nc %h %p ${HOME}",
			[]string{`match = "originalhost db1 user bob"`, `$${HOME}`}, "serveraliveinterval 60\nproxycommand nc %h %p ${HOME} \"a b\"\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := acceptance.BobsMachine(t, x.text)
			c := acceptance.NewCLI(t)
			acceptance.NeedsGeneration(t, c.Engine)
			c.Config(acceptance.ProviderBlock("", m) + acceptance.ImportBlock("sshkeepalive_client.this", fmt.Sprintf("bob@%s:%d#%s", m.Addr, m.Port, x.id)))
			out := c.Expect(0, []string{"lines that this provider did not write were imported"}, "plan", "-no-color", "-generate-config-out=generated.tf")
			if !strings.Contains(strings.Join(strings.Fields(out), " "), x.said) {
				t.Errorf("does not say %q: %s", x.said, out)
			}
			// Engines align the equals signs in ways of their own.
			generated := strings.Join(strings.Fields(string(acceptance.ReadFile(t, filepath.Join(c.Dir, "generated.tf")))), " ")
			for _, want := range x.generated {
				if !strings.Contains(generated, want) {
					t.Errorf("no %s in %s", want, generated)
				}
			}
			c.Apply("1 imported")
			c.Plan(0, "No changes")
			says := acceptance.BobSays(m, "db1")
			for want := range strings.Lines(x.ssh) {
				if !strings.Contains(says, want) {
					t.Errorf("no %q in %s", want, says)
				}
			}
			c.Destroy()
			if got := string(m.Read(acceptance.BobFile)); got != x.text {
				t.Errorf("left %q", got)
			}
		})
	}
}

// TestImportOfAHostWhoseFileIsNotInUse: what is in use is imported, and the warning says what
// the file would set.
func TestImportOfAHostWhoseFileIsNotInUse(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	const file = "/etc/sysctl.d/50-tuned.conf"
	m.Write(file, "net.ipv4.tcp_keepalive_time = 300\nnet.ipv4.tcp_keepalive_probes = 9\n")
	m.Write("/etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n") // which nothing reads on this host
	c := acceptance.NewCLI(t)
	acceptance.NeedsGeneration(t, c.Engine)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ImportBlock("sshkeepalive_host.this", fmt.Sprintf("root@%s:%d", m.Addr, m.Port)))
	out := c.Expect(0, []string{`net.ipv4.tcp_keepalive_time is "7200" now, which was imported, and ` + file + `:1 sets it to "300" at the next boot`}, "plan", "-no-color", "-generate-config-out=generated.tf")
	if strings.Contains(out, "probes is") || strings.Contains(out, "KillUserProcesses") {
		t.Errorf("a value that the file gives is warned about, or one that nothing uses: %s", out)
	}
	c.Apply("1 imported")
	c.Plan(0, "No changes")
}

// TestImportOfAnEnvironmentFileByHand: values that no attribute takes are told and stay.
func TestImportOfAnEnvironmentFileByHand(t *testing.T) {
	t.Parallel()
	const text = "APP_KEY=1\nSSH_MAX_RETRIES=abc\nSSH_MUX_MAX_AGE=1e3\nSSH_MUX_PERSIST_TIME=\"1h\"\nSSH_MUX_ENABLED=off\nSSH_RETRY_BASE_DELAY=\n"
	m := acceptance.CoolifyMachine(t, text)
	c := acceptance.NewCLI(t)
	acceptance.NeedsGeneration(t, c.Engine)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ImportBlock("sshkeepalive_coolify.this", fmt.Sprintf("root@%s:%d", m.Addr, m.Port)))
	out := strings.Join(strings.Fields(c.Expect(0, nil, "plan", "-no-color", "-generate-config-out=generated.tf")), " ")
	if said := "lines were not imported, because no attribute takes them as they stand: SSH_MUX_MAX_AGE=1e3 SSH_MAX_RETRIES=abc SSH_RETRY_BASE_DELAY="; !strings.Contains(out, said) {
		t.Errorf("does not say %q: %s", said, out)
	}
	c.Apply("1 imported")
	c.Plan(0, "No changes")
	c.Destroy()
	if got := string(m.Read(acceptance.EnvFile)); got != text {
		t.Errorf("left %q", got)
	}
}
