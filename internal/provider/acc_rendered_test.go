package provider

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestRenderedTextIsTakenOver puts the text of render_sshd_config where cloud-init and
// Packer may put it. The resource that declares the same has one line for each keyword
// then, and an import reads the text without a warning.
func TestRenderedTextIsTakenOver(t *testing.T) {
	t.Parallel()
	text := rendered(t,
		values{"ClientAliveInterval": "2m", "ClientAliveCountMax": "3", "PermitRootLogin": "prohibit-password"},
		[]any{values{"criteria": "User git", "client_alive_interval": "10m", "settings": values{"X11Forwarding": false}}})
	const body = "  client_alive_interval  = \"2m\"\n  client_alive_count_max = 3\n  settings = { PermitRootLogin = \"prohibit-password\" }\n" +
		"  match = [{ criteria = \"User git\", client_alive_interval = \"10m\", settings = { X11Forwarding = \"no\" } }]\n"
	for file, rest := range map[string]string{
		dropIn:                                    "",
		"/etc/ssh/sshd_config.d/10-image.conf":    "",
		"/etc/ssh/sshd_config.d/20-corp.conf":     "# of the image\nMaxSessions 7\n",
		"/etc/ssh/sshd_config.d/zz-rendered.conf": "",
		mainFile: "# of the image\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nClientAliveInterval 33\n",
	} {
		t.Run(strings.TrimPrefix(file, "/etc/ssh/"), func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, hosttest.Options{})
			if rest != "" {
				m.Write(file, rest)
			}
			before := m.Snapshot("/etc/ssh")
			m.Write(file, rest+text)
			c := newCLI(t)
			config := fleet{"web1": m}.provider("") + named("web1", body)
			c.config(config + "import {\n  to = sshkeepalive_server.web1\n  id = \"web1\"\n}\n")
			out := c.plan(2, "1 to import, 0 to add, 1 to change")
			if strings.Contains(out, "not written by this provider") || strings.Contains(out, "lines are gone") {
				t.Errorf("the import takes the text for the text of others:\n%s", out)
			}
			c.config(config)
			c.apply()
			c.plan(0, "No changes")
			applied := m.Snapshot("/etc/ssh")
			for name, is := range applied {
				if name != dropIn && !reflect.DeepEqual(is, before[name]) {
					t.Errorf("%s is not as it was without the text, but %q", name, is.Data)
				}
			}
			if ours := string(m.Read(dropIn)); strings.Contains(ours, "render_sshd_config") || strings.Count(ours, "ClientAlive") != 3 {
				t.Errorf("our file is %q", ours)
			}
			c.destroy()
			if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
				t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
			}
		})
	}
}

// rendered is what render_sshd_config returns.
func rendered(t *testing.T, args ...any) string {
	t.Helper()
	v, err := newFunctions(t).call("render_sshd_config", args...)
	if err != nil {
		t.Fatal(err.Text)
	}
	return text(v)
}
