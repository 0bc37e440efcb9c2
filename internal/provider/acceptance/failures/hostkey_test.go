package failures

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// behind is a configuration in which web is managed through bastion; connection and
// hop are what else they say.
func behind(bastion, web *hosttest.Machine, connection, hop string) string {
	return fmt.Sprintf(`
provider "sshkeepalive" {
  connection {
    user            = "root"
    connect_timeout = "20s"
%s
  }
  hosts = {
    web1 = {
      host             = %q
      private_key_path = %q
      host_keys        = [%q]
      jump             = [{ host = %q, user = "jump", private_key_path = %q, %s }]
    }
  }
}
%s`, connection, web.Addr, web.KeyPath, strings.TrimSpace(web.HostKeys[0]), bastion.Addr, bastion.KeyPath, hop, acceptance.Server("web1", acceptance.TwoMinutes))
}

// TestReplacedBastionIsRefused: a jump host has a policy of its own, and the key
// that it showed under that is remembered.
func TestReplacedBastionIsRefused(t *testing.T) {
	t.Parallel()
	bastion := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "jump"}}})
	web := hosttest.Start(t, hosttest.Options{Behind: bastion})
	c := acceptance.NewCLI(t)
	unknown := []string{"web1: host key is not known (host key)", "jump host jump@" + bastion.Addr, `host_key_policy = "accept-new"`, `hosts["web1"].jump[0]`, "does not count here"}
	for _, policy := range []string{"insecure", "accept-new"} {
		c.Config(behind(bastion, web, fmt.Sprintf("host_key_policy = %q", policy), ""))
		c.Plan(1, unknown...)
	}
	c.Config(behind(bastion, web, "", `host_key_policy = "accept-new"`))
	c.Apply("1 added")
	c.Plan(0, "No changes")
	old := fingerprint(bastion)
	bastion.Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -qA")
	bastion.RestartSSHD()
	c.Plan(1, "host key changed (host key)", "jump host jump@"+bastion.Addr, old, fingerprint(bastion), `host_keys`, `hosts["web1"].jump[0]`, "wins over the recorded one")

	// As the message says: the new key is given, and not needed any more once it was
	// recorded.
	key := strings.Join(strings.Fields(bastion.Sh("cat /etc/ssh/ssh_host_ed25519_key.pub"))[:2], " ")
	c.Config(behind(bastion, web, "", fmt.Sprintf(`host_key_policy = "accept-new", host_keys = [%q]`, key)))
	c.Apply("0 added, 0 changed")
	c.Config(behind(bastion, web, "", `host_key_policy = "accept-new"`))
	c.Plan(0, "No changes")
}

// TestErrorsOfASharedBastion: each host hears about the bastion, and neither about
// the other host; nothing is said of a state that does not exist.
func TestErrorsOfASharedBastion(t *testing.T) {
	t.Parallel()
	bastion := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "jump"}}})
	c := acceptance.NewCLI(t)
	config := fmt.Sprintf(`
provider "sshkeepalive" {
  connection {
    user             = "root"
    private_key_path = %q
    bastion_host     = %q
    bastion_user     = "jump"
    connect_timeout  = "5s"
%%s
  }
  hosts = { db1 = { host = "192.0.2.1" }, db2 = { host = "192.0.2.2" } }
}
`, bastion.KeyPath, bastion.Addr) + acceptance.Server("db1", acceptance.TwoMinutes) + acceptance.Server("db2", acceptance.TwoMinutes)
	c.Config(fmt.Sprintf(config, ""))
	said := c.Plan(1, "db1: host key is not known", "db2: host key is not known", "jump host jump@"+bastion.Addr, "`connection.bastion_host_key`")
	if strings.Contains(said, "jump[0]") || strings.Contains(said, "db2, jump") || strings.Contains(said, "db1, jump") {
		t.Errorf("a setting or a host is named that has no part in it:\n%s", said)
	}
	c.Config(fmt.Sprintf(config, fmt.Sprintf("bastion_host_key = %q", strings.TrimSpace(bastion.HostKeys[0]))))
	bastion.Stop()
	said = c.Plan(2, "could not look", "Nothing is recorded of it yet")
	if strings.Contains(said, "The recorded state is kept") {
		t.Errorf("there is no state:\n%s", said)
	}
}

