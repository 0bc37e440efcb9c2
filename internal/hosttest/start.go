package hosttest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Start boots a machine that lives as long as the test. It skips the test, or
// fails it with REQUIRE_SSHD=1, where that is impossible.
func Start(t testing.TB, o Options) *Machine {
	t.Helper()
	NeedsSSHD(t)
	m, err := Boot(o, func(err error) {
		t.Helper()
		t.Fatal(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// NeedsSSHD skips the test, or fails it with REQUIRE_SSHD=1, on a machine that
// cannot make machines.
func NeedsSSHD(t testing.TB) {
	t.Helper()
	Needs(t, Missing())
}

// Needs skips the test, or fails it with REQUIRE_SSHD=1, if anything is lacking.
func Needs(t testing.TB, lacking error) {
	t.Helper()
	switch {
	case lacking == nil:
	case os.Getenv("REQUIRE_SSHD") == "1":
		t.Fatalf("%v (REQUIRE_SSHD=1)", lacking)
	default:
		t.Skip(lacking)
	}
}

// Missing says in one sentence what this machine lacks for making machines, and
// how to get it; nil if nothing.
func Missing() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("throw-away hosts need Linux, and this is %s: run this in a privileged Debian container", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("throw-away hosts need root for their namespaces and mounts: run this as root, or with sudo -E")
	}
	var absent []string
	for _, program := range []string{"apt-get", "dpkg-deb", "tar", "awk", "chroot", "mount", "nsenter", "pivot_root"} {
		if _, err := exec.LookPath(program); err != nil {
			absent = append(absent, program)
		}
	}
	if absent != nil {
		return fmt.Errorf("throw-away hosts need %s, which this machine lacks: run this on Debian", strings.Join(absent, ", "))
	}
	return probe()
}

// probe tries, once per process, what containers without privileges forbid.
var probe = sync.OnceValue(func() error {
	out, err := exec.Command("unshare", "--mount", "--pid", "--net", "--fork", "sh", "-ec",
		"mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir a b c d && mount -t overlay -o lowerdir=a,upperdir=b,workdir=c overlay d").CombinedOutput()
	if err != nil {
		return fmt.Errorf("throw-away hosts need namespaces and overlay mounts, which this machine refuses (%s): run this in a privileged container or a virtual machine", strings.TrimSpace(string(out)))
	}
	return nil
})
