package host

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A script that was cut anywhere does nothing, in any shell at hand.
func TestFault45CutScriptRunsNothing(t *testing.T) {
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

const awkward = `printf '%s|' "it's" 'a\b\\c' "!bang!" '100%' '$HOME' "tab	end" 'ünï' '#no' "\\n"; echo "x\ty" | tr a-z A-Z; printf '%b' '\0101'; exit 7`

func TestFault50LoginShells(t *testing.T) {
	key, public := newKey(t)
	sh := serve(t, public, nil)
	want := run(t, acquire(t, brisk(t), sh.spec(key, nil)), Script{Text: awkward + "\n# more"})
	for _, name := range []string{"sh", "bash", "dash", "zsh", "ksh", "mksh", "tcsh", "csh", "fish", "busybox"} {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil {
				if os.Getenv("REQUIRE_SHELLS") == "1" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			s := serve(t, public, func(s *server) {
				s.shell = []string{path, "-c"}
				if name == "busybox" {
					s.shell = []string{path, "sh", "-c"}
				}
			})
			s.env = []string{"PATH=" + fakeSudo(t) + ":" + os.Getenv("PATH")}
			direct := acquire(t, brisk(t), s.spec(key, nil))
			sudo := acquire(t, brisk(t), s.spec(key, func(l *Settings) { l.User, l.Sudo = ptr("admin"), ptr(true) }))
			for _, text := range []string{awkward, awkward + "\n# more"} {
				for _, h := range []Host{direct, sudo} {
					if r := run(t, h, Script{Name: "awkward", Text: text, Root: true}); r != want || r.Exit != 7 {
						t.Errorf("want %+v, have %+v", want, r)
					}
				}
			}
		})
	}
}

// fakeSudo is a directory with a sudo that becomes nobody else.
func fakeSudo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "sudo"), "#!/bin/sh\nwhile test \"$1\" != --; do shift; done; shift; exec \"$@\"\n")
	return dir
}

func writeProgram(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestFault49NoiseIsNotOutput(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.shell = []string{"sh", "-c", `echo "welcome to $0"; printf "no newline" >&2; sleep 0.3; eval "$1"`, "corp"}
	})
	h := acquire(t, brisk(t), s.spec(key, nil))
	for _, text := range []string{"echo out; echo err >&2", "echo out\necho err >&2"} {
		if r := run(t, h, Script{Text: text}); r != (Result{Stdout: "out\n", Stderr: "err\n"}) {
			t.Errorf("have %+v", r)
		}
	}
}

func TestFault50AccountWithoutLogin(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.shell = []string{"sh", "-c", "echo This account is currently not available.; exit 1"}
	})
	h := acquire(t, brisk(t), s.spec(key, nil))
	for _, text := range []string{"true", "true\ntrue"} {
		e, _ := runError(t, h, Script{Name: "gather", Text: text})
		if e.Kind != LoginShell || e.MayHaveRun || !strings.Contains(e.Error(), "not available") {
			t.Errorf("have %v: %v", e.Kind, e)
		}
	}
}

func TestFault52Outputs(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	h := acquire(t, brisk(t), s.spec(key, nil))
	if r := run(t, h, Script{Text: `printf 'a\0b\377'`}); r.Stdout != "a\x00b\xff" {
		t.Errorf("have %q", r.Stdout)
	}
	// The frame's own lines are cut off after the end was kept, so it is a little less.
	if r := run(t, h, Script{Text: "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2; echo last >&2"}); len(r.Stdout) != 3000000 ||
		len(r.Stderr) < stderrLimit-2<<10 || len(r.Stderr) > 2*stderrLimit || !strings.HasSuffix(r.Stderr, "last\n") {
		t.Errorf("have %d and %d bytes", len(r.Stdout), len(r.Stderr))
	}
	e, _ := runError(t, h, Script{Name: "flood", Text: "head -c 9000000 /dev/zero"})
	if e.Kind != Output {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// A process that the script leaves behind holds the outputs open; nobody waits
// for it.
func TestChildLeftBehind(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	h := acquire(t, brisk(t), serve(t, public, nil).spec(key, nil))
	began := time.Now()
	if r := run(t, h, Script{Text: "sleep 20 & echo started"}); r.Stdout != "started\n" || time.Since(began) > 10*time.Second {
		t.Errorf("have %+v after %v", r, time.Since(began))
	}
}

func TestSyntaxErrorIsReported(t *testing.T) {
	key, public := newKey(t)
	h := acquire(t, brisk(t), serve(t, public, nil).spec(key, nil))
	for _, text := range []string{"if", "if\nthen"} {
		e, _ := runError(t, h, Script{Name: "broken", Text: text})
		if e.Kind != LoginShell || !strings.Contains(strings.ToLower(e.Error()), "syntax error") {
			t.Errorf("have %v: %v", e.Kind, e)
		}
	}
}

func TestRootIsNeededButNotThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "id"), []byte("#!/bin/sh\necho 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := prepare(Script{Text: "touch ran", Root: true}, account{line: lineLimit})
	p.argv[2] = strings.Replace(p.argv[2], "eval", "PATH="+dir+"; eval", 1)
	line := strings.ReplaceAll(shellLine(p.argv), "PATH="+searchPath, "PATH="+dir+":/usr/bin:/bin")
	d := newDrive(p)
	out := exec.Command("sh", "-c", line)
	out.Dir, out.Stdout, out.Stderr = dir, &d.out, &d.errs
	_ = out.Run() // its status is judged below
	_, e := d.judge(endingOf(out.ProcessState), nil)
	if e == nil || e.Kind != Escalation || e.MayHaveRun || !strings.Contains(e.Err.Error(), "this account is not root") {
		t.Errorf("have %v", e)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the script ran")
	}
}

// What octal hides from login shells, printf brings back, and the line needs
// nothing but single quotes.
func FuzzOctal(f *testing.F) {
	f.Add(awkward)
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

// However output is cut into pieces, a mark is seen.
func FuzzCapture(f *testing.F) {
	f.Add([]byte("abc mark def"), uint8(3))
	f.Fuzz(func(t *testing.T, noise []byte, piece uint8) {
		text := append(bytes.ReplaceAll(noise, []byte("mark"), nil), "mark"...)
		c := capture{limit: 64}
		first, second := c.await("mark")
		for part := range chunks(text, int(piece)+1) {
			_, _ = c.Write(part)
		}
		if !closed(first) || closed(second) {
			t.Errorf("first %v, second %v in %q", closed(first), closed(second), text)
		}
	})
}

func chunks(b []byte, n int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			k := min(n, len(b))
			if !yield(b[:k]) {
				return
			}
			b = b[k:]
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
