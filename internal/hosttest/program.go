package hosttest

import (
	"path/filepath"
	"testing"
)

// programRelease is the Debian release whose programs run on this machine.
const programRelease = "bookworm"

// PrepareProgram downloads and unpacks a Debian package unless that was done before.
func PrepareProgram(pkg string) (root string, err error) { return rootFor(programRelease, pkg) }

// Program returns the path of a program of a Debian package, which has to need nothing but
// itself, as programs in Go do. Nothing is installed. It skips the test, or fails it with
// REQUIRE_SSHD=1, where packages cannot be unpacked.
func Program(t testing.TB, pkg, path string) string {
	t.Helper()
	root, err := PrepareProgram(pkg)
	Needs(t, err)
	return filepath.Join(root, path)
}
