package ownership

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// A port that is changed by the provider itself does not lock it out: neither
// while the settings still name the old port, nor when they name a new one
// before the host has it.
func TestAccPortMoves(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	before := m.Snapshot("/etc/ssh")
	config := func(named, wanted int) {
		c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf(`
resource "sshkeepalive_server" "this" {
  host     = %q
  ssh      = { port = %d }
  settings = { Port = "%d" }
}
`, m.Addr, named, wanted))
	}
	at := func(port string) string { return net.JoinHostPort(m.Addr, port) }
	elsewhere := m.Addr + ": answers at " + at("2222") + ", not at " + at("22")

	config(22, 2222)
	c.Apply(elsewhere)
	if got := m.Effective("port"); got != "2222" {
		t.Fatalf("port %s", got)
	}
	c.Plan(0, elsewhere, "No changes")

	config(2222, 2222)
	c.Apply()
	if out := c.Plan(0, "No changes"); strings.Contains(out, "answers at") {
		t.Errorf("still warned of a port that the settings name:\n%s", out)
	}

	config(2022, 2022) // both at once
	c.Apply()
	if out := c.Plan(0, "No changes"); strings.Contains(out, "answers at") {
		t.Errorf("still warned of a port that the settings name:\n%s", out)
	}
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("after destroy /etc/ssh differs:\n%s", d)
	}
	if out, err := m.SSH("root", "echo in"); err != nil || strings.TrimSpace(out) != "in" {
		t.Errorf("login at the old port after destroy: %q %v", out, err)
	}
}

// Two resources on one host: the port that one of them moved is where the other
// finds it, in the same run and in the next one.
func TestAccPortMovesForOthersToo(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	before := m.Snapshot("/etc/ssh")
	config := func(port string) {
		c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf(`
resource "sshkeepalive_server" "port" {
  host         = %[1]q
  drop_in_name = "10-port.conf"
  settings     = { Port = %[2]q }
}

resource "sshkeepalive_server" "beside" {
  host                  = %[1]q
  client_alive_interval = "2m"
}

resource "sshkeepalive_server" "after" {
  host         = %[1]q
  drop_in_name = "20-after.conf"
  max_sessions = 7
  depends_on   = [sshkeepalive_server.port]
}
`, m.Addr, port))
	}
	config("22")
	c.Apply()
	config("2222")
	c.Apply()
	c.Plan(0, "No changes")
	c.Destroy()
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("after destroy /etc/ssh differs:\n%s", d)
	}
}
