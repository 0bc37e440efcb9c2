package diagnostics

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestExposedAdvice: the last sentence about a directory of another account is what to
// do there.
func TestExposedAdvice(t *testing.T) {
	for last, e := range map[string]reconcile.ExposedError{
		"Give the path of the file itself, without the link.":                          {Path: "/data/coolify/source/.env", Link: true, Dir: "/data/coolify", UID: "9999", Owner: "9999", Mode: "drwx------"},
		"Take the right to write there from other accounts: `chmod go-w /srv/shared`.": {Path: "/srv/shared/config", Dir: "/srv/shared", UID: "0", Owner: "root", Mode: "drwxrwxrwt"},
		"in a directory of root's: `chown root /home/bob` and `chmod go-w /home/bob`.": {Path: "/home/bob/.ssh/config", Dir: "/home/bob", UID: "1000", Owner: "bob", Mode: "drwxr-xr-x"},
		"chown root /var/lib/sshkeepalive` and `chmod go-w /var/lib/sshkeepalive`.":    {Path: "/var/lib/sshkeepalive", Dir: "/var/lib/sshkeepalive", UID: "1000", Owner: "bob", Mode: "drwxr-xr-x"},
	} {
		diags := Failures("web1", "apply", &reconcile.Error{Host: "web1", Step: "compare", Outcome: reconcile.Unchanged, Err: &e})
		if len(diags) != 1 || !strings.HasSuffix(diags[0].Detail(), last) || !strings.Contains(diags[0].Detail(), e.Mode) || !strings.Contains(diags[0].Detail(), "Nothing was changed") {
			t.Errorf("%v", diags)
		}
	}
}