// TestKeyOfOneHostInTheConnectionBlock: another host is not called changed for it.
func TestKeyOfOneHostInTheConnectionBlock(t *testing.T) {
	t.Parallel()
	one, two := hosttest.Start(t, hosttest.Options{}), hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	config := func(own string) string {
		return fmt.Sprintf(`
provider "sshkeepalive" {
  connection {
    user      = "root"
    host_keys = [%q]
  }
  hosts = {
    web1 = { host = %q, private_key_path = %q }
    web2 = { host = %q, private_key_path = %q, %s }
  }
}
`, strings.TrimSpace(one.HostKeys[0]), one.Addr, one.KeyPath, two.Addr, two.KeyPath, own) + acceptance.Server("web1", acceptance.TwoMinutes) + acceptance.Server("web2", acceptance.TwoMinutes)
	}
	c.Config(config(""))
	said := c.Plan(1, "web2: host key is not known", fingerprint(one), fingerprint(two), "connection.host_keys[0]", "count for every host", "`hosts`")
	if strings.Contains(said, "changed (host key)") || strings.Contains(said, "web1: host key") {
		t.Errorf("have\n%s", said)
	}
	c.Config(config(fmt.Sprintf("host_keys = [%q]", strings.TrimSpace(two.HostKeys[0]))))
	c.Plan(2, "2 to add")
}

// TestAdviceAboutHostKeysWorks does what the messages say.
func TestAdviceAboutHostKeysWorks(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	acceptance.WriteFile(t, known, "# none\n")
	config := func(more string) string {
		return fmt.Sprintf("provider \"sshkeepalive\" {\n  connection {\n    user = \"root\"\n    private_key_path = %q\n%s\n  }\n}\n", m.KeyPath, more) +
			fmt.Sprintf("resource \"sshkeepalive_server\" \"this\" {\n  host = %q\n%s}\n", m.Addr, acceptance.TwoMinutes)
	}
	inFile := config(fmt.Sprintf("known_hosts_files = [%q]", known))
	c.Config(inFile)
	said := c.Plan(1, m.Addr+": host key is not known (host key)", "no host key is recorded for "+m.Addr+" in "+known, "`"+m.Addr+"`")
	command := regexp.MustCompile("`(ssh-keyscan [^`]+)`").FindStringSubmatch(said)
	if command == nil {
		t.Fatalf("no command in\n%s", said)
	}
	line, err := exec.Command("sh", "-c", command[1]).Output()
	if err != nil || len(line) == 0 {
		t.Fatalf("%s: %v", command[1], err)
	}
	acceptance.WriteFile(t, known, string(line))
	c.Plan(2, "1 to add")

	m.Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -qA")
	m.RestartSSHD()
	c.Plan(1, "host key changed (host key)", "replace the one at "+known+":1", fingerprint(m))
	acceptance.WriteFile(t, known, m.Addr+" "+m.Sh("cat /etc/ssh/ssh_host_ed25519_key.pub"))
	c.Plan(2, "1 to add")
	acceptance.WriteFile(t, known, string(acceptance.ReadFile(t, known))+"@revoked * "+m.Sh("cat /etc/ssh/ssh_host_ed25519_key.pub"))
	c.Plan(1, "host key is revoked (host key)", known+":2", "ssh-keygen -A")
	m.Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A")
	m.RestartSSHD()
	acceptance.WriteFile(t, known, m.Addr+" "+m.Sh("cat /etc/ssh/ssh_host_ed25519_key.pub")+strings.SplitAfter(string(acceptance.ReadFile(t, known)), "\n")[1])
	c.Plan(2, "1 to add")

	c.Config(config("host_key_policy = \"accept-new\"\n    known_hosts = \"# none\""))
	c.Apply("1 added")
	m.Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -qA")
	m.RestartSSHD()
	c.Plan(1, "host key changed (host key)", "recorded in state", "wins over the recorded one")
	key := strings.Join(strings.Fields(m.Sh("cat /etc/ssh/ssh_host_ed25519_key.pub"))[:2], " ")
	c.Config(config(fmt.Sprintf("host_key_policy = \"accept-new\"\n    host_keys = [%q]", key)))
	if out, code := c.Run("plan", "-no-color", "-detailed-exitcode"); code == 1 {
		t.Errorf("the given key does not win:\n%s", out)
	}
}

// TestNoAlgorithmInCommon: what ssh offers and we do not is an error with a remedy
// that works.
func TestNoAlgorithmInCommon(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	const file = "/etc/ssh/sshd_config.d/10-algorithms.conf"
	for _, line := range []string{
		"KexAlgorithms diffie-hellman-group18-sha512", "KexAlgorithms sntrup761x25519-sha512@openssh.com",
		"HostKeyAlgorithms ssh-rsa", "Ciphers aes256-cbc", "MACs umac-64@openssh.com\nCiphers aes256-ctr",
	} {
		m.Write(file, line+"\n")
		m.RestartSSHD()
		said := c.Plan(1, "web1: no algorithm in common (key exchange)", strings.Fields(line)[1])
		advice := regexp.MustCompile("for example `([^`]+)`").FindStringSubmatch(said)
		if advice == nil || strings.Fields(advice[1])[0] != strings.Fields(line)[0] {
			t.Fatalf("%s: no advice about that in\n%s", line, said)
		}
		_, rest, _ := strings.Cut(line, "\n")
		m.Write(file, advice[1]+"\n"+rest+"\n")
		m.RestartSSHD()
		c.Plan(2, "1 to add")
	}
}
