package sessions

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// TestHiddenProcesses: a root that may not trace does not see the processes of others in a
// /proc with hidepid, and says so; every other root sees them. An account that is not
// root is refused.
func TestHiddenProcesses(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "bob"}}})
	m.Sh("setpriv --reuid 1000 --clear-groups setsid sleep 3001 >/dev/null 2>&1 & sleep 1; mount -o remount,hidepid=2 /proc")
	f := lookInside(t, m)
	if list, why := f.Orphans(); len(list) != 1 || list[0].Program != "sleep" || why != "" {
		t.Errorf("%+v, %s\n%s", list, why, m.Processes())
	}
	target := reconcile.Target{Spec: host.Spec{Transport: "local"}}
	script := shell.Quote(gatherScript(target))
	s, err := parse(target, struct{}{}, m.Sh("setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace sh -c "+script))
	if err != nil {
		t.Fatal(err)
	}
	if list, why := s.Facts.Orphans(); list != nil || why == "" {
		t.Errorf("what is hidden passes for none: %+v, %s", list, why)
	}
	if _, err := parse(target, struct{}{}, m.Sh("mount -o remount,hidepid=0 /proc; runuser -u bob -- sh -c "+script)); err == nil {
		t.Error("an account that sees only its own is not refused")
	}
}
