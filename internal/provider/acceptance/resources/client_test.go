package resources

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestClientLife: shadowing Host *, CRLF, quotes and no last newline; an empty
// second plan; drift by hand named with file and line; update; destroy.
func TestClientLife(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "User \"bob\"\r\n# defaults\r\nHost *\r\n\tServerAliveInterval 300\r\n\tIdentityFile \"~/.ssh/my key\"")
	before := m.Snapshot("/home/bob", "/etc/ssh")
	body := "patterns = [\"db*\", \"!db9\"]\nserver_alive_interval = \"1m\"\nserver_alive_count_max = 3\nsettings = { Compression = \"yes\" }"
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", body))
	c.Apply()
	if out := acceptance.BobSays(m, "db1"); !strings.Contains(out, "serveraliveinterval 60\n") || !strings.Contains(out, "compression yes\n") {
		t.Errorf("ssh says %s", out)
	}
	if out := acceptance.BobSays(m, "db9"); !strings.Contains(out, "serveraliveinterval 300\n") {
		t.Errorf("for db9 ssh says %s", out)
	}
	c.Plan(0)
	m.Sh("sed -i '1i Host db1 dbx\\r\\n  ServerAliveInterval 7\\r' " + acceptance.BobFile)
	c.Plan(2, "ServerAliveInterval is 7 for dbx, not 1m, because /home/bob/.ssh/config:2 is read first (Host db1 dbx)")
	c.Apply()
	c.Plan(0)
	m.Sh("sed -i '/db1 dbx/,+1d' " + acceptance.BobFile)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", "patterns = [\"db*\", \"!db9\"]\nserver_alive_interval = 30"))
	c.Plan(2, "0 to add, 1 to change, 0 to destroy")
	c.Apply()
	c.Plan(0)
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/home/bob", "/etc/ssh")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestClientTwoResourcesInOneFile: applied and destroyed at the same time, with
// a directory for sockets that both need.
func TestClientTwoResourcesInOneFile(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "")
	m.Sh("rm -rf /home/bob/.ssh/config")
	before := m.Snapshot("/home/bob", "/etc/ssh")
	block := func(name, interval string) string {
		return acceptance.ClientBlock(m, name, "root", fmt.Sprintf("user = \"bob\"\npatterns = [\"%s*\"]\nserver_alive_interval = %s\ncontrol_master = \"auto\"\ncontrol_path = \"~/.ssh/cm/%%C\"\ncontrol_persist = \"10m\"", name, interval))
	}
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + block("a", "11") + block("b", "22") + block("c", "33"))
	c.Apply()
	c.Plan(0)
	for name, interval := range map[string]string{"a": "11", "b": "22", "c": "33"} {
		if out := acceptance.BobSays(m, name+"1"); !strings.Contains(out, "serveraliveinterval "+interval+"\n") {
			t.Errorf("for %s1 ssh says %s", name, out)
		}
	}
	c.Config(acceptance.ProviderBlock("", m) + block("a", "12") + block("b", "23") + block("c", "33"))
	c.Plan(2, "0 to add, 2 to change, 0 to destroy")
	c.Apply()
	c.Plan(0)
	c.Config(acceptance.ProviderBlock("", m) + block("a", "12") + block("c", "33"))
	c.Apply()
	c.Plan(0)
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/home/bob", "/etc/ssh")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestClientRefusals: what cannot work ends in a plan that names the reason and
// touches nothing.
func TestClientRefusals(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "Include first\nHost *\n\tUser bob\n")
	m.Sh("printf 'Host db1\\n  ServerAliveInterval 5\\n' >/home/bob/.ssh/first; chown bob /home/bob/.ssh/first; printf 'Include /etc/ssh/ssh_config.d/*.conf\\n' >/etc/ssh/ssh_config")
	cases := []struct {
		name, login, body, spoil, mend string
		says                           []string
	}{
		{"the user's file beats the system's", "root", "user = \"bob\"\nconfig_file = \"/etc/ssh/ssh_config.d/10-x.conf\"\npatterns = [\"db1\"]\nserver_alive_interval = 60", "", "",
			[]string{"ServerAliveInterval would stay 5 for db1 because /home/bob/.ssh/first:2 is read first (Host db1); the user's file beats the system's"}},
		{"permissions that ssh refuses", "bob", "patterns = [\"*\"]\nserver_alive_interval = 60", "chmod 666 " + acceptance.BobFile, "chmod 600 " + acceptance.BobFile,
			[]string{"ssh of bob refuses /home/bob/.ssh/config", "mode 0666", "chmod go-w"}},
		{"an included file of somebody else", "bob", "patterns = [\"*\"]\nserver_alive_interval = 60", "chown eve /home/bob/.ssh/first", "chown bob /home/bob/.ssh/first",
			[]string{"ssh of bob refuses /home/bob/.ssh/first"}},
		{"socket path too long", "bob", "patterns = [\"*\"]\ncontrol_path = \"~/.ssh/a-directory-with-a-long-name/and-one-more/%C\"", "", "",
			[]string{"the control socket /home/bob/.ssh/a-directory", "at most 90"}},
		{"probe host that is not matched", "bob", "patterns = [\"db*\"]\nserver_alive_interval = 60\nprobe_hosts = [\"web1\"]", "", "",
			[]string{"does not apply to the probe host web1"}},
		{"value that ssh refuses", "bob", "patterns = [\"*\"]\nsettings = { RekeyLimit = \"much\" }", "", "",
			[]string{"the host's ssh refuses", "RekeyLimit much"}},
		{"attempts with which ssh always ends", "bob", "patterns = [\"*\"]\nconnection_attempts = 0", "ssh -o ConnectionAttempts=0 -G x 2>&1 | grep -q Invalid", "",
			[]string{`"0" is not a whole number from 1 to 2147483647`}},
		{"file that ssh does not read", "bob", "config_file = \"~/.ssh/config.d/x\"\npatterns = [\"*\"]\nserver_alive_interval = 60", "", "",
			[]string{"ssh does not read /home/bob/.ssh/config.d/x"}},
		{"no such user", "root", "user = \"nobody-here\"\npatterns = [\"*\"]\nserver_alive_interval = 60", "", "", []string{"nobody-here"}},
	}
	for _, x := range cases {
		m.Sh("true; " + x.spoil)
		before := m.Snapshot("/home/bob", "/etc/ssh")
		c := acceptance.NewCLI(t)
		c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", x.login, x.body))
		c.Plan(1, x.says...)
		if d := hosttest.Differences(before, m.Snapshot("/home/bob", "/etc/ssh")); d != "" {
			t.Errorf("%s: touched:\n%s", x.name, d)
		}
		m.Sh("true; " + x.mend)
		if t.Failed() {
			t.Fatalf("in the case %q", x.name)
		}
	}
}

