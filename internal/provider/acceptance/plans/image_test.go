package plans

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestAccImage is the life of settings in a mounted root file system.
func TestAccImage(t *testing.T) {
	t.Parallel()
	root := hosttest.Image(t, "bookworm")
	c := acceptance.NewCLI(t)
	config := func(root string) {
		c.Config(fmt.Sprintf(`
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
	c.Apply()
	managed := filepath.Join(root, acceptance.DropIn)
	first, err := os.ReadFile(managed)
	if err != nil {
		t.Fatal(err)
	}
	c.Plan(0, "No changes")
	var told struct {
		Effective  map[string]string
		Provenance map[string][]toldOrigin
		Loaded     *bool
		Key        *string `json:"host_key_sha256"`
	}
	c.Outputs(&told)
	if told.Effective["ClientAliveInterval"] != "120" || told.Provenance["PermitRootLogin"][0].File != acceptance.DropIn || told.Loaded != nil || told.Key != nil {
		t.Errorf("told %+v", told)
	}
	if err := os.Remove(managed); err != nil {
		t.Fatal(err)
	}
	c.Plan(2, "our lines are gone from "+acceptance.DropIn)
	c.Apply()
	if again, err := os.ReadFile(managed); err != nil || string(again) != string(first) {
		t.Errorf("after the repair: %q, %v", again, err)
	}
	config(filepath.Join(root, "elsewhere"))
	c.Plan(1, "image: ", "elsewhere is not a directory")
	config(root)
	c.Destroy()
	if _, err := os.Stat(managed); !os.IsNotExist(err) {
		t.Errorf("after destroy: %v", err)
	}
	if left, err := filepath.Glob(root + "/etc/ssh/*key*"); err != nil || len(left) > 0 {
		t.Errorf("keys in the image, which each instance would share: %q, %v", left, err)
	}
}
