//go:build hosts

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func options(release string) Options {
	return Options{Options: hosttest.Options{Release: release, Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}}}
}

func id(t *testing.T, h *Host, user string) string {
	t.Helper()
	out, err := h.SSH(user, "id -un; cat /proc/sys/kernel/random/boot_id")
	name, boot, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if err != nil || name != user {
		t.Errorf("login as %s: got %q, %v\n%s", user, out, err, h.Journal())
	}
	return boot
}

// TestLabLife boots every release, logs in, reboots and loses its power.
func TestLabLife(t *testing.T) {
	versions := map[string]string{"bullseye": "OpenSSH_8.4p1", "bookworm": "OpenSSH_9.2p1", "trixie": "OpenSSH_10.0p"}
	for _, release := range Releases() {
		t.Run(release, func(t *testing.T) {
			h := Start(t, options(release))
			if out, err := h.SSH("admin", "ssh -V 2>&1; sudo -n systemctl is-active ssh.service"); err != nil || !strings.HasPrefix(out, versions[release]) || !strings.HasSuffix(out, "\nactive\n") {
				t.Errorf("got %q, %v, want %s", out, err, versions[release])
			}
			if out, err := h.SSH("admin", "loginctl --no-legend list-sessions"); err != nil || !strings.Contains(out, "admin") {
				t.Errorf("logind knows nothing of the session: %q, %v", out, err)
			}
			first := id(t, h, "root")
			h.Write("/root/kept", "x")
			began := time.Now()
			h.Reboot()
			t.Logf("a reboot takes %.1f s", time.Since(began).Seconds())
			second := id(t, h, "admin")
			h.PowerOff()
			if _, err := h.SSH("root", "true"); err == nil {
				t.Error("a host without power accepts a login")
			}
			h.Write("/root/more", "y")
			h.PowerOn()
			if third := id(t, h, "root"); first == second || second == third {
				t.Errorf("boot ids: %q, %q, %q", first, second, third)
			}
			if got := string(h.Read("/root/kept")) + string(h.Read("/root/more")); got != "xy" {
				t.Errorf("files after a reboot and a loss of power: %q", got)
			}
		})
	}
}

// TestLabInits is TestLabLife without systemd.
func TestLabInits(t *testing.T) {
	for init, service := range map[Init]string{SysV: "sshd is running", OpenRC: "sshd is running"} {
		t.Run(string(init), func(t *testing.T) {
			t.Parallel()
			o := options("bookworm")
			o.Init = init
			h := Start(t, o)
			if name := strings.TrimSpace(h.Sh("cat /proc/1/comm")); name != "init" {
				t.Errorf("process 1 is %q", name)
			}
			if said := h.Service("status"); !strings.Contains(said, service) {
				t.Errorf("the service's status is %q", said)
			}
			first := id(t, h, "admin")
			began := time.Now()
			h.Reboot()
			t.Logf("a reboot takes %.1f s", time.Since(began).Seconds())
			second := id(t, h, "root")
			h.PowerOff()
			h.PowerOn()
			if third := id(t, h, "root"); first == second || second == third {
				t.Errorf("boot ids: %q, %q, %q", first, second, third)
			}
		})
	}
}

func TestLabSockets(t *testing.T) {
	for _, release := range Releases() {
		for _, accept := range Sockets(release)[1:] {
			t.Run(release+" Accept="+string(accept), func(t *testing.T) {
				o := options(release)
				o.Socket = accept
				h := Start(t, o)
				id(t, h, "admin")
				got := strings.TrimSpace(h.Sh("systemctl show -p Accept --value ssh.socket"))
				service, _ := h.Exec("systemctl", "is-active", "ssh.service")
				want := map[Socket]string{AcceptNo: "active", AcceptYes: "inactive"}[accept]
				if got != string(accept) || strings.TrimSpace(service) != want {
					t.Errorf("Accept=%s and ssh.service is %q, want %q", got, service, want)
				}
			})
		}
	}
}

func TestLabCut(t *testing.T) {
	h := Start(t, options("bookworm"))
	h.Unplug()
	cmd := exec.Command("ssh", "-F", "/dev/null", "-o", "ConnectTimeout=1", "-o", "BatchMode=yes", h.Addr)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "timed out") {
		t.Errorf("unplugged: got %q, %v", out, err)
	}
	h.Plug()
	id(t, h, "root")
}

func TestLabOptionsOfTheDaemon(t *testing.T) {
	o := options("bookworm")
	o.SSHDOpts = "-o ClientAliveInterval=33"
	h := Start(t, o)
	if got := h.Processes(); !strings.Contains(got, "sshd: /usr/sbin/sshd -D -o ClientAliveInterval=33 [listener]") {
		t.Errorf("processes: %s", got)
	}
}

// TestLabLeavesNothing looks after a host that was closed, and after one whose test
// process was killed as nobody should.
func TestLabLeavesNothing(t *testing.T) {
	NeedsLab(t)
	const child = "LAB_KILLED_CHILD"
	if os.Getenv(child) != "" {
		fmt.Println("booted", Start(t, options("trixie")).Init())
		time.Sleep(time.Minute)
		return
	}
	before := traces(t)
	h, err := boot(options("trixie"), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	if during := traces(t); len(during) < len(before)+3 {
		t.Errorf("a running host is not seen, so this test could not fail: %v", during)
	}
	h.Close()
	same(t, before)

	cmd := exec.Command(os.Args[0], "-test.run=^TestLabLeavesNothing$")
	cmd.Env = append(os.Environ(), child+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var init int
	if _, err := fmt.Fscanf(out, "booted %d\n", &init); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	same(t, before)
}

// traces lists what a host may leave on the machine that runs the tests.
func traces(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"/sys/fs/cgroup/sshkeepalive-lab-*", "/sys/fs/cgroup/unified/sshkeepalive-lab-*", "/sys/class/net/ska*", "/run/systemd/nspawn/*/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		list = append(list, "mount "+strings.TrimSpace(line))
	}
	processes, err := exec.Command("ps", "-eo", "pid,args").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(processes)) {
		if strings.Contains(line, "systemd-nspawn") {
			list = append(list, "process "+strings.TrimSpace(line))
		}
	}
	return list
}

func same(t *testing.T, before []string) {
	t.Helper()
	var after []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if after = traces(t); strings.Join(after, "\n") == strings.Join(before, "\n") {
			return
		}
	}
	t.Errorf("left:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
}
