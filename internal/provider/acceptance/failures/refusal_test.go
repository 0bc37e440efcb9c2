package failures

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestHostRefusesValue asks the host's own sshd before anything is written.
func TestHostRefusesValue(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	for settings, words := range map[string][]string{
		`{ Ciphers = "no-such-cipher" }`:        {"web1: the host's sshd refuses", "no-such-cipher", "Ciphers"},
		`{ PermitRootLogin = "perhaps" }`:       {"perhaps", `settings = { PermitRootLogin`},
		`{ RequiredRSASize = "2048" }`:          nil, // since 9.1: this host has it
		`{ PerSourcePenalties = "yes" }`:        {"web1: ", "PerSourcePenalties", "9.8"},
		`{ PermitRootLogn = "no" }`:             {"PermitRootLogn", "did you mean PermitRootLogin"},
		`{ UsePAM = "no", usepam = "yes" }`:     {"already set by"},
		`{ AuthorizedKeysFile = "a\nb" }`:       {"one line"},
		`{ ChrootDirectory = "/no # comment" }`: nil,
	} {
		c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "settings = "+settings))
		if words == nil {
			c.Plan(2)
			continue
		}
		c.Plan(1, words...)
		if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
			t.Fatalf("%s: a plan changed the host:\n%s", settings, hosttest.Differences(before, after))
		}
	}
}

// TestHostRefusesCriteria asks the host's own sshd about Match lines as well; what no
// release takes is refused without a host.
func TestHostRefusesCriteria(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Write("/etc/ssh/sshd_config.d/60-port.conf", "Match LocalPort 2222\n\tX11Forwarding no\n")
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	block := func(criteria string) string { return "{ criteria = \"" + criteria + "\", client_alive_interval = 30 }" }
	config := func(blocks ...string) {
		c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "match = ["+strings.Join(blocks, ", ")+"]"))
	}
	for criteria, words := range map[string][]string{
		"Usr bob":      {"No release of sshd accepts Match Usr bob", "unsupported Match attribute usr", "LocalAddress"},
		"User":         {"missing Match criteria for User"},
		"all User bob": {`"all" cannot be combined`},
		"invalid-user": {`web1: the host's sshd refuses "Match invalid-user": Missing Match criteria for invalid-user`, "The message is its own"}, // since 9.9
	} {
		config(block(criteria))
		c.Plan(1, words...)
		if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
			t.Fatalf("%s: a plan changed the host:\n%s", criteria, hosttest.Differences(before, after))
		}
	}
	accepted := []string{"LocalPort 2222", `User \"a b\"`, "Address 10.0.0.0/8", "Group sftp User !bob"}
	for i := range accepted {
		accepted[i] = block(accepted[i])
	}
	config(accepted...)
	c.Plan(2)
	c.Apply()
	c.Plan(0)
	c.Destroy()
}

// TestHostRefusesClientCriteria: the same of ssh, whose Match exec is not run for it.
func TestHostRefusesClientCriteria(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "bob"}}})
	c := acceptance.NewCLI(t)
	config := func(match string) {
		c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf("resource \"sshkeepalive_client\" \"bob\" {\n  host = \"bob@%s:%d\"\n  match = %q\n  probe_hosts = [\"db\"]\n  server_alive_interval = 30\n}\n", m.Addr, m.Port, match))
	}
	config("tagged backup") // since 9.4
	c.Plan(1, `refuses "Match tagged backup": Unsupported Match attribute`, "The message is its own")
	config(`host db exec "touch /tmp/ran; true"`)
	c.Plan(2, `Match host db exec`)
	if ran := m.Sh("ls /tmp/ran 2>/dev/null || :"); ran != "" {
		t.Errorf("a plan ran the command of Match exec")
	}
	c.Apply("1 added")
	c.Plan(0)
}

// TestHostThatIsAlreadyBroken is told so, and left alone.
func TestHostThatIsAlreadyBroken(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Write("/etc/ssh/sshd_config.d/90-typo.conf", "# by hand\nClientAliveIntervall 5\n")
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	words := []string{"web1: ", "/etc/ssh/sshd_config.d/90-typo.conf", "line 2", "ClientAliveIntervall", "before we touched it"}
	c.Plan(1, words...)
	c.Expect(1, words, "apply", "-no-color", "-auto-approve")
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("the host was touched:\n%s", hosttest.Differences(before, after))
	}
}

// TestClientFileThatIsAlreadyBroken is about ssh, and no reload of a daemon has a part
// in it.
func TestClientFileThatIsAlreadyBroken(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Write("/etc/ssh/ssh_config.d/90-typo.conf", "# by hand\nServerAliveIntervall 5\n")
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + "resource \"sshkeepalive_client\" \"this\" {\n  host = \"web1\"\n  patterns = [\"*\"]\n  probe_hosts = [\"db\"]\n  server_alive_interval = 30\n}\n")
	said := c.Plan(1, "web1: the host's ssh refuses its own configuration", "/etc/ssh/ssh_config.d/90-typo.conf", "line 2", "serveraliveintervall", "Repair that line on the host first")
	if strings.Contains(said, "sshd -t") || strings.Contains(said, "reload") {
		t.Errorf("it has the advice about sshd:\n%s", said)
	}
	m.Write("/etc/ssh/ssh_config.d/90-typo.conf", "# by hand\nServerAliveInterval 5\n")
	c.Plan(2, "1 to add")
	m.Write("/etc/ssh/ssh_config.d/90-typo.conf", before["/etc/ssh/ssh_config.d/90-typo.conf"].Data)
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("the host was touched:\n%s", hosttest.Differences(before, after))
	}
}

