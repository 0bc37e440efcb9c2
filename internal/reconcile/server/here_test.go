package server

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestDaemonOfThisMachine: without a session that leads to a daemon, a pid file is
// believed only if an sshd that listens has that number, and process 1 may be one.
func TestDaemonOfThisMachine(t *testing.T) {
	t.Parallel()
	q := queryOf(nil, sshconf.Version{})
	script := gatherScript(reconcile.Target{Spec: host.Spec{Transport: "local"}}, q)
	for name, c := range map[string]struct {
		setup, enter string
		want         func(m *hosttest.Machine) int
		file         string
	}{
		"a daemon": {setup: "/usr/sbin/sshd; sleep 0.5", want: (*hosttest.Machine).PID, file: "/etc/ssh/sshd_config"},
		"-f FILE":  {setup: "cp /etc/ssh/sshd_config /srv/; /usr/sbin/sshd -f /srv/sshd_config; sleep 0.5", want: (*hosttest.Machine).PID, file: "/srv/sshd_config"},
		"no daemon, a pid file that names a shell": {
			setup: "sh -c 'sleep 600; : /usr/sbin/sshd -D -f /srv/no' >/dev/null 2>&1 & echo $! >/run/sshd.pid", file: "/etc/ssh/sshd_config"},
		"no daemon, a pid file that names another program": {
			setup: "sleep 600 >/dev/null 2>&1 & echo $! >/run/sshd.pid", file: "/etc/ssh/sshd_config"},
		"process 1": {
			setup: "unshare -pf --mount-proc /usr/sbin/sshd -D -e </dev/null >/dev/null 2>&1 & sleep 0.5; echo 77 >/run/sshd.pid; pgrep -P $! >/run/inner",
			enter: "nsenter -t $(cat /run/inner) -p -m -- ", want: func(*hosttest.Machine) int { return 1 }, file: "/etc/ssh/sshd_config"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, hosttest.Options{NoDaemon: true})
			m.Write("/srv/setup", c.setup)
			m.Sh("sh /srv/setup")
			m.Write("/srv/gather", script)
			v, _, err := parseReport(reconcile.Target{}, m.Sh(c.enter+"sh /srv/gather"), "", q)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			if c.want != nil {
				want = c.want(m)
			}
			if d := v.seen.Facts.Daemon; d.PID != want || d.ConfigFile != c.file {
				t.Errorf("%+v, want process %d and %s: %s", d, want, c.file, strings.TrimSpace(m.Processes()))
			}
		})
	}
}
