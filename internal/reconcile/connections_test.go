package reconcile_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// twoConnections are settings that reach one host and differ in nothing that a host
// notices.
func twoConnections(spec host.Spec) [2]host.Spec {
	other := spec
	other.KeepaliveCountMax = spec.KeepaliveCountMax + 1
	return [2]host.Spec{spec, other}
}

// TestOneFileThroughOtherConnections: two resources of one run are about one host, and
// their connection settings differ. Each apply waits for the other one.
func TestOneFileThroughOtherConnections(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		// apply makes value effective by the resource with this number, and effective
		// says what is.
		apply     func(t *testing.T, r *rig, e *walk, spec host.Spec, resource, value int) (reconcile.Outcome, error)
		effective func(t *testing.T, r *rig, resource int) string
	}{
		{"blocks of ssh_config", applyBlock("~/.ssh/config"), blockSays},
		{"blocks of the ssh_config of the system", applyBlock("/etc/ssh/ssh_config"), blockSays},
		{"drop-ins of sshd", applyServer(sshserver.DropIn), sshdSays},
		{"blocks of sshd_config", applyServer(sshserver.InPlace), sshdSays},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, target := sshRig(t, "root", map[string]string{bobConfig: "Host *\n"})
			specs := twoConnections(target.Spec)
			for round := range 6 {
				engines := [2]*walk{r.walk(), r.walk()} // of two processes, as two configurations of the provider are
				if round < 4 {
					engines[1] = engines[0]
				}
				var both sync.WaitGroup
				for resource, spec := range specs {
					both.Go(func() {
						value := 10*(round+1) + resource
						if outcome, err := c.apply(t, r, engines[resource], spec, resource, value); err != nil || outcome != reconcile.Applied {
							t.Errorf("round %d, resource %d: %q, %v", round, resource, outcome, err)
						}
					})
				}
				both.Wait()
				for resource := range specs {
					if got, want := c.effective(t, r, resource), strconv.Itoa(10*(round+1)+resource); got != want {
						t.Errorf("round %d, resource %d: %s is effective, not %s", round, resource, got, want)
					}
				}
			}
		})
	}
}

func applyBlock(file string) func(*testing.T, *rig, *walk, host.Spec, int, int) (reconcile.Outcome, error) {
	return func(t *testing.T, _ *rig, e *walk, spec host.Spec, resource, value int) (reconcile.Outcome, error) {
		target := reconcile.Target{Spec: spec, File: file, User: "bob"}
		_, _, outcome, err := e.ApplyClient(t.Context(), target, sshWish(fmt.Sprintf("Host h%d", resource), "ServerAliveInterval", strconv.Itoa(value)), reconcile.Record{})
		return outcome, err
	}
}

func blockSays(t *testing.T, r *rig, resource int) string {
	return r.sshSays(t, fmt.Sprintf("h%d", resource), "serveraliveinterval")
}

func applyServer(at sshserver.Placement) func(*testing.T, *rig, *walk, host.Spec, int, int) (reconcile.Outcome, error) {
	return func(t *testing.T, r *rig, e *walk, spec host.Spec, resource, value int) (reconcile.Outcome, error) {
		target := r.target
		target.Spec = spec
		want := wish([]string{"ClientAliveInterval", "LoginGraceTime"}[resource], strconv.Itoa(value))
		want.Placement, want.DropInName = at, fmt.Sprintf("%d0-own.conf", resource+1)
		_, _, outcome, err := e.Apply(t.Context(), target, want, reconcile.Record{})
		return outcome, err
	}
}

func sshdSays(_ *testing.T, r *rig, resource int) string {
	return r.Effective([]string{"clientaliveinterval", "logingracetime"}[resource])
}

// TestWriteBetweenLookAndSwap: what Coolify itself writes between the
// look and the swap is kept, and the apply goes on.
func TestWriteBetweenLookAndSwap(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Files: map[string]string{coolifyEnv: "APP_KEY=hunter2\nSSH_MAX_RETRIES=3\n"}}, "root")
	e, specs := r.walk(), twoConnections(r.target.Spec)
	for round := range 6 {
		target := reconcile.Target{Spec: specs[round%2], File: coolifyEnv}
		if _, err := e.LookCoolify(t.Context(), target, coolifyWish(round+10)); err != nil {
			t.Fatal(err)
		}
		r.Sh(fmt.Sprintf("sed -i 1s/.*/APP_KEY=hunter%d/ %s", round+100, coolifyEnv))
		if _, _, outcome, err := e.ApplyCoolify(t.Context(), target, coolifyWish(round+10), reconcile.Record{}); err != nil || outcome != reconcile.Applied {
			t.Errorf("round %d: %q, %v", round, outcome, err)
		}
		if got := string(r.Read(coolifyEnv)); !strings.Contains(got, fmt.Sprintf("APP_KEY=hunter%d\n", round+100)) || !strings.Contains(got, fmt.Sprintf("\nSSH_MAX_RETRIES=%d\n", round+10)) {
			t.Errorf("round %d:\n%s", round, got)
		}
	}
}
