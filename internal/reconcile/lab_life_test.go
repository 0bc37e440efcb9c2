//go:build hosts

package reconcile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// killUserProcesses is the logind setting under which what sudo left behind dies
// with the session.
var killUserProcesses = map[string]string{"/etc/systemd/logind.conf.d/kill.conf": "[Login]\nKillUserProcesses=yes\nKillExcludeUsers=\n"}

// listeners says what changes when the daemon loads its files: the inodes of the
// sockets on port 22, or, where systemd holds the socket, the daemon's process.
func (r *labRig) listeners(o lab.Options) string {
	if o.Socket == lab.AcceptNo {
		return r.Sh("systemctl show -p MainPID --value ssh.service")
	}
	return r.Sh("awk '$4 == \"0A\" && $2 ~ /:0016$/ { print $10 }' /proc/net/tcp /proc/net/tcp6")
}

// TestLabLife applies, changes and removes settings as a user with sudo, whose
// processes die with the session, while another session goes on.
func TestLabLife(t *testing.T) {
	everyWay(t, func(t *testing.T, o lab.Options) {
		o.Files = killUserProcesses
		r := newLabRig(t, o, "admin")
		other := r.linger(t, "guest")
		before, loaded := r.Snapshot("/etc"), r.listeners(o)
		for _, interval := range []string{"60", "90"} {
			want := wish("ClientAliveInterval", interval, "ClientAliveCountMax", "4")
			sight, _ := apply(t, r.rig, want)
			if got := r.Effective("clientaliveinterval"); got != interval {
				t.Errorf("sshd says %q", got)
			}
			if drift := sshserver.Observe(want, sight.Facts).Drift; len(drift) > 0 || sight.Facts.Daemon.Stale {
				t.Errorf("drift %+v, stale %v", drift, sight.Facts.Daemon.Stale)
			}
			now := r.listeners(o)
			if now == loaded && o.Socket != lab.AcceptYes {
				t.Errorf("the daemon did not load its files: %q", now)
			}
			loaded = now
			other.alive(t)
			r.noTraces(t)
			if _, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
				t.Errorf("the same again: %q, %v", outcome, err)
			}
		}
		if same, err := r.walk().Remove(t.Context(), r.target, wish("ClientAliveInterval", "90"), reconcile.Record{}); err != nil || !same {
			t.Fatalf("remove: %v %v", same, err)
		}
		other.alive(t)
		r.noTraces(t)
		if d := hosttest.Differences(before, r.Snapshot("/etc")); d != "" {
			t.Errorf("after remove /etc differs:\n%s", d)
		}
		if err := r.login("guest"); err != nil {
			t.Error(err)
		}
	})
}

// TestLabStale changes files behind the daemon's back.
func TestLabStale(t *testing.T) {
	everyWay(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		want := wish("ClientAliveInterval", "60")
		apply(t, r.rig, want)
		for name, script := range map[string]string{
			"a hand edit":            "sed -i '1s/^/# by hand\\n/' " + mainFile,
			"a package's new file":   "cp -p " + mainFile + " /etc/ssh/x.dpkg-new && mv /etc/ssh/x.dpkg-new " + mainFile,
			"a removed drop-in":      "rm " + cloud,
			"a reload by nobody yet": "printf 'LoginGraceTime 77\\n' >/etc/ssh/sshd_config.d/70-x.conf",
		} {
			r.Sh(script)
			sight, err := r.walk().Look(t.Context(), r.target, want)
			if err != nil {
				t.Fatal(err)
			}
			// Where every connection has a daemon of its own, none can be stale.
			if stale := o.Socket != lab.AcceptYes; sight.Facts.Daemon.Stale != stale {
				t.Errorf("%s: stale is %v, want %v", name, sight.Facts.Daemon.Stale, stale)
			}
			after, _, _, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{})
			if err != nil || after.Facts.Daemon.Stale {
				t.Errorf("%s: after an apply stale is %v, %v", name, after.Facts.Daemon.Stale, err)
			}
		}
		r.noTraces(t)
	})
}

