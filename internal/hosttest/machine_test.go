package hosttest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var everyKind = Options{
	Users: []User{
		{Name: "admin", Sudo: "nopasswd"},
		{Name: "bob", Sudo: "password", Password: "it's bob's", Shell: "/bin/sh"},
		{Name: "carol"},
		{Name: "dave", NoKey: true, Password: "dave"},
	},
	Files: map[string]string{
		"/etc/ssh/sshd_config.d/60-corp.conf": "LoginGraceTime 31\n",
		"/usr/local/bin/hello":                "#!/bin/sh\necho hello\n",
	},
}

// TestLogin goes through the stock sshd with the real client.
func TestLogin(t *testing.T) {
	m := Start(t, everyKind)
	for _, c := range []struct{ user, command, want string }{
		{"root", "id -un; hello; uname -n", "root\nhello\nhost\n"},
		{"admin", "sudo -n id -un; sudo -n cat /etc/ssh/sshd_config.d/50-cloud-init.conf", "root\n" + CloudDropIn},
		{"bob", `echo "it's bob's" | sudo -S -p '' id -un; echo $0`, "root\nsh\n"},
		{"bob", "sudo -n true || echo no", "no\n"},
		{"carol", "sudo -n true || echo no; pwd; echo $0", "no\n/home/carol\nbash\n"},
	} {
		if out, err := m.SSH(c.user, c.command); err != nil || out != c.want {
			t.Errorf("%s: %s: got %q, %v, want %q", c.user, c.command, out, err, c.want)
		}
	}
	if _, err := m.SSH("dave", "true"); err == nil || !strings.Contains(err.Error(), "Permission denied") {
		t.Errorf("a user without the key: got %v, want permission denied", err)
	}
}

func TestEffective(t *testing.T) {
	m := Start(t, everyKind)
	for _, c := range []struct{ keyword, spec, want string }{
		{"ClientAliveInterval", "", "120"},
		{"logingracetime", "", "31"},
		{"X11Forwarding", "user=git,host=h,addr=198.18.0.1", "no"},
		{"acceptenv", "", "LANG\nLC_*"},
		{"nosuchkeyword", "", ""},
	} {
		var spec []string
		if c.spec != "" {
			spec = []string{c.spec}
		}
		if got := m.Effective(c.keyword, spec...); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.keyword, c.spec, got, c.want)
		}
	}
	m = Start(t, Options{SSHDArgs: []string{"-o", "ClientAliveInterval=9"}})
	if got := m.Effective("ClientAliveInterval"); got != "9" {
		t.Errorf("with an argument of the daemon: got %q, want 9", got)
	}
	if got := m.Processes(); !strings.Contains(got, "sshd: /usr/sbin/sshd -o ClientAliveInterval=9 [listener]") {
		t.Errorf("processes: got %s", got)
	}
}

func TestReleases(t *testing.T) {
	for release, version := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			m := Start(t, Options{Release: release, Users: everyKind.Users})
			out, err := m.SSH("bob", "ssh -V 2>&1; echo \"it's bob's\" | sudo -S -p '' id -un")
			if err != nil || !strings.HasPrefix(out, version) || !strings.HasSuffix(out, "\nroot\n") {
				t.Errorf("got %q, %v, want %s", out, err, version)
			}
		})
	}
}

// TestSessionsOutliveTheListener is what reload relies on.
func TestSessionsOutliveTheListener(t *testing.T) {
	m := Start(t, Options{})
	session := exec.Command("ssh", m.sshArgs("root", "echo in; read line; echo $line")...)
	in, inErr := session.StdinPipe()
	out, outErr := session.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if got, err := lines.ReadString('\n'); got != "in\n" {
		t.Fatalf("session: got %q, %v", got, err)
	}
	pid := m.PID()
	m.Write("/etc/ssh/sshd_config.d/10-port.conf", "Port 2222\n")
	m.RestartSSHD()
	if m.PID() == pid {
		t.Error("restart: the same process")
	}
	if _, err := m.SSH("root", "true"); err == nil {
		t.Error("a restarted sshd still listens on its old port")
	}
	fmt.Fprintln(in, "alive")
	if got, err := lines.ReadString('\n'); got != "alive\n" {
		t.Errorf("session after a restart: got %q, %v", got, err)
	}
	if err := session.Wait(); err != nil {
		t.Error(err)
	}
}

