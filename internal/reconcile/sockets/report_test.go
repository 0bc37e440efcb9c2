package sockets

import (
	"slices"
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
@stat 600 1000 1699999000 joe
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
