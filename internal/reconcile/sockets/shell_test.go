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
			script := gatherScript(reconcile.Target{File: dir})
			if name == "dash" {
				script = strings.Replace(script, "command -v timeout", "false", 1)
			}
			if strings.Contains(script, "\n") {
				t.Fatal("a script of more than one line")
			}
			cmd := exec.CommandContext(t.Context(), path, append(args, "-c", script)...)
			cmd.Dir = t.TempDir()
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if list, _ := os.ReadDir(cmd.Dir); len(list) > 0 {
				t.Errorf("the name of a socket ran: %v", list)
			}
			r := report{Report: shell.NewReport(string(out))}
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
				if s.State != want || !s.There || s.Age < 0 || s.Owner == "" {
					t.Errorf("have %+v, want %s", s, want)
				}
			}
		})
	}
}
