package ownership

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// clones are two machines with one machine ID, as of copied images, and host keys of
// their own.
func clones(t *testing.T) (a, b *hosttest.Machine) {
	t.Helper()
	files := map[string]string{coolify.DefaultFile: "APP_ENV=production\n"}
	a, b = hosttest.Start(t, hosttest.Options{Files: files}), hosttest.Start(t, hosttest.Options{Files: files})
	for _, name := range []string{"/etc/machine-id", "/root/.ssh/authorized_keys"} {
		b.Write(name, string(a.Read(name)))
	}
	b.KeyPath = a.KeyPath
	return a, b
}

func cloneTree(m *hosttest.Machine) map[string]hosttest.File {
	return m.Snapshot("/etc/ssh", "/data", "/root/.ssh")
}

// kinds are one resource of each kind on a host, without the closing brace.
var kinds = map[string]string{
	"server":  "client_alive_interval = \"77\"\nsettings = { Banner = \"/etc/issue\" }",
	"client":  "patterns = [\"db*\"]\nserver_alive_interval = \"1m\"",
	"coolify": "mux_enabled = true",
}

func kindBlock(kind, host, more string) string {
	return fmt.Sprintf("resource \"sshkeepalive_%s\" \"this\" {\nhost = %q\n%s\n%s\n}\n", kind, host, kinds[kind], more)
}

// kindBlocks are all of them: the engine is started once for the three.
func kindBlocks(host, more string) (blocks string) {
	for kind := range kinds {
		blocks += kindBlock(kind, host, more)
	}
	return blocks
}

// kindFiles are the files that each kind has its lines in.
var kindFiles = map[string]string{"server": acceptance.DropIn, "client": "/root/.ssh/config", "coolify": coolify.DefaultFile}

// changedFiles complains of kinds whose file has not changed.
func changedFiles(t *testing.T, before, after map[string]hosttest.File) {
	t.Helper()
	for kind, file := range kindFiles {
		if before[file] == after[file] {
			t.Errorf("%s: %s has no lines", kind, file)
		}
	}
}

// A resource that moves to a clone is replaced: the plan says which machine it is not,
// the clone gets the lines and the machine before gets its own text back.
func TestAccMoveToACloneIsAReplacement(t *testing.T) {
	t.Parallel()
	a, b := clones(t)
	beforeA, beforeB := cloneTree(a), cloneTree(b)
	for _, first := range []string{"false", "true"} {
		c := acceptance.NewCLI(t)
		config := func(m *hosttest.Machine) {
			c.Config(acceptance.ProviderBlock("", a, b) + kindBlocks(m.Addr, "lifecycle { create_before_destroy = "+first+" }"))
		}
		config(a)
		c.Apply()
		changedFiles(t, beforeA, cloneTree(a))
		config(b)
		c.Plan(2, b.Addr+": not the machine that is "+a.Addr, "3 to add, 0 to change, 3 to destroy")
		c.Apply()
		if d := hosttest.Differences(beforeA, cloneTree(a)); d != "" {
			t.Errorf("create_before_destroy = %s: the first machine keeps\n%s", first, d)
		}
		changedFiles(t, beforeB, cloneTree(b))
		if out := c.Plan(0); strings.Contains(out, "not the machine") {
			t.Errorf("the next plan repeats the warning:\n%s", out)
		}
		c.Destroy()
		if d := hosttest.Differences(beforeB, cloneTree(b)); d != "" {
			t.Errorf("after destroy the second machine differs:\n%s", d)
		}
	}
}

// A name in hosts may be given to a clone. The machine is another one, the plan sets it
// up, and a destroy before that leaves it as it is.
func TestAccNameGivenToAClone(t *testing.T) {
	t.Parallel()
	a, b := clones(t)
	before := cloneTree(b)
	c := acceptance.NewCLI(t)
	config := func(m *hosttest.Machine) { c.Config(acceptance.Fleet{"web": m}.Provider("") + kindBlocks("web", "")) }
	config(a)
	c.Apply()
	config(b)
	c.Plan(2, "web: another machine answers at this address", "it is a clone of that machine", "3 to change")
	c.Apply()
	changedFiles(t, before, cloneTree(b))
	if out := c.Plan(0); strings.Contains(out, "another machine") {
		t.Errorf("the next plan repeats the warning:\n%s", out)
	}
	// Now the first machine again, which still has the lines: that it is another
	// machine has to be recorded, and the destroy after that takes its lines back.
	config(a)
	c.Plan(2, "web: another machine answers at this address", "3 to change")
	c.Expect(0, []string{"it was left alone"}, "destroy", "-no-color", "-auto-approve")
	config(b)
	c.Apply()
	c.Destroy()
	if d := hosttest.Differences(before, cloneTree(b)); d != "" {
		t.Errorf("after destroy the clone differs:\n%s", d)
	}
}