// TestClientImport adopts a block that another state made, and one by hand.
func TestClientImport(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "Host web*\n\tServerAliveInterval 45\n\tForwardAgent no\n")
	body := "user = \"bob\"\nmatch = \"host *.example.org user git\"\nprobe_hosts = [\"git@code.example.org\"]\nserver_alive_interval = \"2m\"\ncontrol_persist = \"10m\"\nsettings = { IdentityFile = \"~/.ssh/a\\n~/.ssh/b\" }"
	config := acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "root", body)
	first := acceptance.NewCLI(t)
	first.Config(config)
	first.Apply()
	second := acceptance.NewCLI(t)
	second.Config(config)
	second.Expect(0, []string{"Import successful"}, "import", "-no-color", "sshkeepalive_client.this",
		fmt.Sprintf("root@%s:%d/~bob/.ssh/config#Match host *.example.org user git", m.Addr, m.Port))
	if out, code := second.Run("plan", "-no-color", "-detailed-exitcode"); code == 1 || strings.Contains(out, "must be replaced") || strings.Contains(out, "~ control_persist") {
		t.Errorf("after the import: %s", out)
	}
	second.Apply()
	second.Plan(0)
	byHand := acceptance.NewCLI(t)
	byHand.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", "patterns = [\"web*\"]\nserver_alive_interval = 45\nsettings = { ForwardAgent = \"no\" }"))
	byHand.Expect(0, []string{"Import successful"}, "import", "-no-color", "sshkeepalive_client.this", fmt.Sprintf("bob@%s:%d#Host web*", m.Addr, m.Port))
	byHand.Apply()
	byHand.Plan(0)
	byHand.Destroy()
	second.Destroy()
	if got := string(m.Read(acceptance.BobFile)); got != "Host web*\n\tServerAliveInterval 45\n\tForwardAgent no\n" {
		t.Errorf("left: %q", got)
	}
	byHand.Expect(1, []string{"no such block"}, "import", "-no-color", "sshkeepalive_client.this", fmt.Sprintf("bob@%s:%d#Host nothing", m.Addr, m.Port))
}

