//go:build hosts

package reconcile_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
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

// leftBehind are the sessions that leave a process if nothing but sshd's probes ends them.
var leftBehind = []string{"pty.spawn without a terminal", "command", "setsid", "nohup"}

// TestLabVanishedClient: of a client that vanishes, sshd's probes alone leave processes.
// With the kernel's retries and logind, as the documentation of sshkeepalive_host advises,
// no session and no process is left, within a fifth more than the seconds that the plans
// announced. make stories prints its table.
func TestLabVanishedClient(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "admin")
		// systemd-nspawn gives a host that it does not know to have a network of its own
		// /proc/sys to read.
		r.Sh("mount -o remount,bind,rw /proc/sys")
		sight, _ := apply(t, r.rig, wish("ClientAliveInterval", "2", "ClientAliveCountMax", "2"))
		probed, _ := keepalive.DeadPeerTimeout(2, 2, sight.Facts.Version)
		before := r.vanish(t, 20*time.Second)
		for _, name := range leftBehind {
			if _, gone := before[name]; gone {
				t.Errorf("%s: nothing is left although nothing was set for it", name)
			}
		}
		s, plan, outcome, err := reconcile.For(reconcile.New(r.pool), system.Kind).Apply(t.Context(), r.target,
			systemWish("tcp_retries2", "5", "kill_user_processes", "yes", "kill_exclude_users", "root"), reconcile.Record{})
		if err != nil || outcome != reconcile.Applied {
			t.Fatalf("%s, %v", outcome, err)
		}
		unacknowledged, _ := decide.Unacknowledged(decide.After(plan.Expect, s.Facts))
		after := r.vanish(t, time.Minute)
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		defer table.Flush()
		for _, v := range vanishing {
			announced := time.Duration(probed) * time.Second
			if v.name == "session that writes" {
				announced = time.Duration(unacknowledged) * time.Second
			}
			took, gone := after[v.name]
			if !gone || took > announced*12/10+time.Second {
				t.Errorf("%s: gone %v, after %s, not %s", v.name, gone, took, announced)
			}
			_, was := before[v.name]
			left := map[bool]string{true: "gone", false: "left after 20 s"}[was]
			fmt.Fprintf(table, "%s\t%s\tprobes of sshd alone: %s\tsshkeepalive_host: gone after %.1f s, announced %s\n", o.Release, v.name, left, took.Seconds(), announced)
		}
	})
}

// vanish starts a session of every kind, takes the network away, and returns after how long
// the last process of each was gone. A session that left one at the limit is missing.
func (r *labRig) vanish(t *testing.T, limit time.Duration) (gone map[string]time.Duration) {
	t.Helper()
	var clients []*exec.Cmd
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
		clients = append(clients, cmd)
	}
	left := func() string {
		return strings.TrimSpace(r.Sh("ps -ww -u guest -o args= | sed 's/^sshd.*: guest/sshd: guest/'; ps -ww -u root -o args= | grep -E '^sshd.*: guest' || :"))
	}
	r.eventually(t, "all sessions to be there", func() bool {
		now := left()
		return !slices.ContainsFunc(vanishing, func(v vanished) bool { return !strings.Contains(now, v.leaves) })
	})
	time.Sleep(time.Second)
	r.Unplug()
	began, now := time.Now(), ""
	last := map[string]time.Duration{}
	for {
		now = left()
		for _, v := range vanishing {
			if strings.Contains(now, v.leaves) {
				last[v.name] = time.Since(began)
			}
		}
		if now == "" || time.Since(began) > limit {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	gone = map[string]time.Duration{}
	for _, v := range vanishing {
		if !strings.Contains(now, v.leaves) {
			gone[v.name] = last[v.name]
		}
	}
	if sessions := r.Sh("loginctl --no-legend list-sessions | grep guest || :"); now == "" && sessions != "" {
		t.Errorf("sessions left: %s", sessions)
	}
	for _, c := range clients {
		_ = c.Process.Kill()
	}
	r.Sh("pkill -KILL -u guest || :; pkill -KILL -f '^sshd.*: guest' || :")
	r.Plug()
	r.eventually(t, "nothing to be left", func() bool { return left() == "" })
	return gone
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
