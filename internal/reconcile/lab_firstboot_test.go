//go:build hosts

package reconcile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestLabFirstBoot bakes an image whose cloud-init is told to allow passwords, and
// boots it. The baked value survives the first boot and the second one, wherever
// sshd_config has its Include; only in the main file it does not, which the plan says.
func TestLabFirstBoot(t *testing.T) {
	const standard = "Include /etc/ssh/sshd_config.d/*.conf\n"
	for name, c := range map[string]struct {
		release, main string
		placement     sshserver.Placement
		warned        bool
		boots         string // what is effective after a boot
	}{
		"bookworm, with an Include":        {"bookworm", standard + "UsePAM yes\n", sshserver.Auto, false, "no"},
		"bookworm, without an Include":     {"bookworm", "UsePAM yes\n", sshserver.Auto, false, "no"},
		"bookworm, a value above":          {"bookworm", "PasswordAuthentication yes\n" + standard, sshserver.Auto, false, "no"},
		"bookworm, a cut Include":          {"bookworm", "Include /etc/ssh/sshd_config.d/[a-z]*.conf\n", sshserver.Auto, false, "no"},
		"bookworm, main file by placement": {"bookworm", "UsePAM yes\n", sshserver.InPlace, true, "yes"},
		"bullseye, without an Include":     {"bullseye", "UsePAM yes\n", sshserver.Auto, false, "no"},
		"bullseye, with an Include":        {"bullseye", standard + "UsePAM yes\n", sshserver.Auto, false, "no"},
		"trixie, without an Include":       {"trixie", "UsePAM yes\n", sshserver.Auto, false, "no"},
	} {
		if short := c.boots == "yes" || name == "bookworm, without an Include"; os.Getenv("LAB_ALL") == "" && !short {
			continue // each takes 10 s of a processor
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := release(c.release)
			o.CloudInit, o.KeepConfig = true, true
			o.Root = lab.Image(t, o)
			main := filepath.Join(o.Root, mainFile)
			if err := os.WriteFile(main, []byte(c.main), 0o644); err != nil {
				t.Fatal(err)
			}
			lab.Seed(t, o.Root, "first", "#cloud-config\nssh_pwauth: true\n")
			want := wish("PasswordAuthentication", "no", "MaxSessions", "7")
			want.Placement = c.placement
			_, plan, outcome, err := newWalk(pool.New(pool.Options{})).Apply(t.Context(), imageAt(t, o.Root), want, reconcile.Record{})
			if err != nil || outcome != reconcile.Applied {
				t.Fatalf("%s, %v (trail: %s)", outcome, err, plan.Trail)
			}
			warned := false
			for _, p := range plan.Problems {
				warned = warned || p.Code == sshserver.FirstBoot
			}
			if warned != c.warned {
				t.Errorf("foreseen: %v, want %v: %v", warned, c.warned, plan.Problems)
			}
			r := newLabRig(t, o, "root")
			if said := r.host.CloudInit(); !strings.Contains(said, "status: done") {
				t.Fatalf("cloud-init: %s", said)
			}
			if !strings.Contains(r.Sh("cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/50-cloud-init.conf 2>/dev/null || :"), "PasswordAuthentication yes") {
				t.Error("cloud-init wrote nothing, so this test could not fail")
			}
			for _, boot := range []string{"first", "second"} {
				if got := r.Effective("passwordauthentication"); got != c.boots || r.Effective("maxsessions") != "7" {
					t.Errorf("after the %s boot PasswordAuthentication is %q, want %q:\n%s", boot, got, c.boots, r.Sh("tail -n +1 /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*"))
				}
				if boot == "first" {
					r.host.Reboot()
				}
			}
			sight, err := r.walk().Look(t.Context(), r.target, want)
			if err != nil {
				t.Fatal(err)
			}
			if again := sshserver.Plan(want, sight.Facts); (len(again.Changes) > 0) == (c.boots == "no") {
				t.Errorf("on the booted host the plan changes %v", again.Changes)
			}
			if same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{}); err != nil || !same {
				t.Fatalf("remove: %v %v", same, err)
			}
			if left := r.Sh("grep -rl sshkeepalive /etc/ssh || :"); left != "" {
				t.Errorf("after the removal, ours is in %s", left)
			}
		})
	}
}
