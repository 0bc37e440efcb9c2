package reconcile_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
)

// client starts the real ssh and leaves it running until the test ends.
func (r *rig) client(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i", r.KeyPath, "-p", strconv.Itoa(r.Port)}, args...)
	cmd := exec.CommandContext(t.Context(), "ssh", args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// until waits for a shell command of the machine to succeed.
func (r *rig) until(t *testing.T, what string) {
	t.Helper()
	for range 300 {
		if _, err := r.Exec("sh", "-c", what); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("it never came to: %s\n%s", what, r.Processes())
}

// established counts the connections to sshd on the machine.
const established = "ss -Htn state established '( sport = :22 )'"

// twenty makes 20 connections of 7 kinds, which are those of a terminal, a command, one
// that is idle, one that writes, sftp, one that only forwards, and shared ones with more
// than one session each. One of root's forwards in both directions, and one of what it
// forwards is another connection to sshd, which does not log in.
func (r *rig) twenty(t *testing.T) {
	t.Helper()
	dir, n := t.TempDir(), 0
	next := func(args ...string) {
		t.Helper()
		r.client(t, args...)
		n++
		r.until(t, fmt.Sprintf("[ $(%s | wc -l) -ge %d ]", established, n))
	}
	for i := range 3 {
		at := []string{"bob", "admin", "root"}[i] + "@" + r.Addr
		next("-tt", at)
		next(at, "cat")
		next(at, "exec sleep 1000")
		next(at, "while :; do echo x; sleep 0.1; done")
		next("-s", at, "sftp")
		if i < 2 {
			next("-N", at)
			socket := filepath.Join(dir, strconv.Itoa(i))
			next("-M", "-S", socket, "-N", at)
			for range 300 {
				if _, err := os.Stat(socket); err == nil {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			r.client(t, "-S", socket, at, "sleep 1001")
			r.client(t, "-S", socket, "-tt", at)
			continue
		}
		target, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = target.Close() })
		out := filepath.Join(dir, "out")
		next("-N", "-L", out+":127.0.0.1:22", "-R", "2222:"+target.Addr().String(), at)
		r.until(t, "ss -Htln | grep -q :2222")
		in, err := net.Dial("unix", out)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = in.Close() })
		r.Sh("(exec setsid perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(\"127.0.0.1:2222\"); sleep 1000' >/dev/null 2>&1 &)")
	}
	r.until(t, "[ $(ps axo args | grep -c '^[s]leep 1001') = 2 ] && ss -Htn state established '( sport = :2222 )' | grep -q .")
}

// TestTwentySessions of seven kinds are those that ss, who and /proc have, in one exec,
// and nothing changes on the host.
func TestTwentySessions(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hosttest.Options{Release: release, Users: []hosttest.User{{Name: "bob"}, {Name: "admin", Sudo: "nopasswd"}},
				Config: "Subsystem sftp internal-sftp\nUsePAM yes\nLoginGraceTime 600\nClientAliveInterval 300\nMatch User bob\n\tClientAliveInterval 0\n"}, "admin")
			r.Sh("touch /run/utmp; chmod 664 /run/utmp")
			r.twenty(t)
			w := watch(r.pool)
			walk := newWalk(w)
			if _, err := walk.LookSessions(t.Context(), r.target); err != nil { // which connects
				t.Fatal(err)
			}
			files, processes := r.Snapshot("/etc", "/run", "/tmp", "/home", "/var", "/root"), r.lasting()
			w.ran()
			sight, err := walk.LookSessions(t.Context(), r.target)
			if err != nil {
				t.Fatal(err)
			}
			if ran := w.ran(); !slices.Equal(ran, []string{"sessions"}) {
				t.Errorf("it took the scripts %q", ran)
			}
			if d := hosttest.Differences(files, r.Snapshot("/etc", "/run", "/tmp", "/home", "/var", "/root")); d != "" {
				t.Errorf("files changed:\n%s", d)
			}
			if now := r.lasting(); now != processes {
				t.Errorf("processes changed:\n%s\n%s", processes, now)
			}
			r.compare(t, sight.Facts)
			without := r.target
			r.Sh("mv $(command -v ss) /root/ss")
			again, err := walk.LookSessions(t.Context(), without)
			r.Sh("mv /root/ss /usr/bin/ss")
			if err != nil || again.Facts.Source != "proc" {
				t.Fatalf("%q, %v", again.Facts.Source, err)
			}
			r.compare(t, again.Facts)
		})
	}
}

