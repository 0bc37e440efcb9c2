package commit

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fake puts a program on the box that writes down its arguments and then runs body.
func (b *box) fake(name, body string) {
	b.t.Helper()
	text := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>%s\nroot=%s\n%s\n", name, b.path("calls"), b.dir, body)
	must(b.t, os.WriteFile(b.path("bin/"+name), []byte(text), 0o755))
}

// hup is how the fake service managers reload the daemon.
const hup = `kill -HUP "$(cat "$root/run/sshd.pid")"`

// systemd makes the box look like one that it runs.
func (b *box) systemd() {
	must(b.t, os.MkdirAll(b.path("run/systemd/system"), 0o755))
	must(b.t, os.MkdirAll(b.path("etc/systemd/system"), 0o755))
	b.fake("systemd-run", `case "$*" in *--collect*) exit 1 ;; esac`)
	b.fake("systemctl", `case $1 in
	show) echo "MainPID=$(cat "$root/run/sshd.pid")" ;;
	reload | reload-or-restart) `+hup+` ;;
	restart) kill -9 "$(cat "$root/run/sshd.pid")"; rm "$root/run/sshd.pid"
		"$root/bin/sshd" -f "$root/etc/ssh/sshd_config"
		while [ ! -e "$root/run/sshd.pid" ]; do sleep 0.1; done ;;
	esac`)
}

