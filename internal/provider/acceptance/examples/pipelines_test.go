//go:build hosts

package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const (
	allowsPasswords = "#cloud-config\nssh_pwauth: true\n"
	baked           = "  client_alive_interval = \"2m\"\n  settings = { PasswordAuthentication = \"no\" }\n"
)

// TestPipelines bakes with the Packer templates of the guide, boots what comes out
// with a cloud-init that is told to allow passwords, and looks after two boots.
func TestPipelines(t *testing.T) {
	lab.NeedsLab(t)
	if _, err := exec.LookPath("packer"); err != nil {
		hosttest.Needs(t, fmt.Errorf("this needs packer: apt-get install packer"))
	}
	o := lab.Options{CloudInit: true, Options: hosttest.Options{Release: "bookworm", KeepConfig: true}}
	t.Run("image", func(t *testing.T) {
		o.Root = lab.Image(t, o)
		lab.Seed(t, o.Root, "first", allowsPasswords)
		c := acceptance.NewCLI(t)
		c.Config(fmt.Sprintf("provider \"sshkeepalive\" {\n  hosts = { web1 = { transport = \"image\", root = %q } }\n}\n", o.Root) + acceptance.Server("web1", baked))
		packer(c, guideTemplate(t, `source "null" "image"`))
		h := lab.Start(t, o)
		survives(t, h, "image")
	})
	t.Run("host", func(t *testing.T) {
		o.Root = ""
		o.Root = lab.Image(t, o)
		h := lab.Start(t, o)
		c := acceptance.NewCLI(t)
		c.Config(acceptance.Fleet{"web1": h.Machine}.Provider("") + acceptance.Server("web1", baked+"  reload = \"never\"\n"))
		packer(c, guideTemplate(t, `source "null" "host"`), "address="+h.Addr, "key="+h.KeyPath)
		for name, text := range lab.SeedFiles("first", allowsPasswords) {
			h.Write("/"+name, text)
		}
		h.Reboot()
		survives(t, h, "host")
	})
}

// survives looks at a host whose first boot is over, and boots it again.
func survives(t *testing.T, h *lab.Host, what string) {
	t.Helper()
	if said := h.CloudInit(); !strings.Contains(said, "status: done") {
		t.Fatalf("cloud-init: %s", said)
	}
	if !strings.Contains(string(h.Read(acceptance.CloudFile)), "PasswordAuthentication yes") {
		t.Error("cloud-init wrote nothing, so this test could not fail")
	}
	for _, boot := range []string{"first", "second"} {
		password, interval := h.Effective("passwordauthentication"), h.Effective("clientaliveinterval")
		t.Logf("%-6s %-7s PasswordAuthentication=%s ClientAliveInterval=%s", what, boot, password, interval)
		if password != "no" || interval != "120" {
			t.Errorf("after the %s boot: %s, %s", boot, password, interval)
		}
		if boot == "first" {
			h.Reboot()
		}
	}
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": h.Machine}.Provider("") + acceptance.Server("web1", baked) + acceptance.ImportBlock("sshkeepalive_server.web1", "web1"))
	c.Plan(2, "1 to import, 0 to add, 0 to change, 0 to destroy")
}

// guideTemplate is the block of the guide that has a line in it.
func guideTemplate(t *testing.T, line string) string {
	t.Helper()
	text, err := os.ReadFile("../../../../templates/guides/image-baking.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "```hcl\n")[1:] {
		if block, _, _ := strings.Cut(part, "```"); strings.Contains(block, line) {
			return block
		}
	}
	t.Fatalf("the guide has no block with %s", line)
	return ""
}

// packer builds with a template, whose variable config is the directory of c.
func packer(c *acceptance.CLI, template string, variables ...string) {
	c.T.Helper()
	file := filepath.Join(c.T.TempDir(), "bake.pkr.hcl")
	if err := os.WriteFile(file, []byte(template), 0o600); err != nil {
		c.T.Fatal(err)
	}
	args := []string{"build", "-color=false", "-var", "config=" + c.Dir}
	for _, v := range variables {
		args = append(args, "-var", v)
	}
	cmd := exec.Command("packer", append(args, file)...)
	cmd.Env = append(c.Env, "CHECKPOINT_DISABLE=1", "PATH="+filepath.Dir(c.Engine)+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		c.T.Fatalf("packer: %v\n%s", err, out)
	}
}
