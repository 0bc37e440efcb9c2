package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// planted is a pending change, in a directory for the state of changes, as an account
// leaves it whose rollback tells who ran it.
const planted = `mkdir -p $d/.sshkeepalive-state/x; cd $d/.sshkeepalive-state/x; echo systemd >watchdog; : >armed; echo 'id -u >/tmp/ran' >rollback; echo '1 x 1' >deadline; echo none >boot
	chown -R bob:bob $d/.sshkeepalive-state; chmod -R 755 $d/.sshkeepalive-state`

// TestPlantedRollback: the state of changes that an account plants beside its own file,
// or in a directory for all, is not believed by another account, above all not by root.
func TestPlantedRollback(t *testing.T) {
	t.Parallel()
	for user, dir := range map[string]string{"root": "/home/bob/.ssh", "admin": "/srv/shared", "eve": "/srv/sticky"} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			r, target := sshRig(t, user, map[string]string{bobConfig: "ServerAliveInterval 300\n"})
			r.Sh("mkdir -p /srv/shared /srv/sticky; chmod 777 /srv/shared; chmod 1777 /srv/sticky; d=" + dir + "; " + planted)
			r.Sh("chmod 666 $(ls -d " + dir + "/config 2>/dev/null) /dev/null")
			target.File = dir + "/config"
			before := r.Snapshot(dir)
			_, _, outcome, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{})
			if outcome != reconcile.Unchanged || err == nil || !strings.Contains(err.Error(), "another account") {
				t.Errorf("%s, %v", outcome, err)
			}
			if ran := r.Sh("cat /tmp/ran 2>/dev/null || :"); ran != "" {
				t.Errorf("the planted rollback ran as uid %s", ran)
			}
			if d := hosttest.Differences(before, r.Snapshot(dir)); d != "" {
				t.Errorf("changed:\n%s", d)
			}
		})
	}
}