// lasting lists the processes of the machine that outlive a look: those that are there
// twice, a while apart.
func (r *rig) lasting() string {
	before, now := "", r.running()
	for range 50 {
		if now == before {
			break
		}
		time.Sleep(200 * time.Millisecond)
		before, now = now, r.running()
	}
	return now
}

func (r *rig) running() string {
	return r.Sh("ps axo pid,ppid,user,comm | grep -v -e ' ps$' -e ' sh$' -e ' grep$' -e ' sleep$' -e ' <defunct>$'")
}

func (r *rig) compare(t *testing.T, f sshsession.Facts) {
	t.Helper()
	list, why := f.Sessions()
	if why != "" {
		t.Fatal(why)
	}
	var got, terminals []string
	var own, waiting, never int
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s pid=%d", s.Peer[strings.LastIndexByte(s.Peer, ':')+1:], s.PID))
		terminals = append(terminals, s.Terminals...)
		switch {
		case s.Own:
			own++
		case !s.LoggedIn:
			waiting++
		case s.Probing == sshsession.Never && s.User == "bob":
			never++
		case s.Probing == "" || s.Probing == sshsession.Never || s.DeadPeer == 0:
			t.Errorf("%s: %q, %s", s.User, s.Probing, s.ProbingWhy)
		}
		if s.State != sshsession.Open || s.LoggedIn && !slices.Contains([]string{"bob", "admin", "root"}, s.User) || s.Age < 0 || s.Age > 600 {
			t.Errorf("%+v", s)
		}
		if told := s.Received >= 0 && s.Sent >= 0; told != (f.Source == "ss") {
			t.Errorf("%s: %+v", f.Source, s.Connection)
		}
		if (len(s.Terminals) > 0) != (s.Idle >= 0) {
			t.Errorf("%+v", s)
		}
	}
	var want []string
	for line := range strings.Lines(r.Sh("ss -Htnp state established '( sport = :22 )'")) {
		fields := strings.Fields(line)
		pids := strings.Split(fields[4], "pid=")
		pid := 0 // the smallest is the one that accepted
		for _, p := range pids[1:] {
			n, _ := strconv.Atoi(p[:strings.IndexByte(p, ',')])
			if pid == 0 || n < pid {
				pid = n
			}
		}
		want = append(want, fmt.Sprintf("%s pid=%d", fields[3][strings.LastIndexByte(fields[3], ':')+1:], pid))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(got) != 22 || own != 1 || waiting != 1 || never != 7 {
		t.Errorf("have %d sessions, %d of them our own, %d not logged in, %d never probed:\n%q\nwant %d:\n%q", len(got), own, waiting, never, got, len(want), want)
	}
	slices.Sort(terminals)
	if had := strings.Fields(r.Sh("ls /dev/pts | grep -v ptmx | sort | sed s,^,pts/,")); !slices.Equal(terminals, had) {
		t.Errorf("terminals: have %q, want %q", terminals, had)
	}
	if who := strings.Fields(r.Sh("who /run/utmp | awk '{ print $2 }' | sort")); len(who) > 0 && !slices.Equal(terminals, who) {
		t.Errorf("terminals: have %q, who says %q", terminals, who)
	}
	if orphans, why := f.Orphans(); why != "" || len(orphans) > 0 {
		t.Errorf("orphans: %+v, %s", orphans, why)
	}
	if _, why := f.LeftLogins(); why == "" {
		t.Error("a host without logind has none whose leader is gone")
	}
}
