package failures

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// asRust makes sudo-rs the host's sudo, as Ubuntu does since 25.10.
const asRust = "chmod 4755 /usr/lib/cargo/bin/sudo && ln -sf /usr/lib/cargo/bin/sudo /usr/bin/sudo"

// TestAdviceAboutSudoWorks: each way in which sudo does not make us root has an advice
// of its own, which is followed here.
func TestAdviceAboutSudoWorks(t *testing.T) {
	t.Parallel()
	for name, setUp := range map[string]string{"sudo": "true", "sudo-rs": asRust} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, hosttest.Options{Release: "trixie", Packages: []string{"sudo-rs"}, Users: []hosttest.User{
				{Name: "typist", Sudo: "password", Password: "correct-horse"}, {Name: "guest", Password: "correct-horse"}, {Name: "admin", Sudo: "nopasswd"},
			}})
			m.Sh(setUp)
			c := acceptance.NewCLI(t)
			config := func(entry string) {
				c.Config(strings.Replace(acceptance.Fleet{"web1": m}.Provider(""), "web1 = {", "web1 = { "+entry+", ", 1) + acceptance.Server("web1", acceptance.TwoMinutes))
			}
			refuses := func(entry string, words ...string) string {
				t.Helper()
				config(entry)
				return c.Plan(1, append([]string{"web1: could not become root (become root)"}, words...)...)
			}

			refuses(`user = "admin"`, "this account is not root", "Set `sudo = true`")
			config(`user = "admin", sudo = true`)
			c.Plan(2, "1 to add")
			refuses(`user = "admin", sudo = false`, "Set `hosts[\"web1\"].sudo` to `true`")

			said := refuses(`user = "typist", sudo = true`, "sudo wants a password", "Set `sudo_password`", "SSHKEEPALIVE_SUDO_PASSWORD", "visudo")
			config(`user = "typist", sudo = true, sudo_password = "correct-horse"`)
			c.Plan(2, "1 to add")
			line := regexp.MustCompile("`(typist ALL=[^`]+)`").FindStringSubmatch(said)
			if line == nil {
				t.Fatalf("no line for sudoers in\n%s", said)
			}
			m.Write("/etc/sudoers.d/zz-advice", line[1]+"\n")
			config(`user = "typist", sudo = true`)
			c.Plan(2, "1 to add")
			m.Sh("rm /etc/sudoers.d/zz-advice")

			said = refuses(`user = "typist", sudo = true, sudo_password = "battery-staple"`, "did not accept", "Correct `hosts[\"web1\"].sudo_password`")
			if strings.Contains(said, "Set sudo") || strings.Contains(said, "battery-staple") || strings.Contains(said, "NOPASSWD") {
				t.Errorf("have\n%s", said)
			}
			c.Env = append(c.Env, "SSHKEEPALIVE_SUDO_PASSWORD=battery-staple")
			refuses(`user = "typist", sudo = true`, "did not accept", "Correct `SSHKEEPALIVE_SUDO_PASSWORD`")

			said = refuses(`user = "guest", sudo = true, sudo_password = "correct-horse"`, "does not let the user", "visudo")
			line = regexp.MustCompile("`(guest ALL=[^`]+)`").FindStringSubmatch(said)
			if line == nil {
				t.Fatalf("no line for sudoers in\n%s", said)
			}
			m.Write("/etc/sudoers.d/zz-advice", line[1]+"\n")
			config(`user = "guest", sudo = true, sudo_password = "correct-horse"`)
			c.Plan(2, "1 to add")
		})
	}
}

// TestAdviceAboutOtherWaysToRoot: sudo that insists on a terminal, doas, and neither.
func TestAdviceAboutOtherWaysToRoot(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{{Name: "stranger", Sudo: "nopasswd"}},
		Files: map[string]string{"/etc/sudoers.d/aa-tty": "Defaults requiretty\n"},
	})
	c := acceptance.NewCLI(t)
	c.Config(strings.Replace(acceptance.Fleet{"web1": m}.Provider(""), "web1 = {", `web1 = { user = "stranger", sudo = true, `, 1) + acceptance.Server("web1", acceptance.TwoMinutes))
	follow := func(file, pattern string, words ...string) {
		t.Helper()
		said := c.Plan(1, append([]string{"web1: could not become root (become root)"}, words...)...)
		line := regexp.MustCompile("`(" + pattern + "[^`]*)`").FindStringSubmatch(said)
		if line == nil {
			t.Fatalf("no advice in\n%s", said)
		}
		m.Write(file, line[1]+"\n")
		c.Plan(2, "1 to add")
	}
	follow("/etc/sudoers.d/zz-advice", "Defaults:stranger", "terminal")
	m.Sh("mv /usr/bin/sudo /usr/bin/sudo.away; rm -f /etc/doas.conf")
	follow("/etc/doas.conf", "permit nopass stranger", "doas")
	m.Sh("mv /usr/bin/doas /usr/bin/doas.away")
	c.Plan(1, "neither sudo nor doas is installed", "Install sudo on the host")
}

