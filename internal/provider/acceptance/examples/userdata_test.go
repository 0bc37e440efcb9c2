//go:build hosts

package examples

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestLabUserData has cloud-init obey the user data of the guide at the first boot of a
// host, beside its own writer of passwords. The daemon that the boot started uses the
// values, an import takes the text over without a second line for any keyword, and the
// plans after that and after a second boot are empty.
func TestLabUserData(t *testing.T) {
	lab.NeedsLab(t)
	block := guideBlock(t, "image-baking", `output "user_data"`)
	c := acceptance.NewCLI(t)
	c.Config(block)
	c.Apply()
	userData := output(c, "user_data")
	o := lab.Options{CloudInit: true, Options: hosttest.Options{Release: "bookworm", KeepConfig: true}}
	o.Root = lab.Image(t, o)
	lab.Seed(t, o.Root, "first", userData+"ssh_pwauth: true\n")
	h := lab.Start(t, o)
	if said := h.CloudInit(); !strings.Contains(said, "status: done") {
		t.Fatalf("cloud-init: %s", said)
	}
	if !strings.Contains(string(h.Read(acceptance.CloudFile)), "PasswordAuthentication yes") || !strings.Contains(string(h.Read(acceptance.DropIn)), "BEGIN sshkeepalive render_sshd_config") {
		t.Fatalf("cloud-init did not write %s and %s", acceptance.CloudFile, acceptance.DropIn)
	}
	inForce(t, h, "first")

	config := acceptance.Fleet{"web1": h.Machine}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes+"  settings = { PasswordAuthentication = \"no\" }\n")
	c = acceptance.NewCLI(t)
	c.Config(config + acceptance.ImportBlock("sshkeepalive_server.web1", "web1"))
	out := c.Plan(2, "1 to import, 0 to add, 1 to change")
	for _, bad := range []string{"not written by this provider", "lines are gone", "has not loaded"} {
		if strings.Contains(out, bad) {
			t.Errorf("the import says %q:\n%s", bad, out)
		}
	}
	c.Config(config)
	c.Apply()
	c.Plan(0, "No changes")
	for keyword, want := range map[string]string{"ClientAliveInterval": "1", "ClientAliveCountMax": "1", "render_sshd_config": "0"} {
		if got := h.Sh("cat /etc/ssh/sshd_config.d/*.conf | grep -c " + keyword + " || true"); strings.TrimSpace(got) != want {
			t.Errorf("%s has %s lines, not %s:\n%s", keyword, strings.TrimSpace(got), want, h.Read(acceptance.DropIn))
		}
	}
	h.Reboot()
	inForce(t, h, "second")
	c.Plan(0, "No changes")
}

// inForce looks at what the sshd of a host does after a boot.
func inForce(t *testing.T, h *lab.Host, boot string) {
	t.Helper()
	password, interval, count := h.Effective("passwordauthentication"), h.Effective("clientaliveinterval"), h.Effective("clientalivecountmax")
	t.Logf("user data, %-6s boot PasswordAuthentication=%s ClientAliveInterval=%s ClientAliveCountMax=%s", boot, password, interval, count)
	if password != "no" || interval != "120" || count != "3" {
		t.Errorf("after the %s boot: %s, %s, %s", boot, password, interval, count)
	}
}

// output is an output as the engine prints it for programs.
func output(c *acceptance.CLI, name string) string {
	c.T.Helper()
	cmd := exec.CommandContext(c.T.Context(), c.Engine, "output", "-raw", name)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	out, err := cmd.Output()
	if err != nil {
		c.T.Fatalf("output %s: %v", name, err)
	}
	return string(out)
}
