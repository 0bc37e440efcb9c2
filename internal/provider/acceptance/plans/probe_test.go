package plans

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestProbeOfAHost: a sshd that asks a client that answers, gives up one that does
// not, and asks nobody else; its files predict both, by the function that knows
// the release.
func TestProbeOfAHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{{Name: "left"}, {Name: "nobody1", NoKey: true}},
		Files: map[string]string{"/etc/ssh/sshd_config.d/10-x.conf": "ClientAliveInterval 1\nClientAliveCountMax 2\nMatch User left\nClientAliveInterval 0\n"},
	})
	at := fmt.Sprintf("%s:%d", m.Addr, m.Port)
	c := acceptance.NewCLI(t)
	probe := func(name, user, more string) string {
		return fmt.Sprintf("data \"sshkeepalive_probe\" %q {\n  host = %q\n%s\n}\n", name, user+"@"+at, more)
	}
	c.Config(acceptance.ProviderBlock("", m) + probe("asked", "root", `idle = "7s"`) + probe("dropped", "root", "until_dropped = true") +
		probe("left", "left", `idle = "3s"`) + probe("out", "nobody1", "") + strings.ReplaceAll(`
data "sshkeepalive_server_config" "files" {
  host     = "HOST"
  keywords = ["ClientAliveInterval", "ClientAliveCountMax"]
}
locals {
  files   = data.sshkeepalive_server_config.files
  dropped = provider::sshkeepalive::dead_peer_timeout(local.files.effective["ClientAliveInterval"], tonumber(local.files.effective["ClientAliveCountMax"]), local.files.openssh_version)
  spacing = provider::sshkeepalive::dead_peer_timeout(local.files.effective["ClientAliveInterval"], 1, local.files.openssh_version) / 2
}
check "dropped" {
  assert {
    condition     = data.sshkeepalive_probe.dropped.dropped_after > local.dropped + 1000
    error_message = "dropped after ${floor(data.sshkeepalive_probe.dropped.dropped_after)} s"
  }
}
output "told" { value = jsonencode([data.sshkeepalive_probe.asked, data.sshkeepalive_probe.dropped, data.sshkeepalive_probe.left, data.sshkeepalive_probe.out, { interval = local.spacing, dropped_after = local.dropped }]) }
`, "HOST", at))
	c.Apply("Warning: Check block assertion failed", "dropped after ")
	var told [5]struct {
		Reachable      bool
		Requests       *int
		Interval       *float64
		First          *float64 `json:"first_after"`
		Dropped        *float64 `json:"dropped_after"`
		Ended, Failure string
	}
	c.Outputs(&told)
	asked, dropped, left, out, want := told[0], told[1], told[2], told[3], told[4]
	if !asked.Reachable || asked.Requests == nil || *asked.Requests < 2 || asked.Ended != "" || asked.Dropped != nil || asked.First == nil {
		t.Fatalf("have %+v", asked)
	}
	// A busy machine may add, and sshd's clock has whole seconds.
	if *asked.Interval < *want.Interval-1.1 || *asked.Interval > *want.Interval*3 {
		t.Errorf("asked every %v s, and the files say %v", *asked.Interval, *want.Interval)
	}
	if dropped.Ended != "closed" || dropped.Dropped == nil || *dropped.Dropped < *want.Dropped-1.1 || *dropped.Dropped > *want.Dropped*3 {
		t.Errorf("have %+v, want %v", dropped, *want.Dropped)
	}
	if !left.Reachable || left.Requests == nil || *left.Requests != 0 || left.Interval != nil || left.Ended != "" {
		t.Errorf("have %+v", left)
	}
	if out.Reachable || out.Failure != "authentication refused" || out.Requests != nil {
		t.Errorf("have %+v", out)
	}
}

// TestProbeOfASessionThatWrites: sshd 9.2 never asks a client to which it writes more
// often than the interval, and so never drops one that has vanished.
func TestProbeOfASessionThatWrites(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Files: map[string]string{"/etc/ssh/sshd_config.d/10-x.conf": "ClientAliveInterval 3\nClientAliveCountMax 1\n"},
	})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + strings.ReplaceAll(`
data "sshkeepalive_probe" "writing" {
  host          = "HOST"
  until_dropped = true
  output_every  = "1s"
  idle          = "15s"
}
output "told" { value = jsonencode(data.sshkeepalive_probe.writing) }
`, "HOST", fmt.Sprintf("root@%s:%d", m.Addr, m.Port)))
	c.Apply()
	var told struct {
		Reachable bool
		Requests  *int
		Ended     *string
	}
	c.Outputs(&told)
	if !told.Reachable || told.Requests == nil || *told.Requests != 0 || told.Ended != nil {
		t.Errorf("have %+v", told)
	}
}
