package exec

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// A script that was cut anywhere does nothing, in any shell at hand.
//
// Fault 45.
func TestCutScriptRunsNothing(t *testing.T) {
	t.Parallel()
	text := "touch ran\ncat >file <<'END'\none\ntwo\nEND\nif true; then\n  touch also\nfi\n: }\n: )"
	for _, shell := range shells(t) {
		script := stdinScript(text, newMarks(), false)
		for at := 0; at < len(script)-len(" </dev/null\n"); at += 3 {
			dir := t.TempDir()
			cmd := exec.Command(shell[0], append(shell[1:], "-s")...)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(script[:at])
			_ = cmd.Run() // a syntax error is what we hope for
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Fatalf("%v cut after %q left %v, %v", shell, script[max(0, at-20):at], left, err)
			}
		}
	}
}

// shells are the POSIX shells of this machine.
func shells(t *testing.T) [][]string {
	t.Helper()
	var found [][]string
	for _, name := range []string{"sh", "dash", "bash", "ksh", "mksh", "busybox"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		shell := []string{path}
		if name == "busybox" {
			shell = append(shell, "sh")
		}
		found = append(found, shell)
	}
	return found
}

func TestRootIsNeededButNotThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "id"), []byte("#!/bin/sh\necho 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := prepare(host.Script{Text: "touch ran", Root: true}, account{line: LineLimit})
	p.argv[2] = strings.Replace(p.argv[2], "eval", "PATH="+dir+"; eval", 1)
	line := strings.ReplaceAll(shellLine(p.argv), "PATH="+searchPath, "PATH="+dir+":/usr/bin:/bin")
	d := newExecution(p)
	out := exec.Command("sh", "-c", line)
	out.Dir, out.Stdout, out.Stderr = dir, &d.out, &d.errs
	_ = out.Run() // its status is judged below
	_, e := d.judge(process.ExitOf(out.ProcessState), nil)
	if e == nil || e.Kind != host.Escalation || e.MayHaveRun || !strings.Contains(e.Err.Error(), "this account is not root") {
		t.Errorf("have %v", e)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the script ran")
	}
}

// What octal hides from login shells, printf brings back, and the line needs
// nothing but single quotes.
func FuzzOctal(f *testing.F) {
	f.Add(oddText)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) || len(text) > 4000 {
			t.Skip("no argument can hold it")
		}
		line := octal(text + ".")
		if strings.ContainsAny(line, "'!\n\r") || strings.Contains(line, `\\`) {
			t.Fatalf("%q", line)
		}
		out, err := exec.Command("sh", "-c", `printf %b "$1"`, "sh", line).Output()
		if err != nil || string(out) != text+"." {
			t.Errorf("want %q, have %q, %v", text+".", out, err)
		}
	})
}

// oddText has what login shells give a meaning.
const oddText = `it's 'a\b\\c' "!bang!" '100%' '$HOME' 'ünï' '#no' "\\n"; echo "x\ty"`
