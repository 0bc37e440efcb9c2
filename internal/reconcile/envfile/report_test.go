package envfile

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const reportText = `@machine 0123456789abcdef0123456789abcdef
@before aa  -
@text 9
SSH_A=xxx

@after aa  -
@end
`

func readText(text string) (seen, error) { return parse(reconcile.Target{}, coolify.Want{}, text) }

// TestReportWithLies reads a report as it is, so that the fuzz target begins with what is valid, and
// then with lies in every section.
func TestReportWithLies(t *testing.T) {
	if s, err := readText(reportText); err != nil || string(s.Facts.Text) != "SSH_A=xxx" {
		t.Errorf("%+v: %v", s, err)
	}
	shelltest.CheckLies(t, reportText, readError)
}

func readError(text string) error {
	_, err := readText(text)
	return err
}

func FuzzCoolifyReport(f *testing.F) { shelltest.Fuzz(f, reportText, readError) }
