package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

const sshdLog = "/var/log/sshd.log"

// logging is a machine whose sshd writes down every connection and command.
func logging() hosttest.Options {
	return hosttest.Options{
		SSHDArgs: []string{"-E", sshdLog},
		Files:    map[string]string{"/etc/ssh/sshd_config.d/90-log.conf": "LogLevel VERBOSE\nMaxStartups 300\n"},
	}
}

// cost is what one host was asked for.
type cost struct{ connections, commands int }

func costOf(m *hosttest.Machine) cost {
	log := string(m.Read(sshdLog))
	return cost{strings.Count(log, "Connection from "), strings.Count(log, "Starting session: ")}
}

// TestCostOfAPlan prints what a plan of 1, 10 and 100 hosts costs each of them.
// One machine plays all of them: connections are kept apart by a setting that
// they do not share.
func TestCostOfAPlan(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, logging())
	for _, n := range []int{1, 10, 100} {
		c := newCLI(t)
		c.config(fleet{"web": m}.provider("") + fmt.Sprintf(`
variable "hosts" { default = %d }
resource "sshkeepalive_server" "all" {
  count = var.hosts
  host  = "web"
  ssh   = { keepalive_interval = "${count.index + 60}s" }
%s}
`, n, twoMinutes))
		m.Write(sshdLog, "")
		c.plan(2, fmt.Sprintf("%d to add", n))
		got := costOf(m)
		t.Logf("%3d hosts: %.2f connections and %.2f commands per host", n, float64(got.connections)/float64(n), float64(got.commands)/float64(n))
		if got != (cost{n, n}) {
			t.Errorf("%d hosts cost %+v", n, got)
		}
	}
}