// TestAdviceNamesWhatTheUserWrote: a value from a variable, from an entry of hosts, from
// the resource or from an ssh_config is called by the name that it has there.
func TestAdviceNamesWhatTheUserWrote(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	plain := c.Env
	file := c.Dir + "/ssh_config"
	for name, v := range map[string]struct {
		entry, resource, config string
		env                     []string
		words                   []string
	}{
		"a variable":    {env: []string{"SSHKEEPALIVE_PRIVATE_KEY_PATH=/nowhere"}, words: []string{"Correct `SSHKEEPALIVE_PRIVATE_KEY_PATH`", "/nowhere"}},
		"an entry":      {entry: `private_key_path = "/nowhere"`, words: []string{"Correct `hosts[\"web1\"].private_key_path`"}},
		"a resource":    {resource: `ssh = { private_key_path = "/nowhere" }`, words: []string{"Correct `ssh.private_key_path`"}},
		"an agent":      {env: []string{"SSHKEEPALIVE_AGENT_SOCKET=/nowhere", "SSHKEEPALIVE_AGENT=true"}, words: []string{"/nowhere", "Correct `SSHKEEPALIVE_AGENT_SOCKET`"}},
		"no agent":      {env: []string{"SSH_AUTH_SOCK=", "SSHKEEPALIVE_AGENT_IDENTITY=x"}, words: []string{"SSH_AUTH_SOCK is not set", "Correct `SSHKEEPALIVE_AGENT_IDENTITY`"}},
		"a key":         {env: []string{"SSHKEEPALIVE_PRIVATE_KEY=x"}, words: []string{"Correct `SSHKEEPALIVE_PRIVATE_KEY`"}},
		"a certificate": {entry: `certificate = "x y"`, words: []string{"Correct `hosts[\"web1\"].certificate`"}},
		"a file":        {entry: fmt.Sprintf("ssh_config_file = %q", file), config: "UserKnownHostsFile /dev/null\nPort 70000\n", words: []string{file + ":2", "Port", "`hosts[\"web1\"].ssh_config_file`"}},
		"no file":       {env: []string{"SSHKEEPALIVE_SSH_CONFIG_FILE=/nowhere"}, words: []string{"`SSHKEEPALIVE_SSH_CONFIG_FILE`", "/nowhere"}},
		"ssh refuses":   {env: []string{"SSHKEEPALIVE_SSH_CONFIG_FILE=" + file}, config: "Usr x\n", words: []string{"`SSHKEEPALIVE_SSH_CONFIG_FILE`", file + ":1", "bad configuration option: usr"}},
		"a user":        {env: []string{"SSHKEEPALIVE_USER=a;b"}, words: []string{"`SSHKEEPALIVE_USER`"}},
		"a host key":    {env: []string{"SSHKEEPALIVE_HOST_KEYS=ssh-ed25519 AAAA, ssh-ed25519 AAAA"}, words: []string{"SSHKEEPALIVE_HOST_KEYS, line 1"}},
		"a jump host":   {env: []string{"SSHKEEPALIVE_JUMP=admin@a b"}, words: []string{"`SSHKEEPALIVE_JUMP`", "comma between hops"}},
		"a time":        {env: []string{"SSHKEEPALIVE_CONNECT_WAIT=soon"}, words: []string{"`SSHKEEPALIVE_CONNECT_WAIT`", "1d"}},
		"a limit":       {entry: `connect_timeout = "0s"`, words: []string{"`hosts[\"web1\"].connect_timeout`"}},
		"a proxy":       {entry: `proxy_url = "ftp://p"`, words: []string{"`hosts[\"web1\"].proxy_url`"}},
		"a command":     {env: []string{"SSHKEEPALIVE_PROXY_COMMAND=/nowhere/nc %h %p"}, words: []string{"`SSHKEEPALIVE_PROXY_COMMAND`", "not found"}},
		"a transport":   {env: []string{"SSHKEEPALIVE_TRANSPORT=telnet"}, words: []string{"`SSHKEEPALIVE_TRANSPORT`"}},
	} {
		t.Run(name, func(t *testing.T) {
			if v.config != "" {
				acceptance.WriteFile(t, file, v.config)
			}
			c.Env = append(append(slices.Clip(plain), "SSHKEEPALIVE_PRIVATE_KEY_PATH="+m.KeyPath), v.env...)
			c.Config(fmt.Sprintf("provider \"sshkeepalive\" {\n  hosts = {\n    web1 = { host = %q, %s }\n  }\n}\n", m.Addr, v.entry) + acceptance.Server("web1", v.resource+"\n"+acceptance.TwoMinutes))
			said := c.Plan(1, v.words...)
			if strings.Contains(said, "the provider's connection block, its hosts") {
				t.Errorf("the advice names every place:\n%s", said)
			}
		})
	}
}
