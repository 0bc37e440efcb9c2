//go:build hosts

package stories

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
)

// TestLabTunnel runs the unit of the guide: the tunnel comes back after its session was
// ended, and after its path was gone for a while.
func TestLabTunnel(t *testing.T) {
	here := lab.Start(t, lab.Options{Options: hosttest.Options{Release: "bookworm"}})
	web := hosttest.Start(t, hosttest.Options{Release: "bookworm", Behind: here.Machine, Files: map[string]string{
		"/root/.ssh/authorized_keys": publicKey(t, here.Machine),
	}})
	here.Write("/root/.ssh/known_hosts", fmt.Sprintf("%s %s\n", web.Addr, strings.TrimSpace(web.HostKeys[0])))
	here.Write("/root/.ssh/config", fmt.Sprintf("Host web1\n\tHostName %s\n\tLocalForward 8022 localhost:22\n", web.Addr))
	// The guide's times, shortened for the test.
	here.Write("/etc/systemd/system/tunnel@.service", strings.NewReplacer("ServerAliveInterval=15", "ServerAliveInterval=1", "RestartSec=5", "RestartSec=1").Replace(tunnelUnit(t)))
	here.Sh("systemctl daemon-reload && systemctl start tunnel@web1")

	first := answers(t, here)
	web.Sh("pkill -KILL -f '^sshd: root@notty' || pkill -KILL -f '^sshd: root'")
	second := answers(t, here, first)
	web.Unplug()
	ends(t, here, second)
	web.Plug()
	answers(t, here, first, second)
}

func tunnelUnit(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../templates/guides/shell-that-comes-back.md")
	if err != nil {
		t.Fatal(err)
	}
	unit := regexp.MustCompile("(?s)```ini\n(.*?)```").FindSubmatch(guide)
	if unit == nil {
		t.Fatal("the guide has no unit")
	}
	return string(unit[1])
}

// answers waits until a process other than those before forwards, and returns its pid.
func answers(t *testing.T, here *lab.Host, before ...string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Second / 2) {
		pid := mainPID(here)
		line, err := here.Exec("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8022; timeout 2 head -c 4 <&3")
		if err == nil && line == "SSH-" && pid != "0" && !strings.Contains(" "+strings.Join(before, " ")+" ", " "+pid+" ") {
			return pid
		}
	}
	t.Fatalf("the tunnel does not come back: %s", here.Journal("tunnel@web1"))
	return ""
}

// ends waits until a process is gone.
func ends(t *testing.T, here *lab.Host, pid string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); mainPID(here) == pid; time.Sleep(time.Second / 2) {
		if time.Now().After(deadline) {
			t.Fatal("ssh does not notice that its path is gone")
		}
	}
}

func mainPID(here *lab.Host) string {
	pid, _ := here.Exec("systemctl", "show", "--property=MainPID", "--value", "tunnel@web1")
	return strings.TrimSpace(pid)
}
