package commit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDirectoryThatGoesAwayWhileItIsLookedAt: another run removes the empty directory, and
// a third one makes it again, between the two looks at it. That is not a directory of
// another account.
func TestDirectoryThatGoesAwayWhileItIsLookedAt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	// ls does not see the directory once, as if it had been away just then.
	script := ownedText + machineText + fmt.Sprintf(`
ls() {
	if [ "$2" = %[1]q ] && [ -e %[1]q.away ]; then
		rm %[1]q.away
		return 1
	fi
	command ls "$@"
}
: >%[1]q.away
own %[1]q
echo "status $? how $HOW exposed $EXPOSED"
`, dir)
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "status 0 how  exposed \n") {
		t.Errorf("%v: %s", err, out)
	}

	// A directory of another account is still refused.
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command("sh", "-c", ownedText+machineText+fmt.Sprintf("\nown %q\necho \"status $? how $HOW\"", dir)).CombinedOutput()
		if !strings.HasSuffix(string(out), "status 1 how taken\n") {
			t.Errorf("a directory of another account: %s", out)
		}
	}
}

// TestChangeThatEndsWhileItIsLookedAt: a disarm removes its change while another run looks
// at it. That is not a change of another account.
func TestChangeThatEndsWhileItIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	script := ownedText + machineText + pendingText + beginText + fmt.Sprintf(`
STATE=%[1]q/state
mkdir -p "$STATE/other"
ls() {
	rm -rf "$STATE/other"
	command ls "$@"
}
resolve_pending
echo "status $? how $HOW"
`, dir)
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil || string(out) != "status 0 how \n" {
		t.Errorf("%v: %s", err, out)
	}
}

// TestCleanLeavesNoDirectory: the host may reboot before the lock is released.
func TestCleanLeavesNoDirectory(t *testing.T) {
	dir := t.TempDir()
	script := ownedText + machineText + pendingText + fmt.Sprintf("\nSTATE=%[1]q/state RUN=%[1]q/run\nmkdir -p $STATE/a1 $STATE/b2\nclean $STATE/a1 && [ -d $STATE ] && clean $STATE/b2 && [ ! -d $STATE ]\n", dir)
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