// TestLabOtherFile has the daemon read another file, with options of its own, as
// a unit's drop-in and as SSHD_OPTS say.
func TestLabOtherFile(t *testing.T) {
	const other = "/etc/ssh/other_config"
	text := "PidFile /run/sshd.pid\nSubsystem sftp internal-sftp\n"
	ways := map[string]func(*lab.Options){
		"unit": func(o *lab.Options) {
			o.Files["/etc/systemd/system/ssh.service.d/other.conf"] = "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -f " + other + " -o LoginGraceTime=33\n" +
				"ExecStartPre=\nExecReload=\nExecReload=/bin/kill -HUP $MAINPID\n"
		},
		"SSHD_OPTS": func(o *lab.Options) { o.SSHDOpts = "-f " + other + " -o LoginGraceTime=33" },
	}
	everyRelease(t, func(t *testing.T, o lab.Options) {
		for name, way := range ways {
			o := o
			o.Files = map[string]string{other: text}
			way(&o)
			r := newLabRig(t, o, "root")
			sight, plan := apply(t, r.rig, wish("ClientAliveInterval", "60"))
			if d := sight.Facts.Daemon; d.ConfigFile != other || strings.Join(d.Options, " ") != "-o LoginGraceTime=33" {
				t.Errorf("%s: the daemon's file is %q and its options %q", name, d.ConfigFile, d.Options)
			}
			if plan.ManagedFile != other || !strings.Contains(string(r.Read(other)), "ClientAliveInterval 60") {
				t.Errorf("%s: %s was written", name, plan.ManagedFile)
			}
			_, _, _, err := r.walk().Apply(t.Context(), r.target, wish("LoginGraceTime", "60"), reconcile.Record{})
			if err == nil || !strings.Contains(err.Error(), "sshd was started with -o LoginGraceTime=33") {
				t.Errorf("%s: a setting that loses to an option: %v", name, err)
			}
			r.noTraces(t)
			r.pool.Close(context.Background())
			r.host.Close()
		}
	})
}

// TestLabWatchdogOutlivesTheSession: nothing but the watchdog can bring this host
// back, and the user's processes die with the session.
func TestLabWatchdogOutlivesTheSession(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		o.Files = killUserProcesses
		r := newLabRig(t, o, "admin")
		before := r.Snapshot("/etc/ssh")
		c := r.start(t, wish("AllowUsers", "nobody-else"), "confirm", shortly)
		r.stopped(t, "confirm", c)
		c.kill()
		// The session must be gone, and with it whatever logind would kill.
		r.Sh("loginctl terminate-user admin || :")
		if hosttest.Differences(before, r.Snapshot("/etc/ssh")) == "" {
			t.Error("the change is not live, so this test could not fail")
		}
		r.eventually(t, "the watchdog to roll back", func() bool { return r.traces() == "" })
		if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("not restored:\n%s", d)
		}
		if err := r.login("admin"); err != nil {
			t.Error(err)
		}
		r.noTraces(t)
	})
}

// TestLabInvalidHost: nothing is touched on a host whose files sshd refuses.
func TestLabInvalidHost(t *testing.T) {
	everyWay(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		h, err := r.pool.Acquire(t.Context(), r.target.Spec) // while one can still log in
		if err != nil {
			t.Fatal(err)
		}
		defer h.Release()
		r.Write(cloud, "PasswordAuthentication no\nClientAliveIntervall 7\n")
		before := r.Snapshot("/etc")
		_, _, outcome, err := r.walk().Apply(t.Context(), r.target, wish("ClientAliveInterval", "60"), reconcile.Record{})
		if err == nil || outcome != reconcile.Unchanged || !strings.Contains(err.Error(), "ClientAliveIntervall") {
			t.Errorf("%q, %v", outcome, err)
		}
		if d := hosttest.Differences(before, r.Snapshot("/etc")); d != "" {
			t.Errorf("touched:\n%s", d)
		}
		r.noTraces(t)
	})
}
