//go:build hosts

package reconcile_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	decide "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/system"
)

type vanished struct{ name, leaves, command string }

// vanishing are sessions, besides an idle one without a process, by what is left of them: a pattern of the command lines of their
// processes. script(1) opens a terminal of its own, as pty.spawn of Python does.
var vanishing = []vanished{
	{"shell with a terminal", "-bash", "-tt"},
	{"pty.spawn with a terminal", "sleep 3601", "-tt script -qc 'sleep 3601; :' /dev/null"},
	{"pty.spawn without a terminal", "sleep 3602", "script -qc 'sleep 3602; :' /dev/null"},
	{"command", "sleep 3603", "sleep 3603"},
	{"setsid", "sleep 3604", "setsid sleep 3604 & sleep 3603"},
	{"nohup", "sleep 3605", "nohup sleep 3605 >/dev/null 2>&1 & sleep 3603"},
	{"session that writes", "sleep 0.31", "while :; do echo x; sleep 0.31; done"},
}

// TestVanishedClient: a client that vanishes leaves no session and no process, with sshd's
// probes, the kernel's retries and logind as the documentation of sshkeepalive_host advises,
// within a fifth more than the seconds that the plans announced.
func TestVanishedClient(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "admin")
		// systemd-nspawn gives a host that it does not know to have a network of its own
		// /proc/sys to read.
		r.Sh("mount -o remount,bind,rw /proc/sys")
		sight, _ := apply(t, r.rig, wish("ClientAliveInterval", "2", "ClientAliveCountMax", "2"))
		probed, _ := keepalive.DeadPeerTimeout(2, 2, sight.Facts.Version)
		s, plan, outcome, err := reconcile.For(reconcile.New(r.pool), system.Kind).Apply(t.Context(), r.target,
			systemWish("tcp_retries2", "5", "kill_user_processes", "yes", "kill_exclude_users", "root"), reconcile.Record{})
		if err != nil || outcome != reconcile.Applied {
			t.Fatalf("%s, %v", outcome, err)
		}
		unacknowledged, _ := decide.Unacknowledged(decide.After(plan.Expect, s.Facts))
		for _, v := range append([]vanished{{command: "-N"}}, vanishing...) {
			words := append([]string{"-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
				"-i", r.KeyPath, "-l", "guest"}, options(v.command, r.Addr)...)
			cmd := exec.CommandContext(t.Context(), "ssh", words...)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
		}
		left := func() string {
			return r.Sh("ps -ww -u guest -o args= | sed 's/^sshd.*: guest/sshd: guest/'; ps -ww -u root -o args= | grep -E '^sshd.*: guest' || :")
		}
		for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
			now := left()
			if slices.IndexFunc(vanishing, func(v vanished) bool { return !strings.Contains(now, v.leaves) }) < 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("not all sessions are there: %s", now)
			}
		}
		time.Sleep(time.Second)
		r.Unplug()
		began := time.Now()
		last := map[string]time.Duration{}
		for time.Since(began) < 60*time.Second {
			now := left()
			for _, v := range vanishing {
				if strings.Contains(now, v.leaves) {
					last[v.name] = time.Since(began)
				}
			}
			if strings.TrimSpace(now) == "" {
				break
			}
			time.Sleep(250 * time.Millisecond)
		}
		if now := left(); strings.TrimSpace(now) != "" {
			t.Errorf("left after %s: %s", time.Since(began), now)
		}
		if sessions := r.Sh("loginctl --no-legend list-sessions | grep guest || :"); sessions != "" {
			t.Errorf("sessions left: %s", sessions)
		}
		for _, v := range vanishing {
			announced := time.Duration(probed) * time.Second
			if v.name == "session that writes" {
				announced = time.Duration(unacknowledged) * time.Second
			}
			t.Logf("%s: gone after %.1f s, announced %s", v.name, last[v.name].Seconds(), announced)
			if last[v.name] > announced*12/10+time.Second {
				t.Errorf("%s: gone after %s, not %s", v.name, last[v.name], announced)
			}
		}
	})
}

// options puts the address behind the options of ssh that a command begins with.
func options(command, address string) []string {
	flag, rest, _ := strings.Cut(command, " ")
	if !strings.HasPrefix(flag, "-") {
		return []string{address, command}
	}
	if rest == "" {
		return []string{flag, address}
	}
	return []string{flag, address, rest}
}
