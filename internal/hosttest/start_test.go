//go:build linux

package hosttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSkipOrFail runs a test of this package as a user who is not root: a skip
// that says why, and a failure where REQUIRE_SSHD=1 is set.
func TestSkipOrFail(t *testing.T) {
	NeedsSSHD(t)
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "hosttest.test")
	if out, err := exec.Command("install", "-m", "755", os.Args[0], binary).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct{ env, want string }{
		{"REQUIRE_SSHD=", "--- SKIP: TestStop"},
		{"REQUIRE_SSHD=1", "--- FAIL: TestStop"},
	} {
		cmd := exec.Command(binary, "-test.v", "-test.run=^TestStop$")
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), c.env)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if failed := err != nil; failed != (c.env == "REQUIRE_SSHD=1") {
			t.Errorf("%s: got %v", c.env, err)
		}
		if got := string(out); !strings.Contains(got, c.want) || !strings.Contains(got, "need root") {
			t.Errorf("%s: got %s, want %s and the reason", c.env, got, c.want)
		}
	}
}

func TestEngine(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("TF_ACC_TERRAFORM_PATH", "")
	if got, err := Engine(); err == nil || !strings.Contains(err.Error(), "opentofu.org") {
		t.Errorf("without an engine: got %q, %v, want how to get one", got, err)
	}
	for _, name := range []string{"tofu", "terraform", "other"} {
		want := filepath.Join(dir, name)
		if err := os.WriteFile(want, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if name == "other" {
			t.Setenv("TF_ACC_TERRAFORM_PATH", want)
		}
		if got, err := Engine(); got != want || err != nil {
			t.Errorf("with %s: got %q, %v", name, got, err)
		}
	}
}
