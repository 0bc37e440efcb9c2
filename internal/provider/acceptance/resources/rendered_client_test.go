package resources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestRenderedBlocksAreTakenOver puts the text of render_ssh_config where cloud-init and
// Packer may put it. Two resources with the same blocks take it over at once, imported or
// not: ssh says the same before and after, each keyword has one line in the file, and a
// destroy leaves what was there beside the text.
func TestRenderedBlocksAreTakenOver(t *testing.T) {
	t.Parallel()
	text := rendered(t, `render_ssh_config([
		{ patterns = ["db*"], settings = { ServerAliveInterval = "1m", Compression = true } },
		{ patterns = ["*"], settings = { ServerAliveInterval = "2m", ServerAliveCountMax = 4, TCPKeepAlive = false } },
	])`)
	const system = "/etc/ssh/ssh_config.d/10-image.conf"
	for name, c := range map[string]struct {
		file, above, below string
		imports            bool
	}{
		"alone":           {acceptance.BobFile, "", "", true},
		"created":         {acceptance.BobFile, "# bob's\n", "", false},
		"between":         {acceptance.BobFile, "User bob\nHost old\n\tPort 2222\n", "# about seven\nHost db7\n\tUser seven\n", true},
		"in a system one": {system, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := acceptance.BobsMachine(t, "")
			write := func(content string) {
				m.Write(c.file, content)
				if c.file == acceptance.BobFile {
					m.Sh("chown bob:bob " + acceptance.BobFile + "; chmod 600 " + acceptance.BobFile)
				}
			}
			write(c.above + text + c.below)
			hosts := []string{"db1", "db7", "web1", "old"}
			said := map[string]string{}
			for _, host := range hosts {
				said[host] = acceptance.BobSays(m, host)
			}
			if !strings.Contains(said["db1"], "serveraliveinterval 60\n") || !strings.Contains(said["web1"], "serveraliveinterval 120\n") {
				t.Fatalf("ssh does not read the text: %s", said["db1"])
			}
			where, id := fmt.Sprintf("config_file = %q\n", c.file), c.file
			if c.file == acceptance.BobFile {
				where, id = "user = \"bob\"\n", "/~bob/.ssh/config"
			}
			config := acceptance.ProviderBlock("", m) +
				acceptance.ClientBlock(m, "db", "root", where+"patterns = [\"db*\"]\nserver_alive_interval = \"1m\"\nsettings = { Compression = \"yes\" }") +
				acceptance.ClientBlock(m, "all", "root", where+"patterns = [\"*\"]\nserver_alive_interval = \"2m\"\nserver_alive_count_max = 4\ntcp_keep_alive = false")
			cli, imports := acceptance.NewCLI(t), ""
			if c.imports {
				for name, block := range map[string]string{"db": "Host db*", "all": "Host *"} {
					imports += acceptance.ImportBlock("sshkeepalive_client."+name, fmt.Sprintf("root@%s:%d%s#%s", m.Addr, m.Port, id, block))
				}
			}
			cli.Config(config + imports)
			out := cli.Plan(2)
			if strings.Contains(out, "Warning: root@") {
				t.Errorf("the plan takes the text for the text of others:\n%s", out)
			}
			cli.Apply()
			cli.Config(config)
			cli.Plan(0, "No changes")
			ours := string(m.Read(c.file))
			if strings.Contains(ours, "render_ssh_config") || strings.Count(ours, "ServerAliveInterval") != 2 || strings.Count(ours, "Compression") != 1 {
				t.Errorf("the file is %q", ours)
			}
			for _, host := range hosts {
				if now := acceptance.BobSays(m, host); now != said[host] {
					t.Errorf("for %s ssh said\n%s\nand says\n%s", host, said[host], now)
				}
			}
			cli.Destroy()
			if left, _ := m.Exec("cat", c.file); left != c.above+c.below {
				t.Errorf("the destroy leaves %q", left)
			}
			if _, err := m.Exec("test", "-e", c.file); err == nil && c.above+c.below == "" {
				t.Error("the destroy leaves an empty file")
			}
		})
	}
}