// TestClientLocal manages the ssh of the account that runs the tests, in a mount
// namespace in which its home is another directory.
func TestClientLocal(t *testing.T) {
	t.Parallel()
	hosttest.NeedsSSHD(t)
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("no ssh on this machine")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	inside := func(args ...string) *exec.Cmd {
		return exec.Command("unshare", append([]string{"--mount", "sh", "-c", `mount --make-rprivate / && mount --bind "$0" "$1" && shift && exec "$@"`, home, me.HomeDir}, args...)...)
	}
	c := acceptance.NewCLI(t)
	wrapper := filepath.Join(t.TempDir(), "engine")
	script := "#!/bin/sh\nexec unshare --mount sh -c 'mount --make-rprivate / && mount --bind \"$0\" \"$1\" && shift && exec \"$@\"' " + home + " " + me.HomeDir + " " + c.Engine + " \"$@\"\n"
	if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c.Engine = wrapper
	c.Config(`
provider "sshkeepalive" {
  hosts = { here = { transport = "local" } }
}
resource "sshkeepalive_client" "mine" {
  host                  = "here"
  patterns              = ["*.example.org"]
  server_alive_interval = "30s"
  control_master        = "auto"
  control_path          = "~/.ssh/cm/%C"
  control_persist       = "10m"
}
data "sshkeepalive_connection" "here" { host = "here" }
data "sshkeepalive_client_config" "here" {
  host        = "here"
  probe_hosts = ["a.example.org"]
  depends_on  = [sshkeepalive_client.mine]
}
output "told" {
  value = jsonencode([data.sshkeepalive_connection.here.reachable, data.sshkeepalive_connection.here.user == null,
    data.sshkeepalive_client_config.here.effective["a.example.org"]["ControlPersist"] == "600"])
}
`)
	c.Apply()
	c.Plan(0)
	var told []bool
	if c.Outputs(&told); !slices.Equal(told, []bool{true, true, true}) {
		t.Errorf("told %v", told)
	}
	out, err := inside("ssh", "-G", "a.example.org").Output()
	if err != nil || !strings.Contains(string(out), "serveraliveinterval 30\n") || !strings.Contains(string(out), "controlpersist 600\n") {
		t.Errorf("ssh says %v %s", err, out)
	}
	for name, mode := range map[string]os.FileMode{".ssh": os.ModeDir | 0o700, ".ssh/cm": os.ModeDir | 0o700, ".ssh/config": 0o600} {
		if info, err := os.Stat(filepath.Join(home, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	c.Destroy()
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("destroy left %v %v", left, err)
	}
}

// TestClientUnreachable: a host that does not answer is no green plan, and keeps
// its record.
func TestClientUnreachable(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", "patterns = [\"*\"]\nserver_alive_interval = 60"))
	c.Apply()
	m.Sh("kill $(cat /run/sshd.pid)")
	c.Plan(2, "could not look")
	c.Config(acceptance.ProviderBlock("", m) + acceptance.ClientBlock(m, "this", "bob", "patterns = [\"*\"]\nserver_alive_interval = 60\non_unreachable = \"ignore\""))
	c.Plan(2, "could not look") // on_unreachable itself is recorded
	c.Apply()
	c.Plan(0, "could not look")
	c.Destroy()
}
