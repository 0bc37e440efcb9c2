package reconcile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// resourceOn applies and removes one of the three resources on a host.
type resourceOn struct {
	file   string
	apply  func(c keepalive.Claim, value string) (reconcile.Outcome, error)
	remove func(c keepalive.Claim) error
}

func resourcesOn(t *testing.T, r *rig) map[string]resourceOn {
	client := reconcile.Target{Spec: r.target.Spec, File: "~/.ssh/config", User: "bob"}
	onCoolify := reconcile.Target{Spec: r.target.Spec, File: coolifyEnv}
	server := func(c keepalive.Claim, value string) sshserver.Want {
		want := wish("ClientAliveInterval", value)
		want.Claim = c
		return want
	}
	block := func(c keepalive.Claim, value string) sshclient.Want {
		want := sshWish("Host db", "ServerAliveInterval", value)
		want.Claim = c
		return want
	}
	env := func(c keepalive.Claim, value string) coolify.Want {
		want := coolifyWish(0)
		want.Settings[0].Values, want.Claim = []string{value}, c
		return want
	}
	return map[string]resourceOn{
		"sshd_config": {dropIn, func(c keepalive.Claim, value string) (reconcile.Outcome, error) {
			_, _, outcome, err := r.walk().Apply(t.Context(), r.target, server(c, value), reconcile.Record{})
			return outcome, err
		}, func(c keepalive.Claim) error {
			_, err := r.walk().Remove(t.Context(), r.target, server(c, "1"), reconcile.Record{})
			return err
		}},
		"ssh_config": {bobConfig, func(c keepalive.Claim, value string) (reconcile.Outcome, error) {
			_, _, outcome, err := r.walk().ApplyClient(t.Context(), client, block(c, value), reconcile.Record{})
			return outcome, err
		}, func(c keepalive.Claim) error {
			_, err := r.walk().RemoveClient(t.Context(), client, block(c, "1"), reconcile.Record{})
			return err
		}},
		"environment file": {coolifyEnv, func(c keepalive.Claim, value string) (reconcile.Outcome, error) {
			_, _, outcome, err := r.walk().ApplyCoolify(t.Context(), onCoolify, env(c, value), reconcile.Record{})
			return outcome, err
		}, func(c keepalive.Claim) error {
			_, _, err := r.walk().RemoveCoolify(t.Context(), onCoolify, env(c, "1"), reconcile.Record{})
			return err
		}},
	}
}

// TestLinesOfAnotherResource: a resource neither replaces nor removes what another one has
// marked, and after both are gone every file is what it was.
func TestLinesOfAnotherResource(t *testing.T) {
	t.Parallel()
	r, _ := sshRig(t, "root", map[string]string{bobConfig: "User bob\n", coolifyEnv: "APP_KEY=hunter2\nSSH_MAX_RETRIES=3"})
	first, second := keepalive.Claim{ID: "1111111111111111", New: true}, keepalive.Claim{ID: "2222222222222222", New: true}
	adopting := second
	adopting.Adopt = true
	before := r.Snapshot("/etc/ssh", "/home/bob", "/data")
	for name, x := range resourcesOn(t, r) {
		steps := func(c keepalive.Claim, value string, want reconcile.Outcome, code keepalive.Code) {
			t.Helper()
			outcome, err := x.apply(c, value)
			var failed *reconcile.Error
			if errors.As(err, &failed) != (code != "") || outcome != want || failed != nil && (len(failed.Problems) != 1 || failed.Problems[0].Code != code) {
				t.Errorf("%s: %q, %v", name, outcome, err)
			}
		}
		steps(first, "7", reconcile.Applied, "")
		steps(second, "8", reconcile.Unchanged, keepalive.OtherResources)
		if text := string(r.Read(x.file)); !strings.Contains(text, first.ID) || strings.Contains(text, second.ID) {
			t.Errorf("%s:\n%s", name, text)
		}
		steps(second, "7", reconcile.Applied, "")
		steps(second, "7", reconcile.Unchanged, "")
		steps(adopting, "8", reconcile.Applied, "")
		if other := new(reconcile.OtherResourceError); !errors.As(x.remove(first), &other) || other.ID != second.ID {
			t.Errorf("%s: the first removed the lines", name)
		}
		if text := string(r.Read(x.file)); !strings.Contains(text, second.ID) {
			t.Errorf("%s:\n%s", name, text)
		}
		if err := x.remove(second); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh", "/home/bob", "/data")); d != "" {
		t.Errorf("after the removals:\n%s", d)
	}
}