// machineOfKinds is a machine with one file of each kind.
func machineOfKinds(t *testing.T) *hosttest.Machine {
	t.Helper()
	return hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: "APP_ENV=production\n"}})
}

// A machine with renewed host keys is the same machine. Its lines stay in place and are
// taken back by a destroy.
func TestAccRenewedHostKeysLoseNothing(t *testing.T) {
	t.Parallel()
	m := machineOfKinds(t)
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + kindBlocks(m.Addr, ""))
	before := m.Snapshot("/data", "/etc/ssh/sshd_config.d", "/root/.ssh")
	c.Apply()
	m.Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A")
	m.RestartSSHD()
	m.HostKeys = strings.Split(strings.TrimSpace(m.Sh("cat /etc/ssh/ssh_host_*.pub")), "\n")
	c.Config(acceptance.ProviderBlock("", m) + kindBlocks(m.Addr, ""))
	if out := c.Plan(0, "No changes"); strings.Contains(out, "another machine") {
		t.Errorf("a renewed key is taken for another machine:\n%s", out)
	}
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/data", "/etc/ssh/sshd_config.d", "/root/.ssh")); d != "" {
		t.Errorf("after destroy the machine differs:\n%s", d)
	}
}

// An apply that changes nothing but how the host is reached looks at the host. It does
// not succeed where nobody answers, and not where the lines are gone.
func TestAccApplyOfANewSpellingLooksAtTheHost(t *testing.T) {
	t.Parallel()
	m := machineOfKinds(t)
	before := cloneTree(m)
	c := acceptance.NewCLI(t)
	config := func(host, more string) { c.Config(acceptance.ProviderBlock("", m) + kindBlocks(host, more)) }
	config(m.Addr, "")
	c.Apply()
	written := cloneTree(m)
	plan := filepath.Join(t.TempDir(), "plan")
	for _, spelled := range []struct{ host, more string }{
		{"root@" + m.Addr + ":22", ""},
		{m.Addr, "ssh = { connect_timeout = \"3s\" }"},
		{m.Addr, "timeouts = { read = \"90s\" }"},
	} {
		config(spelled.host, spelled.more)
		c.Expect(2, []string{"3 to change"}, "plan", "-no-color", "-detailed-exitcode", "-out", plan)
		m.Stop()
		if out, code := c.Run("apply", "-no-color", plan); code == 0 || strings.Contains(out, "Modifications complete") {
			t.Errorf("%v: an apply without a look reports success:\n%s", spelled, out)
		}
		m.StartSSHD()
	}
	// The lines are gone, and nothing is refreshed.
	m.Write(coolify.DefaultFile, "APP_ENV=production\n")
	for _, file := range []string{acceptance.DropIn, "/root/.ssh/config"} {
		if _, had := before[file]; !had {
			m.Sh("rm -f " + file)
		}
	}
	config("root@"+m.Addr+":22", "")
	out, code := c.Run("apply", "-no-color", "-auto-approve", "-refresh=false")
	now := cloneTree(m)
	for kind, file := range kindFiles {
		if (code == 0 || strings.Contains(out, "sshkeepalive_"+kind+".this: Modifications complete")) && now[file] != written[file] {
			t.Errorf("%s: an apply reports success, and the host lacks the lines:\n%s", kind, out)
		}
	}
	c.Apply()
	c.Plan(0)
	c.Destroy()
}

// A host that is gone may be ignored: on_unreachable is then changed without a look, and
// the warning says so.
func TestAccHostThatIsGoneCanBeForgotten(t *testing.T) {
	t.Parallel()
	m := machineOfKinds(t)
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + kindBlocks(m.Addr, ""))
	c.Apply()
	m.Stop()
	c.Config(acceptance.ProviderBlock("", m) + kindBlocks(m.Addr, "on_unreachable = \"ignore\""))
	c.Apply("could not look", "3 changed")
	c.Expect(0, []string{"forgotten without taking anything back", "3 destroyed"}, "destroy", "-no-color", "-auto-approve")
	m.StartSSHD()
	if _, err := os.Stat(filepath.Join(c.Dir, "terraform.tfstate")); err != nil {
		t.Error(err)
	}
}
