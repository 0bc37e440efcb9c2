package failures

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestHostBootsWhileItIsAwaited: an apply waits connect_wait for a fresh machine, whether or
// not the plan was saved, and whether its address was known to the plan.
func TestHostBootsWhileItIsAwaited(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]string{"unknown address": "terraform_data.vm.output", "known address": `"ADDRESS"`} {
		for _, saved := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, saved %t", name, saved), func(t *testing.T) {
				t.Parallel()
				m := hosttest.Start(t, hosttest.Options{})
				address := fmt.Sprintf("%s:%d", m.Addr, m.Port)
				c := acceptance.NewCLI(t)
				c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf(`
resource "terraform_data" "vm" { input = %q }
resource "sshkeepalive_server" "web1" {
  host       = %s
  depends_on = [terraform_data.vm]
  ssh        = { connect_wait = "3m" }
`, address, strings.Replace(host, "ADDRESS", address, 1)) + acceptance.TwoMinutes + "}\n")
				m.Stop()
				args := []string{"-auto-approve"}
				if saved {
					c.Expect(2, []string{"2 to add"}, "plan", "-no-color", "-detailed-exitcode", "-out=saved")
					args = []string{"saved"}
				}
				r := c.Start(append([]string{"apply", "-no-color"}, args...)...)
				time.Sleep(8 * time.Second) // the address is asked for three times in three seconds
				m.StartSSHD()
				if code := r.Wait(); code != 0 {
					t.Fatalf("%d: %s", code, r.Said())
				}
				if got := m.Effective("ClientAliveInterval"); got != "120" {
					t.Errorf("in force is %s", got)
				}
			})
		}
	}
}
