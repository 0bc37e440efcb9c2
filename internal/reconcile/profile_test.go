package reconcile_test

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestProfilesOnRealHosts: on each release of ORACLE_RELEASES every profile
// becomes effective, as a whole, stays, and goes without a trace, and who
// administers the host by key and sudo gets in all the time.
func TestProfilesOnRealHosts(t *testing.T) {
	t.Parallel()
	for release := range strings.SplitSeq(cmp.Or(os.Getenv("ORACLE_RELEASES"), "bookworm"), ",") {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hosttest.Options{Release: release, Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}}, "admin")
			before := r.Snapshot("/etc/ssh")
			for _, b := range baseline.All() {
				want := wish("ClientAliveInterval", "77")
				want.Profile = b.Name
				sight, plan := apply(t, r, want)
				own, _ := b.For(sight.Facts.Version)
				if !strings.Contains(plan.ManagedContent, "ClientAliveInterval 77\n") || strings.Count(plan.ManagedContent, "\n") < len(own) {
					t.Errorf("%s: managed\n%s", b.Name, plan.ManagedContent)
				}
				if o := sshserver.Observe(want, sight.Facts); len(o.Drift) > 0 || o.Effective["ClientAliveInterval"] != "77" {
					t.Errorf("%s: drift %v, effective %v", b.Name, o.Drift, o.Effective)
				}
				if again, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
					t.Errorf("%s: again: %s %v %v", b.Name, outcome, err, again.Facts.Refused)
				}
			}
			if _, err := r.walk().Remove(t.Context(), r.target, sshserver.Want{Profile: "cis"}, reconcile.Record{}); err != nil {
				t.Fatal(err)
			}
			if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
				t.Errorf("after remove /etc/ssh differs:\n%s", d)
			}
		})
	}
}

// TestProfileThatShutsOutRoot: the plan says it, and if it is carried out
// nevertheless, the host is as it was.
func TestProfileThatShutsOutRoot(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	before := r.Snapshot("/etc/ssh")
	want := sshserver.Want{Takeover: true, Profile: "stig", ConnectingUser: "root", ConnectingBy: []string{"publickey"}}
	sight, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		t.Fatal(err)
	}
	warned := slices.ContainsFunc(sshserver.Plan(want, sight.Facts).Problems, func(p keepalive.Problem) bool {
		return p.Warning && p.Code == sshserver.ShutsOut && p.Attribute == `profile["PermitRootLogin"]`
	})
	if !warned {
		t.Error("the plan does not say that root is shut out")
	}
	_, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{})
	var failure *reconcile.Error
	if !errors.As(err, &failure) || outcome != reconcile.RolledBack {
		t.Fatalf("outcome %q, error %v", outcome, err)
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("not restored:\n%s", d)
	}
}
