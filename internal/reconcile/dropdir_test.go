package reconcile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

const susesConfig = "Include /etc/ssh/sshd_config.d/*.conf\nInclude /usr/etc/ssh/sshd_config.d/*.conf\nSubsystem sftp internal-sftp\n"

// suse is a host whose vendor has a directory of drop-ins, and whose /etc has none.
func suse(t *testing.T) *rig {
	r := newRig(t, hosttest.Options{Config: susesConfig}, "root")
	r.Sh("mkdir -p /usr/etc/ssh/sshd_config.d")
	r.Sh("rm -rf /etc/ssh/sshd_config.d")
	r.Sh("kill -HUP $(cat /run/sshd.pid)")
	return r
}

// TestDropInDirectoryIsMade: of two Includes whose first directory is missing, ours
// goes to /etc and not to the vendor's, the directory is one that everybody may
// read, and the resource that goes last takes it along.
func TestDropInDirectoryIsMade(t *testing.T) {
	t.Parallel()
	r := suse(t)
	before := r.Snapshot("/etc/ssh")
	want := wish("ClientAliveInterval", "77")
	_, plan := apply(t, r, want)
	if plan.ManagedFile != "/etc/ssh/sshd_config.d/00-sshkeepalive.conf" || r.Effective("ClientAliveInterval") != "77" {
		t.Errorf("written to %s, effective is %s", plan.ManagedFile, r.Effective("ClientAliveInterval"))
	}
	if mode := strings.TrimSpace(r.Sh("stat -c %a /etc/ssh/sshd_config.d")); mode != "755" {
		t.Errorf("the directory has mode %s", mode)
	}
	if _, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
		t.Errorf("again: %s %v", outcome, err)
	}
	team := wish("LoginGraceTime", "33")
	team.DropInName = "10-team.conf"
	apply(t, r, team)
	for i, gone := range []sshserver.Want{want, team} {
		if _, err := r.walk().Remove(t.Context(), r.target, gone, reconcile.Record{}); err != nil {
			t.Fatal(err)
		}
		if still := r.Sh("ls -d /etc/ssh/sshd_config.d 2>/dev/null || :"); (still != "") != (i == 0) {
			t.Errorf("after %d of 2: %q", i+1, still)
		}
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("not restored:\n%s", d)
	}
}

// TestDropInDirectoryOfAFailedChange is taken away with the change.
func TestDropInDirectoryOfAFailedChange(t *testing.T) {
	t.Parallel()
	r := suse(t)
	before := r.Snapshot("/etc/ssh")
	want := wish("ListenAddress", "192.0.2.77") // which the host does not have
	_, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{})
	var failure *reconcile.Error
	if !errors.As(err, &failure) || outcome != reconcile.RolledBack {
		t.Fatalf("outcome %q, error %v", outcome, err)
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("not restored:\n%s", d)
	}
}
