package lab

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

//go:embed cloudinit.sh
var cloudInitScript string

// rootOf returns the root file system that o asks for.
func rootOf(o Options) (string, error) {
	if o.Root != "" {
		return o.Root, nil
	}
	root, err := hosttest.Root(o.Release, o.Init.recipe())
	if err != nil || !o.CloudInit {
		return root, err
	}
	return hosttest.Root(o.Release, fmt.Sprintf("set -- \"$@\" '%s'\n%s", root, cloudInitScript))
}

// Image is a copy of the root file system that o asks for, as a builder of images has
// it before the first boot: no host keys, and nothing in /dev, /proc and /run. It is
// the test's own. Options.Root boots it.
func Image(t testing.TB, o Options) string {
	t.Helper()
	NeedsLab(t)
	root, err := rootOf(o)
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: its name has the commas of the test's, which mount takes for its own.
	dir, err := os.MkdirTemp("", "lab-image-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	image := filepath.Join(dir, "image")
	if out, err := exec.Command("cp", "-a", "--reflink=auto", root, image).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", root, err, out)
	}
	return image
}

// Seed gives an image user data, which its cloud-init obeys at the first boot of an
// instance. The network is the test's, and so are the host keys.
func Seed(t testing.TB, image, instance, userData string) {
	t.Helper()
	for name, text := range SeedFiles(instance, userData) {
		file := filepath.Join(image, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// CloudInit waits until cloud-init has ended, and says how.
func (h *Host) CloudInit() string {
	out, err := h.Exec("cloud-init", "status", "--wait", "--long")
	if err != nil {
		return fmt.Sprintf("%s%v", out, err)
	}
	return out
}

// SeedFiles are the files of Seed, by their path below the root.
func SeedFiles(instance, userData string) map[string]string {
	return map[string]string{
		"var/lib/cloud/seed/nocloud/meta-data": "instance-id: " + instance + "\n",
		"var/lib/cloud/seed/nocloud/user-data": userData,
		"etc/cloud/cloud.cfg.d/99-lab.cfg":     "datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\nssh_deletekeys: false\ndisable_root: false\npreserve_hostname: true\nlocale: false\n",
	}
}
