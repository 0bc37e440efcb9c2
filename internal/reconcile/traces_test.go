package reconcile_test

import (
	"strings"
	"testing"
	"time"
)

// traces is everything of ours on the host besides the managed lines: locks,
// pending changes, temporary files, units, timers, and scripts that still run.
func (r *rig) traces() string {
	// Not everything looked at exists, which is why find fails. A unit that ran at
	// boot and removed its own file is remembered by systemd, inactive, until the next
	// daemon-reload; that is not asked for.
	return strings.TrimSpace(r.Sh(`
		{
			find /etc/systemd /etc/cron.d /etc/local.d /etc/init.d /etc/runlevels /run/systemd/transient -name '*sshkeepalive*'
			find /var/run/sshkeepalive /var/lib/sshkeepalive
			find /tmp /var/tmp -mindepth 1 -not -path '*/systemd-private*' -not -name '.*-unix'
			find /etc/ssh -mindepth 1 -name '.*'
			systemctl list-units --no-legend 'sshkeepalive*'
			atq
			ps -eww -o args | grep -e '[/]rollback' -e '^/bin/sh -s'
		} 2>/dev/null || :`))
}

// noTraces allows for a watchdog that sees only within a second that it is no longer
// needed.
func (r *rig) noTraces(t *testing.T) {
	t.Helper()
	left := ""
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if left = r.traces(); left == "" {
			return
		}
	}
	t.Errorf("left behind:\n%s", left)
}

func (r *rig) eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited a minute in vain for %s\n%s", what, r.traces())
}