// TestOrphansAreCollected: a process that a session left behind does not stay as
// a zombie.
func TestOrphansAreCollected(t *testing.T) {
	m := Start(t, Options{})
	if _, err := m.SSH("root", "setsid sleep 0.2 >/dev/null 2>&1 </dev/null &"); err != nil {
		t.Fatal(err)
	}
	if err := waitFor("the orphan to be collected", func() bool { return !strings.Contains(m.Processes(), "sleep") }); err != nil {
		t.Error(err, m.Processes())
	}
}

// TestIsolation: what one machine does is seen neither by another nor by the
// machine that runs the tests.
func TestIsolation(t *testing.T) {
	a, b := Start(t, Options{}), Start(t, Options{})
	const name = "/etc/ssh/sshd_config.d/hosttest-isolation.conf"
	a.Write(name, "ClientAliveInterval 7\n")
	if a.Effective("ClientAliveInterval") != "120" || len(b.Snapshot(name)) != 0 {
		t.Error("a file of one machine is seen on another")
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("a file of a machine is seen on the machine that runs the tests")
	}
	root, err := rootFor("bookworm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, name)); err == nil {
		t.Error("a file of a machine is in the unpacked packages")
	}
	if a.Addr == b.Addr || a.HostKeys[0] == b.HostKeys[0] || string(a.Read("/etc/machine-id")) == string(b.Read("/etc/machine-id")) {
		t.Error("two machines share an address, a host key or a machine id")
	}
	if strings.Contains(b.Processes(), fmt.Sprint(a.init.Process.Pid)) {
		t.Error("processes of one machine are seen on another")
	}
}

func TestManyMachines(t *testing.T) {
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m := Start(t, Options{})
			if out, err := m.SSH("root", "cat /etc/machine-id"); err != nil || out != string(m.Read("/etc/machine-id")) {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
}

func TestNothingIsLeftByClose(t *testing.T) {
	NeedsSSHD(t)
	m, err := Boot(everyKind, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	m.Sh("setsid sleep 1000 >/dev/null 2>&1 &")
	pid, dir, link := m.init.Process.Pid, m.dir, m.link.name
	m.Close()
	// The kernel takes down the network of an ended namespace in its own time.
	if err := waitFor("the machine to vanish", func() bool { return remains(pid, link) == "" }); err != nil {
		t.Error(err, remains(pid, link))
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s is left", dir)
	}
}

// TestNothingIsLeftByKill kills a test process as nobody should.
func TestNothingIsLeftByKill(t *testing.T) {
	NeedsSSHD(t)
	const child = "HOSTTEST_KILLED_CHILD"
	if os.Getenv(child) != "" {
		m := Start(t, Options{})
		fmt.Println("booted", m.init.Process.Pid, m.link.name)
		time.Sleep(time.Minute)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftByKill$")
	cmd.Env = append(os.Environ(), child+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var link string
	if _, err := fmt.Fscanf(out, "booted %d %s\n", &pid, &link); err != nil {
		t.Fatal(err)
	}
	if problem := remains(pid, link); problem == "" {
		t.Fatal("the machine of the child is not seen: this test could not fail")
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if err := waitFor("the machine to vanish", func() bool { return remains(pid, link) == "" }); err != nil {
		t.Error(err, remains(pid, link))
	}
}

// remains says what is left of a machine: a process in its namespaces, which
// holds its mounts too, or its network link.
func remains(pid int, link string) string {
	if _, err := os.Stat("/sys/class/net/" + link); err == nil {
		return "network interface " + link + " is left"
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
		return fmt.Sprintf("process %d is left", pid)
	}
	return ""
}
