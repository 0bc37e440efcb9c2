package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestProfileBesideOptions: Red Hat's 8 starts sshd with the algorithms of its
// crypto policy on the command line, one of them by its older name. What no file can
// set is left out of a profile, with a warning for each keyword, and what the user
// wrote is refused as before.
func TestProfileBesideOptions(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{SSHDArgs: []string{"-oCiphers=aes256-ctr,aes128-ctr", "-oPubkeyAcceptedKeyTypes=ssh-ed25519,rsa-sha2-256"}}, "root")
	want := wish("ClientAliveInterval", "77")
	want.Profile = "ssh-audit"
	sight, plan := apply(t, r, want)
	for _, keyword := range []string{"Ciphers", "PubkeyAcceptedAlgorithms"} {
		said := slices.ContainsFunc(plan.Problems, func(p keepalive.Problem) bool {
			return p.Warning && p.Attribute == "profile" && strings.Contains(p.Text, "the setting "+keyword+" of the profile ssh-audit is left out, because no file can change it: sshd was started with -o")
		})
		if !said || strings.Contains(plan.ManagedContent, keyword) {
			t.Errorf("%s: said %v, managed\n%s", keyword, plan.Problems, plan.ManagedContent)
		}
	}
	if !strings.Contains(plan.ManagedContent, "MACs ") {
		t.Errorf("managed\n%s", plan.ManagedContent)
	}
	if o := sshserver.Observe(want, sight.Facts); len(o.Drift) > 0 {
		t.Errorf("drift %v", o.Drift)
	}
	own := wish("Ciphers", "aes128-ctr")
	own.Profile = "ssh-audit"
	if _, plan, outcome, err := r.walk().Apply(t.Context(), r.target, own, reconcile.Record{}); err == nil || outcome != reconcile.Unchanged ||
		!slices.ContainsFunc(plan.Problems, func(p keepalive.Problem) bool { return !p.Warning && p.Code == keepalive.CommandLine }) {
		t.Errorf("own value: %s %v %v", outcome, err, plan.Problems)
	}
}
