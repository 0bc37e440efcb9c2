package pool

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

const awkward = `printf '%s|' "it's" 'a\b\\c' "!bang!" '100%' '$HOME' "tab	end" 'ünï' '#no' "\\n"; echo "x\ty" | tr a-z A-Z; printf '%b' '\0101'; exit 7`

// Fault 50.
func TestLoginShells(t *testing.T) {
	key, public := newKey(t)
	sh := serve(t, public, nil)
	want := run(t, acquire(t, brisk(t), sh.spec(key, nil)), host.Script{Text: awkward + "\n# more"})
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
			sudo := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.User, l.Sudo = sshtest.Ptr("admin"), sshtest.Ptr(true) }))
			for _, text := range []string{awkward, awkward + "\n# more"} {
				for _, h := range []host.Host{direct, sudo} {
					if r := run(t, h, host.Script{Name: "awkward", Text: text, Root: true}); r != want || r.Exit != 7 {
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

// Fault 49.
func TestNoiseIsNotOutput(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.shell = []string{"sh", "-c", `echo "welcome to $0"; printf "no newline" >&2; sleep 0.3; eval "$1"`, "corp"}
	})
	h := acquire(t, brisk(t), s.spec(key, nil))
	for _, text := range []string{"echo out; echo err >&2", "echo out\necho err >&2"} {
		if r := run(t, h, host.Script{Text: text}); r != (host.Result{Stdout: "out\n", Stderr: "err\n"}) {
			t.Errorf("have %+v", r)
		}
	}
}

// Fault 50.
func TestAccountWithoutLogin(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.shell = []string{"sh", "-c", "echo This account is currently not available.; exit 1"}
	})
	h := acquire(t, brisk(t), s.spec(key, nil))
	for _, text := range []string{"true", "true\ntrue"} {
		e, _ := runError(t, h, host.Script{Name: "gather", Text: text})
		if e.Kind != host.LoginShell || e.MayHaveRun || !strings.Contains(e.Error(), "not available") {
			t.Errorf("have %v: %v", e.Kind, e)
		}
	}
}

// Fault 52.
func TestScriptOutputs(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	h := acquire(t, brisk(t), s.spec(key, nil))
	if r := run(t, h, host.Script{Text: `printf 'a\0b\377'`}); r.Stdout != "a\x00b\xff" {
		t.Errorf("have %q", r.Stdout)
	}
	// The frame's own lines are cut off after the end was kept, so it is a little less.
	if r := run(t, h, host.Script{Text: "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2; echo last >&2"}); len(r.Stdout) != 3000000 ||
		len(r.Stderr) < 62<<10 || len(r.Stderr) > 128<<10 || !strings.HasSuffix(r.Stderr, "last\n") {
		t.Errorf("have %d and %d bytes", len(r.Stdout), len(r.Stderr))
	}
	e, _ := runError(t, h, host.Script{Name: "flood", Text: "head -c 9000000 /dev/zero"})
	if e.Kind != host.Output {
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
	if r := run(t, h, host.Script{Text: "sleep 20 & echo started"}); r.Stdout != "started\n" || time.Since(began) > 10*time.Second {
		t.Errorf("have %+v after %v", r, time.Since(began))
	}
}

func TestSyntaxErrorIsReported(t *testing.T) {
	key, public := newKey(t)
	h := acquire(t, brisk(t), serve(t, public, nil).spec(key, nil))
	for _, text := range []string{"if", "if\nthen"} {
		e, _ := runError(t, h, host.Script{Name: "broken", Text: text})
		if e.Kind != host.LoginShell || !strings.Contains(strings.ToLower(e.Error()), "syntax error") {
			t.Errorf("have %v: %v", e.Kind, e)
		}
	}
}
