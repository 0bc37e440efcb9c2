package hosttest

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Image is the root file system of a Debian release in a directory, as a builder
// of images has it before the first boot: no host keys, and nothing in /dev, /proc
// and /run. It is the test's own.
func Image(t testing.TB, release string) string {
	t.Helper()
	Needs(t, Missing())
	root, err := rootFor(release)
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "image")
	if out, err := exec.Command("cp", "-a", "--reflink=auto", root, image).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", root, err, out)
	}
	return image
}
