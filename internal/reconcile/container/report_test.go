package container

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const reportText = `@now 1795788861
@refused docker Error response from daemon: No such container: coolify
@engine podman
@container ` + id + ` 42 "2026-08-01T10:00:00.5Z" "0001-01-01T00:00:00Z" "running" "coollabsio/coolify:4.3.8"
@uptime 1000.50
@socket 600 9999 1795788800 mux_a
@socket 600 9999 1795788801 mux_b
@lost mux_c
@listener 1 43 9999 100 ssh
@listener 3 44 9999 50050 ssh) x
@env
@machine 0123456789abcdef0123456789abcdef
@changed 1795788000
@before aa  -
@text 9
SSH_A=xxx

@after aa  -
@end
`

func readText(text string) (seen, error) { return parse(reconcile.Target{}, "coolify", text) }

// TestReportWithLies reads a report as it is, so that the fuzz target begins with what is
// valid, and then with lies in every section.
func TestReportWithLies(t *testing.T) {
	t.Parallel()
	s, err := readText(reportText)
	if err != nil {
		t.Fatal(err)
	}
	in := s.Facts
	sockets, orphans, why := in.Shared()
	if c := in.Container; c.Created != 1785578400 || c.Started != 0 || in.Engine != "podman" || in.NoContainer != "" || in.Changed != 1795788000 || string(in.Text) != "SSH_A=xxx" {
		t.Errorf("%+v %+v", in, c)
	}
	if why != "" || len(sockets) != 2 || sockets[0].Master.PID != 43 || sockets[0].Master.Age != 999 || sockets[1].Master != nil || len(orphans) != 0 {
		t.Errorf("%+v %+v %s", sockets, orphans, why)
	}
	shelltest.CheckLies(t, reportText, readError)
}

func readError(text string) error {
	s, err := readText(text)
	if err == nil {
		s.Facts.Shared()
		s.Facts.Advice()
	}
	return err
}

func FuzzContainerReport(f *testing.F) { shelltest.Fuzz(f, reportText, readError) }

// TestScriptInShells: every shell runs the script to its end and says the same.
func TestScriptInShells(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, []byte("APP_KEY="+secret+"\nSSH_MAX_RETRIES=2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := gatherScript(reconcile.Target{File: file}, "it's none")
	if strings.Contains(script, "\n") {
		t.Fatal("a script of more than one line")
	}
	for _, sh := range shelltest.Shells(t) {
		out, err := exec.CommandContext(t.Context(), sh[0], append(sh[1:], "-c", script)...).Output()
		if err != nil {
			t.Fatal(sh, err)
		}
		s, err := parse(reconcile.Target{File: file}, "", string(out))
		if err != nil || s.Facts.Now == 0 || s.Facts.Changed == 0 || !strings.Contains(string(s.Facts.Text), "SSH_MAX_RETRIES=2") || strings.Contains(string(out), secret) {
			t.Errorf("%s: %v\n%s", sh, err, out)
		}
	}
}