// TestFileThatCannotBeWritten: the directory is on a file system without room
// for writes.
func TestFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Sh("mount --bind /etc/ssh/sshd_config.d /etc/ssh/sshd_config.d && mount -o remount,ro,bind /etc/ssh/sshd_config.d")
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Expect(1, []string{"web1: could not prepare the automatic rollback (unchanged)", "Could not create this resource", "Read-only file system", "Nothing was changed on the host"}, "apply", "-no-color", "-auto-approve")
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("the host was touched:\n%s", hosttest.Differences(before, after))
	}
	c.Expect(0, nil, "state", "list")
	if out, _ := c.Run("state", "list"); strings.TrimSpace(out) != "" {
		t.Errorf("a failed create left state: %s", out)
	}
}

// TestWrongKey counts on the host how often we tried.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{SSHDArgs: []string{"-E", "/var/log/sshd.log"}})
	other := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	config := strings.ReplaceAll(acceptance.Fleet{"web1": m}.Provider(""), m.KeyPath, other.KeyPath)
	c.Config(config + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Plan(1, "web1: login refused (authentication)", "root@"+m.Addr, "We tried once")
	// sshd writes about a connection after it has ended.
	m.Sh("for _ in $(seq 50); do ! grep -q 'Connection closed by authenticating user' /var/log/sshd.log || break; sleep 0.1; done")
	if n := strings.Count(m.Sh("cat /var/log/sshd.log"), "Connection closed by authenticating user"); n != 1 {
		t.Errorf("sshd saw %d attempts:\n%s", n, m.Sh("cat /var/log/sshd.log"))
	}
}

// TestChangedHostKey shows both fingerprints and where the old one is recorded.
func TestChangedHostKey(t *testing.T) {
	t.Parallel()
	m, other := hosttest.Start(t, hosttest.Options{}), hosttest.Start(t, hosttest.Options{})
	known := filepath.Join(t.TempDir(), "known_hosts")
	line := fmt.Sprintf("# recorded last year\n%s %s\n", m.Addr, strings.TrimSpace(other.HostKeys[0]))
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	c := acceptance.NewCLI(t)
	c.Config(fmt.Sprintf(`
provider "sshkeepalive" {
  connection {
    user              = "root"
    private_key_path  = %q
    known_hosts_files = [%q]
  }
  on_unreachable = "ignore"
}
resource "sshkeepalive_server" "web1" {
  host = %q
%s}
`, m.KeyPath, known, m.Addr, acceptance.TwoMinutes))
	c.Plan(1, m.Addr+": host key changed (host key)", fingerprint(m), fingerprint(other), known+":2", "console")
}

func fingerprint(m *hosttest.Machine) string {
	return strings.Fields(m.Sh("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"))[1]
}

// TestNoSudo: a user who may not become root is no host in order.
func TestNoSudo(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "joe"}, {Name: "admin", Sudo: "nopasswd"}}})
	c := acceptance.NewCLI(t)
	body := func(user string) string {
		return acceptance.Fleet{"web1": m}.Provider(`on_unreachable = "ignore"`) + acceptance.Server("web1", fmt.Sprintf("ssh = { user = %q, sudo = true }\n", user)+acceptance.TwoMinutes)
	}
	c.Config(body("joe"))
	c.Plan(1, "web1: could not become root (become root)", "sudo")
	c.Config(body("admin"))
	c.Apply()
	c.Plan(0)
	c.Destroy()
}

const oddFile = "# odd but legal\r\n" +
	"\tclientALIVEinterval=15\t# why not\r\n" +
	"Port = 22\r\n" +
	"PermitRootLogin   prohibit-password\r\n" +
	"Subsystem\tsftp\t\"/usr/lib/openssh/sftp-server\"\r\n" +
	"\r\n" +
	"match user git   # trailing\r\n" +
	"   X11Forwarding no\r\n" +
	"# the end, without a line break"

// TestOddFileKeepsEveryByte edits in place a file that nobody would write so.
func TestOddFileKeepsEveryByte(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Config: oddFile})
	m.Sh("chmod 640 " + acceptance.MainFile + " && chown root:adm " + acceptance.MainFile)
	before := m.Snapshot("/etc/ssh")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "placement = \"in_place\"\n"+acceptance.TwoMinutes))
	c.Apply()
	if got := m.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
	after := m.Snapshot("/etc/ssh")[acceptance.MainFile]
	was := before[acceptance.MainFile]
	if after.Mode != was.Mode || after.UID != was.UID || after.GID != was.GID {
		t.Errorf("mode or owner changed: %v %d %d", after.Mode, after.UID, after.GID)
	}
	for line := range strings.SplitSeq(oddFile, "\r\n") {
		if !strings.Contains(after.Data, line) {
			t.Errorf("the line %q is gone from\n%q", line, after.Data)
		}
	}
	if strings.Contains(strings.ReplaceAll(after.Data, "\r\n", ""), "\n") {
		t.Errorf("our lines end in LF in a CRLF file:\n%q", after.Data)
	}
	c.Plan(0)
	c.Destroy()
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
	}
}
