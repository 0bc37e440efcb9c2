package diagnostics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestUnknownDaemonHasAWayOut: a daemon that is not known ends the plan, and the user
// is told what the host showed and which attribute helps, if one does.
func TestUnknownDaemonHasAWayOut(t *testing.T) {
	for reason, remedy := range map[reconcile.Reason]string{
		reconcile.NoSession: "config_file", reconcile.NoListener: "config_file", reconcile.CutTitle: "config_file", reconcile.TwoReadings: "config_file",
		reconcile.NoMain: "config_file", reconcile.NoFile: "absolute path", reconcile.NoProgram: "restart sshd", reconcile.OtherRoot: "sessions", reconcile.NotTold: "sshd -T",
	} {
		err := &reconcile.Error{Host: "web1", Step: "gather", Outcome: reconcile.Unchanged, Err: &reconcile.NoDaemonError{Reason: reason, Detail: "/srv/what was shown"}}
		diags := Failures("web1", "plan", fmt.Errorf("look: %w", err))
		if len(diags) != 1 {
			t.Fatalf("%s: %v", reason, diags)
		}
		if s := diags[0].Summary(); !strings.HasPrefix(s, "web1: ") || !strings.HasSuffix(s, "(nothing was changed)") {
			t.Errorf("%s: summary %q", reason, s)
		}
		if d := diags[0].Detail(); !strings.Contains(d, "/srv/what was shown") || !strings.Contains(d, remedy) {
			t.Errorf("%s: detail %q", reason, d)
		}
	}
}
