package failures

import (
	"io"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestHostFallsSilentBetweenPlanAndApply: the engine plans again before it applies, and
// an answer other than the first one is "a bug in the provider" to it.
func TestHostFallsSilentBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	f := acceptance.Fleet{"web0": hosttest.Start(t, hosttest.Options{}), "web1": hosttest.Start(t, hosttest.Options{})}
	c := acceptance.NewCLI(t)
	c.Config(f.Provider("") + acceptance.Server("web0", `client_alive_interval = "60s"`) + acceptance.Server("web1", `client_alive_interval = "60s"`))
	c.Expect(2, []string{"2 to add"}, "plan", "-no-color", "-detailed-exitcode", "-out=saved")
	f["web1"].Stop()
	out := c.Expect(1, []string{"web1: no answer (connect)"}, "apply", "-no-color", "saved")
	if strings.Contains(out, "bug in the provider") {
		t.Error(out)
	}
	if got := f["web0"].Effective("ClientAliveInterval"); got != "60" {
		t.Errorf("the host that answers has %s", got)
	}
	f["web1"].StartSSHD()
	c.Apply()

	// The same for a change of what exists.
	c.Config(f.Provider("") + acceptance.Server("web0", `client_alive_interval = "60s"`) + acceptance.Server("web1", `client_alive_interval = "90s"`))
	c.Expect(2, []string{"1 to change"}, "plan", "-no-color", "-detailed-exitcode", "-out=saved")
	f["web1"].Stop()
	out = c.Expect(1, []string{"web1: no answer (connect)"}, "apply", "-no-color", "saved")
	if strings.Contains(out, "bug in the provider") {
		t.Error(out)
	}
}

// TestHostFallsSilentBeforeTheApproval: an apply without a saved plan waits for an answer
// between its two plans. Only a new resource cannot be told apart from one that is planned
// for the first time.
func TestHostFallsSilentBeforeTheApproval(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	f := acceptance.Fleet{"web0": m}
	c := acceptance.NewCLI(t)
	c.Config(f.Provider("") + acceptance.Server("web0", `client_alive_interval = "60s"`))
	c.Apply()
	c.Config(f.Provider("") + acceptance.Server("web0", `client_alive_interval = "90s"`))
	for _, args := range [][]string{{"apply"}, {"destroy"}, {"apply", "-replace=sshkeepalive_server.web0"}} {
		answer, say := io.Pipe()
		r := c.StartWith(answer, append(args, "-no-color")...)
		acceptance.Eventually(t, "the plan", func() bool { return strings.Contains(r.Said(), "Enter a value:") })
		m.Stop()
		if _, err := io.WriteString(say, "yes\n"); err != nil {
			t.Fatal(err)
		}
		say.Close()
		code := r.Wait()
		m.StartSSHD()
		if out := r.Said(); code != 1 || !strings.Contains(out, "web0: no answer (connect)") || strings.Contains(out, "bug in the provider") {
			t.Errorf("%s: %d %s", args, code, out)
		}
	}
}
