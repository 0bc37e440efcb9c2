package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestAccImage is the life of settings in a mounted root file system.
func TestAccImage(t *testing.T) {
	t.Parallel()
	root := hosttest.Image(t, "bookworm")
	c := newCLI(t)
	config := func(root string) {
		c.config(fmt.Sprintf(`
provider "sshkeepalive" {
  hosts = {
    image = { transport = "image", root = %q }
  }
}

resource "sshkeepalive_server" "image" {
  host                  = "image"
  client_alive_interval = "2m"
  settings              = { PermitRootLogin = "no" }
}

data "sshkeepalive_server_config" "image" {
  host       = "image"
  depends_on = [sshkeepalive_server.image]
}

output "told" {
  value = jsonencode(data.sshkeepalive_server_config.image)
}
`, root))
	}
	config(root)
	c.apply()
	managed := filepath.Join(root, dropIn)
	first, err := os.ReadFile(managed)
	if err != nil {
		t.Fatal(err)
	}
	c.plan(0, "No changes")
	var told struct {
		Effective  map[string]string
		Provenance map[string][]toldOrigin
		Loaded     *bool
		Key        *string `json:"host_key_sha256"`
	}
	c.outputs(&told)
	if told.Effective["ClientAliveInterval"] != "120" || told.Provenance["PermitRootLogin"][0].File != dropIn || told.Loaded != nil || told.Key != nil {
		t.Errorf("told %+v", told)
	}
	if err := os.Remove(managed); err != nil {
		t.Fatal(err)
	}
	c.plan(2, "our lines are gone from "+dropIn)
	c.apply()
	if again, err := os.ReadFile(managed); err != nil || string(again) != string(first) {
		t.Errorf("after the repair: %q, %v", again, err)
	}
	config(filepath.Join(root, "elsewhere"))
	c.plan(1, "image: ", "elsewhere is not a directory")
	config(root)
	c.destroy()
	if _, err := os.Stat(managed); !os.IsNotExist(err) {
		t.Errorf("after destroy: %v", err)
	}
	if left, err := filepath.Glob(root + "/etc/ssh/*key*"); err != nil || len(left) > 0 {
		t.Errorf("keys in the image, which each instance would share: %q, %v", left, err)
	}
}
