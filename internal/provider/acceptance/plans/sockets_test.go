package plans

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestControlSocketsOfThisMachine: a socket that its master left behind, over the
// transport local, and a directory that is not there.
func TestControlSocketsOfThisMachine(t *testing.T) {
	t.Parallel()
	c := acceptance.NewCLI(t)
	dir := t.TempDir()
	left := filepath.Join(dir, "cm-left")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	c.Config(fmt.Sprintf(`
provider "sshkeepalive" {
  hosts = { here = { transport = "local" } }
}
data "sshkeepalive_control_sockets" "here" {
  host = "here"
  path = "%s/cm-*"
}
data "sshkeepalive_control_sockets" "none" {
  host = "here"
  path = "%s/none/"
}
output "told" { value = jsonencode([data.sshkeepalive_control_sockets.here, data.sshkeepalive_control_sockets.none]) }
`, dir, dir))
	c.Apply()
	var told [2]struct {
		Sockets []struct{ Path, State, Why, Mode string }
		Counts  map[string]int
	}
	c.Outputs(&told)
	if here := told[0]; len(here.Sockets) != 1 || here.Sockets[0].Path != left || here.Sockets[0].State != "stale" || here.Counts["stale"] != 1 {
		t.Errorf("have %+v", here)
	}
	if none := told[1]; none.Sockets == nil || len(none.Sockets) > 0 || none.Counts["stale"] != 0 {
		t.Errorf("have %+v", none)
	}
}
