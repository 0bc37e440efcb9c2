package sockets

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// answering listens at path and gives everybody this answer, or hangs up if there is
// none.
func answering(t *testing.T, path, answer string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if answer != "" {
				_, _ = c.Write([]byte(answer))
				_ = c.SetReadDeadline(time.Now().Add(4 * time.Second))
				_, _ = io.Copy(io.Discard, c)
			}
			_ = c.Close()
		}
	}()
}

// stale leaves a socket at which nobody listens.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	_ = l.Close()
}

// TestControlScriptInShells: every shell lists the same, with and without timeout,
// more than one batch of it, and names that shells and ssh take apart.
func TestControlScriptInShells(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssh"); err != nil {
		if os.Getenv("REQUIRE_SHELLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	answering(t, filepath.Join(dir, "http"), "HTTP/1.1 400 Bad Request\r\n\r\n")
	answering(t, filepath.Join(dir, "mute"), "")
	names := []string{"a b", "%h-%p", "it's", "$HOME", ".hidden", "-o x", "new\nline", "$(touch ran)", "`touch ran`", "';touch ran;'", "\";touch ran;\"", "@end"}
	for i := range 15 {
		names = append(names, "s"+string(rune('a'+i)))
	}
	for _, name := range names {
		stale(t, filepath.Join(dir, name))
	}
	inShells(t, func(t *testing.T, name string, run func(script string) string) {
		script := gatherScript(reconcile.Target{File: dir})
		if name == "dash" {
			script = strings.Replace(script, "command -v timeout", "false", 1)
		}
		if strings.Contains(script, "\n") {
			t.Fatal("a script of more than one line")
		}
		out := run(script)
		r := report{Report: shell.NewReport(out, nil)}
		if err := r.Read(r.section); err != nil || !r.Ended || r.checked != len(names)+1 || r.seen.Facts.Unnamed != 1 {
			t.Fatalf("%v, %+v in %s", err, r, out)
		}
		for _, c := range r.checks {
			s, want := sshclient.ClassifySocket(c), sshclient.Stale
			switch filepath.Base(c.Path) {
			case "http":
				want = sshclient.NotSSH
			case "mute":
				want = sshclient.Unclear
			}
			if s.State != want || !s.There || s.Age < 0 || s.Owner == "" || !strings.Contains(s.File, ":") {
				t.Errorf("have %+v, want %s", s, want)
			}
		}
	})
}

// inShells calls f for each shell that a host may have, with what runs a script there
// in a directory of its own, in which nothing may be made.
func inShells(t *testing.T, f func(t *testing.T, name string, run func(script string) string)) {
	t.Helper()
	for _, name := range []string{"sh", "dash", "bash", "mksh", "busybox", "zsh"} {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil {
				if os.Getenv("REQUIRE_SHELLS") == "1" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			args := map[string][]string{"busybox": {"sh"}, "zsh": {"--emulate", "sh"}}[name]
			f(t, name, func(script string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), path, append(args, "-c", script)...)
				cmd.Dir = t.TempDir()
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				if list, _ := os.ReadDir(cmd.Dir); len(list) > 0 {
					t.Errorf("the name of a socket ran: %v", list)
				}
				return string(out)
			})
		})
	}
}

// TestPruneScriptInShells removes what is dead, whatever its name, and nothing that has
// taken the name over, not even in the middle of the removal.
func TestPruneScriptInShells(t *testing.T) {
	t.Parallel()
	inShells(t, func(t *testing.T, _ string, run func(script string) string) {
		dir := t.TempDir()
		var dead []sshclient.ControlSocket
		names := []string{"a b ", "%h-%p", "it's", "$HOME", ".hidden", "-o x", "$(touch ran)", "`touch ran`", "';touch ran;'", "back\\slash", "@end"}
		for _, name := range names {
			stale(t, filepath.Join(dir, name))
			dead = append(dead, socketAt(t, filepath.Join(dir, name)))
		}
		for _, name := range []string{"renewed", "gone", "link"} {
			stale(t, filepath.Join(dir, name))
			dead = append(dead, socketAt(t, filepath.Join(dir, name)))
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second) // a file made now has another time
		answering(t, filepath.Join(dir, "renewed"), "")
		if err := os.Symlink("renewed", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		s, err := parsePruned(reconcile.Target{}, dead, run(pruneScript(dead)))
		if err != nil || len(s.Facts) != len(dead) {
			t.Fatalf("%v, %+v", err, s.Facts)
		}
		kept := map[string]string{"renewed": "another socket has its name", "gone": "it is gone", "link": "it is a link"}
		for _, p := range s.Facts {
			if why := kept[filepath.Base(p.Path)]; p.Why != why || p.Removed != (why == "") {
				t.Errorf("%+v, not %q", p, why)
			}
		}
		left := []string{}
		list, _ := os.ReadDir(dir)
		for _, e := range list {
			left = append(left, e.Name())
		}
		if strings.Join(left, " ") != "link renewed" {
			t.Errorf("left are %q", left)
		}
	})
}

// TestPruneGivesANameBack where a master takes it over between the last check and the
// removal: mv, the program that is then called, has it happen.
func TestPruneGivesANameBack(t *testing.T) {
	t.Parallel()
	dir, bin := t.TempDir(), t.TempDir()
	stale(t, filepath.Join(dir, "cm"))
	dead := []sshclient.ControlSocket{socketAt(t, filepath.Join(dir, "cm"))}
	time.Sleep(time.Second)
	answering(t, filepath.Join(dir, "next"), "")
	mv := "#!/bin/sh\n/bin/mv -f " + filepath.Join(dir, "next") + " \"$1\"\nexec /bin/mv \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "mv"), []byte(mv), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", pruneScript(dead))
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	s, err := parsePruned(reconcile.Target{}, dead, string(out))
	if err != nil || s.Facts[0].Removed || s.Facts[0].Why != "another socket has its name" {
		t.Errorf("%v, %+v", err, s.Facts)
	}
	if c, err := net.Dial("unix", filepath.Join(dir, "cm")); err != nil {
		t.Errorf("the new master has lost its socket: %v", err)
	} else {
		_ = c.Close()
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("left are %v", list)
	}
}

func socketAt(t *testing.T, path string) sshclient.ControlSocket {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "stat", "-c", "%d:%i:%Y", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return sshclient.ControlSocket{SocketCheck: sshclient.SocketCheck{Path: path, There: true, Age: 1, File: strings.TrimSpace(string(out))}, State: sshclient.Stale}
}
