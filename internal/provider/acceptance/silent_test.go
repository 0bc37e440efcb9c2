package acceptance

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestHostFallsSilentBetweenPlanAndApply: the engine plans again before it applies, and
// an answer other than the first one is "a bug in the provider" to it.
func TestHostFallsSilentBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	f := fleet{"web0": hosttest.Start(t, hosttest.Options{}), "web1": hosttest.Start(t, hosttest.Options{})}
	c := newCLI(t)
	c.config(f.provider("") + named("web0", `client_alive_interval = "60s"`) + named("web1", `client_alive_interval = "60s"`))
	c.expect(2, []string{"2 to add"}, "plan", "-no-color", "-detailed-exitcode", "-out=saved")
	f["web1"].Stop()
	out := c.expect(1, []string{"web1: no answer (connect)"}, "apply", "-no-color", "saved")
	if strings.Contains(out, "bug in the provider") {
		t.Error(out)
	}
	if got := f["web0"].Effective("ClientAliveInterval"); got != "60" {
		t.Errorf("the host that answers has %s", got)
	}
	f["web1"].StartSSHD()
	c.apply()

	// The same for a change of what exists.
	c.config(f.provider("") + named("web0", `client_alive_interval = "60s"`) + named("web1", `client_alive_interval = "90s"`))
	c.expect(2, []string{"1 to change"}, "plan", "-no-color", "-detailed-exitcode", "-out=saved")
	f["web1"].Stop()
	out = c.expect(1, []string{"web1: no answer (connect)"}, "apply", "-no-color", "saved")
	if strings.Contains(out, "bug in the provider") {
		t.Error(out)
	}
}