// calls are the lines that tell, in order.
func (b *box) calls(quiet ...string) string {
	var kept []string
	for line := range strings.Lines(b.read("calls")) {
		line = strings.TrimSpace(strings.ReplaceAll(line, b.dir, ""))
		keep := true
		for _, q := range quiet {
			keep = keep && !strings.HasPrefix(line, q)
		}
		if keep {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestSystemd(t *testing.T) {
	b := newBox(t)
	b.systemd()
	b.start()
	tree := b.tree()
	r := b.request("a1", "ClientAliveInterval 60\n")
	r.Activate = Activation{Kind: Systemd, Unit: "ssh.service"}
	live := b.begins(r)
	if live.pending.Watchdog != "systemd" || live.pending.Boot != "systemd" || live.pending.Proof != "inode" {
		t.Errorf("%+v", live)
	}
	// systemd 219 knows no --collect; the second attempt is without.
	want := "systemd-run --collect -p KillMode=process --timer-property=AccuracySec=100ms --unit=sshkeepalive-a1 --on-active=30 /bin/sh /var/lib/sshkeepalive/a1/rollback due\n" +
		"systemd-run --timer-property=AccuracySec=100ms --unit=sshkeepalive-a1 --on-active=30 /bin/sh /var/lib/sshkeepalive/a1/rollback due\n" +
		"systemctl reload ssh.service"
	if got := b.calls("systemctl show"); got != want {
		t.Errorf("calls:\n%s\nwant:\n%s", got, want)
	}
	unit := b.read("etc/systemd/system/sshkeepalive-boot-a1.service")
	for _, line := range []string{
		"Before=ssh.service sshd.service ssh.socket sshd.socket shutdown.target",
		"DefaultDependencies=no", "ExecStart=/bin/sh " + b.path("var/lib/sshkeepalive/a1/rollback") + " boot",
	} {
		if !strings.Contains(unit, line+"\n") {
			t.Errorf("the unit lacks %q:\n%s", line, unit)
		}
	}
	to, err := os.Readlink(b.path("etc/systemd/system/sysinit.target.wants/sshkeepalive-boot-a1.service"))
	if err != nil || to != b.path("etc/systemd/system/sshkeepalive-boot-a1.service") {
		t.Errorf("pulled in by %q, %v", to, err)
	}
	must(t, os.Remove(b.path("calls")))
	got, err := (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(t.Context(), rollback)
	if err != nil || got.answer != "rolledback" {
		t.Fatalf("%+v, %v", got, err)
	}
	want = "systemctl reset-failed ssh.service\nsystemctl reload-or-restart ssh.service\nsystemctl stop sshkeepalive-a1.timer"
	if got := b.calls("systemctl show"); got != want {
		t.Errorf("calls:\n%s\nwant:\n%s", got, want)
	}
	b.rolledBack(tree)
}

// TestSocket: a reload under ssh.socket kills the daemon, so the service is
// restarted, and its new process is the proof.
func TestSocket(t *testing.T) {
	b := newBox(t)
	b.systemd()
	b.start()
	r := b.request("a1", "ClientAliveInterval 60\n")
	r.Activate = Activation{Kind: Socket, Unit: "ssh.socket"}
	if live := b.begins(r); live.pending.Proof != "process" {
		t.Errorf("%+v", live)
	}
	if got := b.calls("systemctl show", "systemd-run"); got != "systemctl reset-failed ssh.service\nsystemctl restart ssh.service" {
		t.Errorf("calls:\n%s", got)
	}
	must(t, os.Remove(b.path("calls")))
	got, err := (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(t.Context(), rollback)
	if err != nil || got.answer != "rolledback" {
		t.Fatalf("%+v, %v", got, err)
	}
	want := "systemctl reset-failed ssh.service\nsystemctl reset-failed ssh.socket\nsystemctl -q is-active ssh.socket\n" +
		"systemctl reset-failed ssh.service\nsystemctl restart ssh.service\nsystemctl stop sshkeepalive-a1.timer"
	if got := b.calls("systemctl show"); got != want {
		t.Errorf("calls:\n%s\nwant:\n%s", got, want)
	}
}

// TestServices: OpenRC and rc.d, whose reload runs sshd -t too.
func TestServices(t *testing.T) {
	for _, c := range []struct {
		kind          Kind
		program, call string
		dir, boot     string
	}{
		{OpenRC, "rc-service", "rc-service sshd reload", "etc/runlevels/default", "openrc"},
		{RCD, "service", "service sshd reload", "etc/cron.d", "cron"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			b := newBox(t)
			b.fake(c.program, hup)
			must(t, os.MkdirAll(b.path(c.dir), 0o755))
			must(t, os.MkdirAll(b.path("etc/init.d"), 0o755))
			b.start()
			tree := b.tree()
			r := b.request("a1", "ClientAliveInterval 60\n")
			r.Activate = Activation{Kind: c.kind, Unit: "sshd", PIDFile: b.path("run/sshd.pid")}
			r.ConfirmTimeout = 3 * time.Second
			live := b.begins(r)
			if live.pending.Boot != c.boot || live.pending.Proof != "inode" || b.calls() != c.call {
				t.Errorf("%+v, calls %s", live, b.calls())
			}
			b.rolledBack(tree)
			if b.calls() != c.call+"\n"+c.call {
				t.Errorf("calls %s", b.calls())
			}
		})
	}
}

// TestServiceIsDead: a daemon that exited because of its files is started again, although its
// script says that the reload of none was a success.
func TestServiceIsDead(t *testing.T) {
	b := newBox(t)
	b.fake("service", `case $2 in
	reload) `+hup+` || : ;;
	restart) "$root/bin/sshd" -f "$root/etc/ssh/sshd_config" ;;
	esac`)
	b.start()
	r := b.request("a1", "ClientAliveInterval 60\nUnbindable yes\n")
	r.Activate = Activation{Kind: RCD, Unit: "sshd", PIDFile: b.path("run/sshd.pid"), PID: b.pid()}
	tree := b.tree()
	got, err := Run(t.Context(), b, r, b.loaded(want60))
	if got != RolledBack || err == nil || b.tree() != tree {
		t.Errorf("%s, %v", got, err)
	}
	if pid := b.pid(); pid == 0 || syscall.Kill(pid, 0) != nil {
		t.Errorf("no daemon lives: %d", pid)
	}
	if got := b.calls(); got != "service sshd reload\nservice sshd restart" {
		t.Errorf("calls: %s", got)
	}
}

// TestAt: atd runs the watchdog where there is no systemd. The fake starts the
// job at once, as at does with a job for this minute.
func TestAt(t *testing.T) {
	b := newBox(t)
	b.fake("at", `cat >"$root/job"; setsid sh "$root/job" </dev/null >/dev/null 2>&1 & echo "job 7 at now" >&2`)
	b.fake("atrm", "")
	b.write("run/atd.pid", fmt.Sprint(os.Getpid()))
	b.start()
	tree := b.tree()
	r := b.request("a1", "ClientAliveInterval 60\n")
	r.ConfirmTimeout = 2 * time.Second
	if live := b.begins(r); live.pending.Watchdog != "at" {
		t.Errorf("%+v", live)
	}
	b.rolledBack(tree)
	if got := b.calls(); got != "at now + 0 minutes\natrm 7" {
		t.Errorf("calls: %s", got)
	}
}

// TestReloadFails: a service manager that says no is a failed reload.
func TestReloadFails(t *testing.T) {
	b := newBox(t)
	b.fake("rc-service", `[ "$(cat "$root/refused" 2>/dev/null)" ] || { echo 1 >"$root/refused"; echo "sshd: no" >&2; exit 1; }; `+hup)
	b.start()
	tree := b.tree()
	r := b.request("a1", "ClientAliveInterval 60\n")
	r.Activate = Activation{Kind: OpenRC, Unit: "sshd", PIDFile: b.path("run/sshd.pid")}
	got, err := Run(t.Context(), b, r, b.loaded(want60))
	if got != RolledBack || err == nil || !strings.Contains(err.Error(), "reload: sshd: no") || b.tree() != tree {
		t.Errorf("%s, %v", got, err)
	}
}
