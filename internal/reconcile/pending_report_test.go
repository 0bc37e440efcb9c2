package reconcile

import (
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const pendingText = "@pending a1 armed 1000 boot 1060 boot 60 systemd\n@pending a2 rolling 1000 boot\n@end\n"

func readPendingText(text string) error {
	_, err := parsePending(text, nil)
	return err
}

func TestPendingReportWithLies(t *testing.T) {
	if list, err := parsePending(pendingText, nil); err != nil || len(list) != 2 || list[0].Left != time.Minute || !list[1].Rolling {
		t.Errorf("%+v: %v", list, err)
	}
	shelltest.CheckLies(t, pendingText, readPendingText)
}

func FuzzPendingReport(f *testing.F) { shelltest.Fuzz(f, pendingText, readPendingText) }
