package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestIncludeOfOursTakenAway: beside cloud-init our lines are in a file that only an
// Include of ours reads. Somebody takes that line away, or the file: the next apply
// repairs both, and a removal leaves every byte as it was.
func TestIncludeOfOursTakenAway(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]string{
		"nothing":     ":",
		"the Include": "sed -i '/sshkeepalive/d' " + mainFile,
		"the file":    "rm " + dropIn,
		"both":        "sed -i '/sshkeepalive/d' " + mainFile + "; rm " + dropIn,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hosttest.Options{
				Config: "# by hand\nPasswordAuthentication yes\nUsePAM yes",
				Files:  map[string]string{"/usr/bin/cloud-init": "#!/bin/sh\n"},
			}, "root")
			r.Sh("rm -rf /etc/ssh/sshd_config.d/*")
			if !strings.Contains(harm, "rm ") { // the file would say that we made the directory
				r.Sh("rmdir /etc/ssh/sshd_config.d")
			}
			before := r.Snapshot("/etc/ssh")
			want := wish("PasswordAuthentication", "no", "MaxSessions", "7")
			if _, plan := apply(t, r, want); plan.ManagedFile != dropIn {
				t.Errorf("managed file %q (trail: %s)", plan.ManagedFile, plan.Trail)
			}
			applied := r.Snapshot("/etc/ssh")
			r.Sh(harm)
			if _, _, _, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil {
				t.Fatal(err)
			}
			if d := hosttest.Differences(applied, r.Snapshot("/etc/ssh")); d != "" || r.Effective("passwordauthentication") != "no" {
				t.Errorf("not repaired:\n%s", d)
			}
			if same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{}); err != nil || !same {
				t.Fatalf("remove: %v %v", same, err)
			}
			if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
				t.Errorf("after remove /etc/ssh differs:\n%s", d)
			}
		})
	}
}
