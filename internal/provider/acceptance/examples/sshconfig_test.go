package examples

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestSSHConfigExample runs the example of the documentation, whose host is behind
// a bastion that only ~/.ssh/config knows, as only it knows users and keys.
func TestSSHConfigExample(t *testing.T) {
	t.Parallel()
	bastion := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "jump"}}})
	web := hosttest.Start(t, hosttest.Options{Behind: bastion})
	before := web.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	home := filepath.Join(c.Dir, "home")
	c.Env = append(c.Env, "HOME="+home, "SHELL=/bin/sh", "TF_LOG=DEBUG", "TF_LOG_PATH="+filepath.Join(c.Dir, "log"))
	config := filepath.Join(home, ".ssh/config")
	writeSSHConfig(t, home, bastion, web)
	example := string(acceptance.ReadFile(t, examples+"/provider/ssh_config.tf"))

	c.Config(example)
	c.Apply("1 added")
	if got := web.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("ClientAliveInterval is effectively %s", got)
	}
	c.Plan(0, "No changes")
	log := string(acceptance.ReadFile(t, filepath.Join(c.Dir, "log")))
	for _, words := range []string{"ProxyJump " + config + ":", "reached_as=root@" + web.Addr, "jump=jump@" + bastion.Addr, "host_key_alias=web-alias"} {
		if !strings.Contains(log, words) {
			t.Errorf("the debug log does not have %q", words)
		}
	}

	// The environment instead of the attribute.
	c.Config(strings.Replace(example, `ssh_config_file = "~/.ssh/config"`, "", 1))
	c.Env = append(c.Env, "SSHKEEPALIVE_SSH_CONFIG_FILE="+config)
	c.Plan(0, "No changes")

	acceptance.WriteFile(t, filepath.Join(home, ".ssh/keys.conf"), "IdentityFyle /nowhere\n")
	c.Plan(1, filepath.Join(home, ".ssh/keys.conf")+":1", "bad configuration option: identityfyle")
	writeSSHConfig(t, home, bastion, web)
	acceptance.WriteFile(t, filepath.Join(home, ".ssh/known"), "web-alias "+bastion.HostKeys[0]+"\n"+bastion.Addr+" "+bastion.HostKeys[0]+"\n")
	c.Plan(1, "host key", filepath.Join(home, ".ssh/known")+":1")
	writeSSHConfig(t, home, bastion, web)
	c.Destroy()
	if after := web.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
	}
}

// writeSSHConfig writes ~/.ssh/config with what it needs.
func writeSSHConfig(t *testing.T, home string, bastion, web *hosttest.Machine) {
	t.Helper()
	dir := filepath.Join(home, ".ssh") + "/"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	acceptance.WriteFile(t, dir+"known", fmt.Sprintf("%s %s\nweb-alias %s\n", bastion.Addr, bastion.HostKeys[0], web.HostKeys[0]))
	acceptance.WriteFile(t, dir+"keys.conf", fmt.Sprintf("Match originalhost gate\n  IdentityFile %s\nMatch originalhost web1 exec \"test %%h = %s\"\n  IdentityFile %s/absent\n  IdentityFile %s\n",
		bastion.KeyPath, web.Addr, home, web.KeyPath))
	acceptance.WriteFile(t, dir+"config", fmt.Sprintf(`Host web1
  HostName %s
  User root
  ProxyJump gate
  HostKeyAlias web-alias
Host gate
  HostName %s
  User jump
Match all
Include keys.conf
Host *
  UserKnownHostsFile ${HOME}/.ssh/known
  StrictHostKeyChecking no
  IdentitiesOnly yes
  ServerAliveInterval 20
`, web.Addr, bastion.Addr))
}
