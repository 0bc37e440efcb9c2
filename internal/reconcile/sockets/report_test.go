package sockets

import (
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const reportText = `@user 1000 joe
@home /home/joe
@socket /tmp/a
@now 1700000000
@check 0
@stat 600 1000 1699999000 66:77 joe
@said Master running (pid=77)
@uptime 1000.50
@listener 1 78 1000 50 ssh) x
@for user bob
@for hostname web1.example.com
@for port 2222
@for controlpath /tmp/a
@for name web1
@for user bob
@for hostname x
@for port 22
@for name x
@machine 0123456789abcdef0123456789abcdef
@end
`

func readText(text string) (seen, error) { return parse(reconcile.Target{}, struct{}{}, text) }

// TestReportWithLies reads a report as it is, so that the fuzz target begins with what is valid, and
// then with lies in every section.
func TestReportWithLies(t *testing.T) {
	s, err := readText(reportText)
	if list := s.Facts.Sockets; err != nil || len(list) != 1 || list[0].PID != 77 || list[0].Age != 1000 ||
		*list[0].Listener != (sshclient.Listener{PID: 78, UID: 1000, Program: "ssh) x", Age: 1000}) || !slices.Equal(list[0].Targets, []sshclient.Destination{{Name: "web1", User: "bob", HostName: "web1.example.com", Port: "2222"}}) {
		t.Errorf("%+v: %v", list, err)
	}
	shelltest.CheckLies(t, reportText, readError)
}

func readError(text string) error {
	_, err := readText(text)
	return err
}

func FuzzControlReport(f *testing.F) { shelltest.Fuzz(f, reportText, readError) }

const prunedText = "@machine 0123456789abcdef0123456789abcdef\n@socket /tmp/a\n@removed\n@socket /tmp/b\n@kept it is gone\n@end\n"

func readPruned(text string) (pruned, error) {
	return parsePruned(reconcile.Target{}, []sshclient.ControlSocket{{SocketCheck: sshclient.SocketCheck{Path: "/tmp/a"}}, {SocketCheck: sshclient.SocketCheck{Path: "/tmp/b"}}}, text)
}

// TestReportOfRemovalsWithLies: it tells of each socket that was asked for, and of no other.
func TestReportOfRemovalsWithLies(t *testing.T) {
	s, err := readPruned(prunedText)
	if err != nil || len(s.Facts) != 2 || !s.Facts[0].Removed || s.Facts[1].Removed || s.Facts[1].Why != "it is gone" {
		t.Errorf("%+v, %v", s.Facts, err)
	}
	for _, lie := range []string{
		strings.Replace(prunedText, "/tmp/a", "/tmp/c", 1), strings.Replace(prunedText, "@removed\n", "", 1), strings.Replace(prunedText, "@socket /tmp/b\n", "", 1), strings.Replace(prunedText, "@end\n", "", 1),
	} {
		if s, err := readPruned(lie); err == nil {
			t.Errorf("%q is believed: %+v", lie, s.Facts)
		}
	}
	shelltest.CheckLies(t, prunedText, prunedError)
}

func prunedError(text string) error {
	_, err := readPruned(text)
	return err
}

func FuzzPruneReport(f *testing.F) { shelltest.Fuzz(f, prunedText, prunedError) }
