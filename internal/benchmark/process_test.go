package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// count takes about a tenth of a second of a processor, or more.
const count = `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done`

func sh(script string, args ...string) command {
	return command{args: append([]string{"sh", "-c", script, "sh"}, args...)}
}

// newRusage builds rusage.
func newRusage(t *testing.T) string {
	t.Helper()
	hosttest.NeedsSSHD(t) // the same is needed
	path := filepath.Join(t.TempDir(), "rusage")
	if out, err := exec.Command("go", "build", "-o", path, "./rusage").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestBackgroundIsMeasured: what a command leaves behind counts, and ends with it.
func TestBackgroundIsMeasured(t *testing.T) {
	rusage := newRusage(t)
	alone, err := sh(count).measure(t.Context(), rusage)
	if err != nil {
		t.Fatal(err)
	}
	counted := filepath.Join(t.TempDir(), "counted")
	left, err := sh(`setsid sh -c '`+count+`; : >"$1"; sleep 600' sh "$1" >/dev/null 2>&1 &
until [ -e "$1" ]; do sleep 0.1; done`, counted).measure(t.Context(), rusage)
	if err != nil {
		t.Fatal(err)
	}
	if left.wall > 5*time.Minute {
		t.Errorf("it took %s: something outlived it", left.wall)
	}
	if left.cpu < alone.cpu/2 {
		t.Errorf("%s of processor time for a count in the background, and %s in the foreground", left.cpu, alone.cpu)
	}
}

func TestMemoryIsSeen(t *testing.T) {
	m, err := sh("x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 1").measure(t.Context(), newRusage(t))
	if err != nil {
		t.Fatal(err)
	}
	if m.memory < 30_000_000 || m.memory > 300_000_000 {
		t.Errorf("%d bytes were seen of a shell that holds 30000000", m.memory)
	}
}

func TestWrongEndIsAnError(t *testing.T) {
	rusage := newRusage(t)
	for name, c := range map[string]struct {
		command command
		says    string
	}{
		"status":     {command{args: []string{"sh", "-c", "echo why >&2; exit 3"}, exit: 2}, "it ended with status 3, not 2\nwhy"},
		"no program": {command{args: []string{"/no/such/program"}}, "/no/such/program"},
		"a word":     {command{args: []string{"echo", "changed: [web1]"}, never: "changed: ["}, `it said "changed: ["`},
	} {
		if _, err := c.command.measure(t.Context(), rusage); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
