package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestSmallBenchmark measures two hosts once, and one with Ansible where that is
// installed.
func TestSmallBenchmark(t *testing.T) {
	hosttest.NeedsSSHD(t)
	hosttest.NeedsEngine(t)
	who := strings.Join([]string{ours, nothing, raw, openSSH}, ",")
	page := filepath.Join(t.TempDir(), "page.md")
	var progress bytes.Buffer
	err := benchmark(t.Context(), []string{"-hosts", "2", "-rtt", "0s,10ms", "-rounds", "1", "-contenders", who, "-o", page}, nil, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	near, far, _ := strings.Cut(string(text), "## 2 hosts, 10 ms away")
	for _, table := range []string{near, far} {
		for line, connections := range map[string]string{
			"| sshkeepalive | plan, nothing there | 2 ":  "2",
			"| sshkeepalive | apply of that plan | 2 ":   "4",
			"| sshkeepalive | plan, no change | 2 ":      "2",
			"| no-op | plan, no change | 2 ":             "0",
			"| no-op, lean | plan, no change | 2 ":       "0",
			"| x/crypto | handshake, the same read | 1 ": "2",
			"| x/crypto | handshake, `true` | 2 ":        "2",
			"| ssh | `sshd -T` | 1 ":                     "2",
		} {
			if got := cell(table, line, 7); got != connections {
				t.Errorf("%s has %s connections, and not %s, in\n%s", line, got, connections, table)
			}
		}
	}
	if got := cell(far, "| x/crypto | handshake, `true` | 2 ", 8); got == "" || got == "–" {
		t.Errorf("no round trips were counted in\n%s", far)
	}
	if _, err := exec.LookPath("ansible-playbook"); err == nil {
		t.Run("Ansible", measureAnsible)
	}
}

// measureAnsible measures one host with Ansible alone.
func measureAnsible(t *testing.T) {
	var page, progress bytes.Buffer
	err := benchmark(t.Context(), []string{"-hosts", "1", "-rtt", "0s", "-rounds", "1", "-contenders", ansible}, &page, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	if got := cell(page.String(), "| Ansible | run, no change, defaults | 5 ", 7); got != "1" {
		t.Errorf("it has %s connections in\n%s", got, page.String())
	}
}

// TestBenchmarkAgainstBase compares this provider with the one of the last commit.
func TestBenchmarkAgainstBase(t *testing.T) {
	hosttest.NeedsSSHD(t)
	hosttest.NeedsEngine(t)
	if out, err := exec.Command("git", "rev-parse", "HEAD").CombinedOutput(); err != nil {
		t.Skipf("this is not a git checkout: %s", out)
	}
	var page, progress bytes.Buffer
	err := benchmark(t.Context(), []string{"-base", "HEAD", "-hosts", "1", "-rtt", "0s", "-rounds", "2"}, &page, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	for line, connections := range map[string]string{
		"| sshkeepalive | plan, no change | 1 ": "1",
		"| base | plan, no change | 1 ":         "1",
	} {
		if got := cell(page.String(), line, 7); got != connections {
			t.Errorf("%s has %s connections, and not %s, in\n%s", line, got, connections, page.String())
		}
	}
	if got := cell(page.String(), "| 1 | 0 ms | ", 7); got != "2" {
		t.Errorf("the ratios are not of two runs, but of %q, in\n%s", got, page.String())
	}
}

// TestBaseThatDoesNotExist names the commit.
func TestBaseThatDoesNotExist(t *testing.T) {
	err := buildBase(t.Context(), "no-such-commit", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "-base no-such-commit") {
		t.Errorf("the error is %v", err)
	}
}

// cell is one of the line of a table that begins with some words; "" if there is
// no such line.
func cell(page, begin string, n int) string {
	_, rest, ok := strings.Cut(page, "\n"+begin)
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(begin+rest, "\n")
	return strings.TrimSpace(strings.Split(line, "|")[n])
}
