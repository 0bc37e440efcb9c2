package system

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const reportText = `@machine 0123456789abcdef0123456789abcdef
@value net.ipv4.tcp_retries2 15
@lacks net.ipv4.tcp_keepalive_time it is not there
@init systemd
@bus b true
@bus as 2 "root" "deploy"
@bus as 0
@sysctl /etc/sysctl.d/a.conf
@logind /etc/systemd/logind.conf
@there /etc/sysctl.d
@file /etc/sysctl.d/a.conf
@sizes
2 /etc/sysctl.d/a.conf
@bytes
x

@end
`

func readText(text string) (seen, error) { return parse(reconcile.Target{}, system.Want{}, text) }

func readError(text string) error {
	_, err := readText(text)
	return err
}

// TestReportWithLies reads a report as it is, so that the fuzz target begins with what is
// valid, and then with lies in every section.
func TestReportWithLies(t *testing.T) {
	s, err := readText(reportText)
	if f := s.Facts; err != nil || f.Values["net.ipv4.tcp_retries2"] != "15" || f.Values["KillUserProcesses"] != "yes" || f.Values["KillExcludeUsers"] != "deploy root" ||
		f.Values["KillOnlyUsers"] != "" || string(f.Files["/etc/sysctl.d/a.conf"]) != "x\n" || f.Lacks["net.ipv4.tcp_keepalive_time"] != "it is not there" {
		t.Errorf("%+v: %v", s, err)
	}
	shelltest.CheckLies(t, reportText, readError)
}

func FuzzSystemReport(f *testing.F) { shelltest.Fuzz(f, reportText, readError) }

// TestLogindDoesNotAnswer: what busctl says instead is the reason.
func TestLogindDoesNotAnswer(t *testing.T) {
	for _, text := range []string{"@init systemd\n@bus Failed to get property: unknown\n@end\n", "@init systemd\n@end\n", "@init systemd\n@bus b true\n@end\n"} {
		if s, err := readText(text); err != nil || s.Facts.Lacks["logind"] == "" {
			t.Errorf("%q: %+v, %v", text, s.Facts, err)
		}
	}
}

func scripted(t reconcile.Target) host.Script { return script(t, system.Want{}) }
