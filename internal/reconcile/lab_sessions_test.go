//go:build hosts

package reconcile_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
)

// TestLabSessions: logind keeps a session whose leader is gone for as long as it has
// processes, and they are named with it, those of root too; what runs as a service of the
// same account is not among them.
func TestLabSessions(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "admin")
		r.Sh("systemd-run --quiet --uid=guest --unit=app sleep 3001")
		for _, user := range []string{"guest", "root"} {
			if out, err := r.SSH(user, "nohup sleep 3002 >/dev/null 2>&1 & setsid sleep 3003 >/dev/null 2>&1 & echo in"); err != nil || out != "in\n" {
				t.Fatalf("%q, %v", out, err)
			}
		}
		r.client(t, "-tt", "guest@"+r.Addr)
		r.until(t, "ps axo args | grep -q ^-bash")
		r.until(t, "[ $(loginctl show-session -p State $(loginctl list-sessions --no-legend | awk '$3 == \"guest\" || $3 == \"root\" { print $1 }') | grep -c closing) = 2 ]")
		sight, err := r.walk().LookSessions(t.Context(), r.target)
		if err != nil {
			t.Fatal(err)
		}
		ended, why := sight.Facts.LeftLogins()
		if len(ended) != 2 || why != "" {
			t.Fatalf("%+v, %s\n%s", ended, why, r.Sh("loginctl"))
		}
		ids := map[string]string{}
		for _, l := range ended {
			ids[l.ID] = l.User
			if l.State != "closing" || l.Service != "sshd" || l.RemoteHost == "" {
				t.Errorf("%+v", l)
			}
		}
		orphans, why := sight.Facts.Orphans()
		if len(orphans) != 4 || why != "" {
			t.Errorf("%+v, %s\n%s", orphans, why, r.Processes())
		}
		for _, p := range orphans {
			if p.Program != "sleep" || ids[p.Session] != p.User || p.Age > 600 {
				t.Errorf("%+v, not of %v", p, ids)
			}
		}
		list, why := sight.Facts.Sessions()
		if len(list) != 2 || why != "" {
			t.Fatalf("%+v, %s", list, why)
		}
		for _, s := range list {
			if leader := strings.TrimSpace(r.Sh("loginctl show-session --value -p Leader " + s.Login)); leader != strconv.Itoa(s.PID) || s.ProbingWhy != "" && s.Probing == "" {
				t.Errorf("the leader of %s is %s: %+v\n%s", s.Login, leader, s, r.Sh("loginctl --no-pager; cat /proc/"+strconv.Itoa(s.PID)+"/cgroup; ps axo pid,ppid,user,cgroup,args"))
			}
		}
	})
}
