package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestDemo is what make demo does. The scenes check themselves; this checks that
// all of them were played, and that nothing is left.
func TestDemo(t *testing.T) {
	hosttest.NeedsSSHD(t)
	hosttest.NeedsEngine(t)
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	if err := demo(t.Context(), &narrator{out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"clientaliveinterval 120", "clientaliveinterval 15", "No changes.", "clientaliveinterval 900",
		"00-corp.conf:1", "Destroy complete!", "byte for byte",
	} {
		_, rest, ok := strings.Cut(out.String(), want)
		if !ok {
			t.Fatalf("%q is missing, or out of order, in:\n%s", want, out.String())
		}
		out.Reset()
		out.WriteString(rest)
	}
	leavesNothing(t)
}

func TestInterruptedDemo(t *testing.T) {
	hosttest.NeedsSSHD(t)
	hosttest.NeedsEngine(t)
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	// The word is printed when Terraform is about to run.
	err := demo(ctx, &narrator{out: watcher{"apply -auto-approve", interrupt}})
	if err == nil {
		t.Error("the demo went on")
	}
	leavesNothing(t)
}

type watcher struct {
	word string
	seen func()
}

func (w watcher) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.word) {
		w.seen()
	}
	return len(p), nil
}

func leavesNothing(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWithoutOverrideWarning(t *testing.T) {
	for name, c := range map[string]struct{ out, want string }{
		"plain":   {"\nWarning: Provider development overrides are in effect\n\ntext\nreleases.\nthe rest\n", "\nthe rest\n"},
		"box":     {"╷\n│ Warning: Provider development overrides are in effect\n│ releases.\n╵\nthe rest\n╷\n│ Warning: another\n╵\n", "the rest\n╷\n│ Warning: another\n╵\n"},
		"none":    {"the rest\n", "the rest\n"},
		"no end":  {"Warning: Provider development overrides are in effect\n", "Warning: Provider development overrides are in effect\n"},
		"nothing": {"", ""},
	} {
		if got := withoutOverrideWarning(c.out); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := fromPlan("a list\nPlan: 1 to add\nrest"); got != "Plan: 1 to add\nrest" {
		t.Errorf("from plan: got %q", got)
	}
}
