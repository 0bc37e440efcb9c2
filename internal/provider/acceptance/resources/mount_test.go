package resources

import (
	"fmt"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// bindMount mounts a copy of a file on it, as containers mount a single file.
func bindMount(m *hosttest.Machine, name string) {
	m.Sh("cp -p " + name + " /srv/mounted && mount --bind /srv/mounted " + name)
}

// TestMountedMainFile: the plan says that no new file can take the place of one that
// is mounted, and the first remedy of those that it names works.
func TestMountedMainFile(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Config: "UsePAM yes\n"})
	bindMount(m, acceptance.MainFile)
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Plan(1, "web1: "+acceptance.MainFile+" is a mount point", "no new file can replace it", "Include /etc/ssh/sshd_config.d/*.conf", "Nothing was changed")
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("a plan changed the host:\n%s", d)
	}
	m.Sh("sed -i.old '1iInclude /etc/ssh/sshd_config.d/*.conf' /srv/mounted && cat /srv/mounted >" + acceptance.MainFile)
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	c.Apply("1 added")
	c.Plan(0)
	if got := m.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
	c.Destroy()
}

// TestMountedClientFile: the same of a user's ssh_config.
func TestMountedClientFile(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "bob"}}})
	m.Sh("install -o bob -g bob -m 600 /dev/null ~bob/.ssh/config")
	bindMount(m, "/home/bob/.ssh/config")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf("resource \"sshkeepalive_client\" \"bob\" {\n  host = \"bob@%s:%d\"\n  patterns = [\"db*\"]\n  server_alive_interval = 30\n}\n", m.Addr, m.Port))
	c.Plan(1, "/home/bob/.ssh/config is a mount point", "Mount the directory instead")
}
