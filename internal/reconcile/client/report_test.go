package client

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const reportText = `@user 1000 joe
@home /home/joe
@os Linux
@ssh /usr/bin/ssh
@version OpenSSH_9.2p1 Debian-2, OpenSSL 3.0
@managed /home/joe/.ssh/config
@file /home/joe/.ssh/config
@sizes
17 /home/joe/.ssh/config
@bytes
Host *
# comment

@main /home/joe/.ssh/config
@system /etc/ssh/ssh_config
@dump 0 sshkeepalive.invalid
hostname x
@canon 0 sshkeepalive.invalid
hostname x
@attr 600 1000 /home/joe/.ssh/config
@machine 0123456789abcdef0123456789abcdef
@end
`

func readText(text string) (seen, error) {
	return parse(reconcile.Target{File: "~/.ssh/config", User: "joe"}, sshclient.Want{}, text)
}

// TestReportWithLies reads a report as it is, so that the fuzz target begins with what is valid, and
// then with lies in every section.
func TestReportWithLies(t *testing.T) {
	if s, err := readText(reportText); err != nil || s.Facts.UID != 1000 {
		t.Errorf("%+v: %v", s, err)
	}
	shelltest.CheckLies(t, reportText, readError)
}

func readError(text string) error {
	_, err := readText(text)
	return err
}

func FuzzClientReport(f *testing.F) { shelltest.Fuzz(f, reportText, readError) }
