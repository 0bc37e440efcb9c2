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
