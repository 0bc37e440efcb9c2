package resources

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestRenderedTextIsTakenOver puts the text of render_sshd_config where cloud-init and
// Packer may put it. The resource that declares the same has one line for each keyword
// then, and an import reads the text without a warning.
func TestRenderedTextIsTakenOver(t *testing.T) {
	t.Parallel()
	text := rendered(t, `render_sshd_config(
		{ ClientAliveInterval = "2m", ClientAliveCountMax = "3", PermitRootLogin = "prohibit-password" },
		[{ criteria = "User git", client_alive_interval = "10m", settings = { X11Forwarding = false } }])`)
	const body = "  client_alive_interval  = \"2m\"\n  client_alive_count_max = 3\n  settings = { PermitRootLogin = \"prohibit-password\" }\n" +
		"  match = [{ criteria = \"User git\", client_alive_interval = \"10m\", settings = { X11Forwarding = \"no\" } }]\n"
	for file, rest := range map[string]string{
		acceptance.DropIn:                         "",
		"/etc/ssh/sshd_config.d/10-image.conf":    "",
		"/etc/ssh/sshd_config.d/20-corp.conf":     "# of the image\nMaxSessions 7\n",
		"/etc/ssh/sshd_config.d/zz-rendered.conf": "",
		acceptance.MainFile:                       "# of the image\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nClientAliveInterval 33\n",
	} {
		t.Run(strings.TrimPrefix(file, "/etc/ssh/"), func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, hosttest.Options{})
			if rest != "" {
				m.Write(file, rest)
			}
			before := m.Snapshot("/etc/ssh")
			m.Write(file, rest+text)
			c := acceptance.NewCLI(t)
			config := acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", body)
			c.Config(config + acceptance.ImportBlock("sshkeepalive_server.web1", "web1"))
			out := c.Plan(2, "1 to import, 0 to add, 1 to change")
			if strings.Contains(out, "not written by this provider") || strings.Contains(out, "lines are gone") {
				t.Errorf("the import takes the text for the text of others:\n%s", out)
			}
			c.Config(config)
			c.Apply()
			c.Plan(0, "No changes")
			applied := m.Snapshot("/etc/ssh")
			for name, is := range applied {
				if name != acceptance.DropIn && !reflect.DeepEqual(is, before[name]) {
					t.Errorf("%s is not as it was without the text, but %q", name, is.Data)
				}
			}
			if ours := string(m.Read(acceptance.DropIn)); strings.Contains(ours, "render_sshd_config") || strings.Count(ours, "ClientAlive") != 3 {
				t.Errorf("our file is %q", ours)
			}
			c.Destroy()
			if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
				t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
			}
		})
	}
}

// rendered is what the engine makes of a call of one of the provider's functions.
func rendered(t *testing.T, call string) string {
	t.Helper()
	c := acceptance.NewCLI(t)
	c.Config("resource \"terraform_data\" \"text\" {\n  provisioner \"local-exec\" {\n    command = \"printf %s \\\"$TEXT\\\" >text\"\n    environment = { TEXT = provider::sshkeepalive::" + call + " }\n  }\n}\n")
	c.Apply()
	return string(acceptance.ReadFile(t, filepath.Join(c.Dir, "text")))
}
