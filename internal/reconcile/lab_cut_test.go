//go:build hosts

package reconcile_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// shortly is a confirm timeout that tests can wait for.
const shortly = 5 * time.Second

// late is a drop-in that is read after the cloud image's.
const late = "/etc/ssh/sshd_config.d/99-sshkeepalive.conf"

// twoFiles is a wish that takes a change of two files: the drop-in is read after
// the one whose value it takes over.
func twoFiles(interval string) sshserver.Want {
	want := wish("ClientAliveInterval", interval)
	want.Placement, want.DropInName = sshserver.DropIn, "99-sshkeepalive.conf"
	return want
}

// blow is what happens to an apply that has come to a step.
type blow struct {
	name   string
	strike func(t *testing.T, r *labRig, c *clientProcess)
	all    bool // also at steps that are the client's
}

var blows = []blow{
	{"connection cut", func(t *testing.T, r *labRig, c *clientProcess) { r.cutSessions(); r.loosen(); c.release() }, true},
	{"script killed", func(t *testing.T, r *labRig, c *clientProcess) { r.Sh("kill -9 $(cat " + brakedFile + ")"); r.loosen() }, false},
	{"client killed", func(t *testing.T, r *labRig, c *clientProcess) { c.kill(); r.loosen() }, true},
	{"reboot", func(t *testing.T, r *labRig, c *clientProcess) { r.host.Reboot(); c.release() }, true},
	{"power cut", func(t *testing.T, r *labRig, c *clientProcess) { r.host.PowerOff(); r.host.PowerOn(); c.release() }, true},
}

// cutSessions ends every connection, as a firewall that forgot them would.
func (r *labRig) cutSessions() {
	r.Sh("for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in sshd|sshd-session) " +
		"tr '\\0' ' ' <$p/cmdline | grep -q listener || kill -9 ${p#/proc/} || :;; esac; done")
}

// loosen lets a script that was stopped go on.
func (r *labRig) loosen() { r.Sh("rm -f " + brakedFile) }

// stopped waits until the change has come to the step.
func (r *labRig) stopped(t *testing.T, step string, c *clientProcess) {
	t.Helper()
	if step == "confirm" {
		if line := <-c.lines; line != "confirming" {
			t.Fatalf("the client did not come to confirm: %q", line)
		}
		return
	}
	r.eventually(t, "the change to come to "+step, func() bool {
		_, err := r.Exec("test", "-s", brakedFile)
		return err == nil
	})
}

// shares says which third of the strikes a release takes when not all are wanted:
// together the three take each once.
var shares = map[string]int{"bullseye": 0, "bookworm": 1, "trixie": 2}

// TestLabCuts strikes a real apply at every step in every way, with LAB_ALL=1 on
// each release. Afterwards the host accepts logins, runs the old or the new
// configuration and nothing between, nothing of ours is left on it, and the next
// apply converges.
func TestLabCuts(t *testing.T) {
	steps := append(append(append([]string{}, beginSteps...), "confirm"), finishSteps...)
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		old := r.Snapshot("/etc/ssh")
		if _, plan := apply(t, r.rig, twoFiles("60")); len(plan.Changes) != 2 {
			t.Fatalf("changes of %d files (%s)", len(plan.Changes), plan.Trail)
		}
		fresh := r.Snapshot("/etc/ssh")
		r.restore(t, old)
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		defer table.Flush()
		strikes := 0
		for _, b := range blows {
			for _, step := range steps {
				if step == "confirm" && !b.all {
					continue
				}
				strikes++
				if os.Getenv("LAB_ALL") == "" && strikes%len(shares) != shares[o.Release] {
					continue
				}
				began := time.Now()
				said, ended := r.struck(t, b, step, old, fresh)
				fmt.Fprintf(table, "%s\t%s at %s\t%s\t%.1f s\t%s\n", o.Release, b.name, step, ended, time.Since(began).Seconds(), said)
				if t.Failed() {
					t.Fatalf("%s at %s: the client said: %s", b.name, step, said)
				}
			}
		}
	})
}

// TestLabRollbackWithoutRoom: a client dies before it confirms, and /run, where systemd
// keeps its own things too, has no room for a byte more. The watchdog rolls back in time.
func TestLabRollbackWithoutRoom(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		// A snapshot is not taken while the watchdog is at work: tar complains of it.
		const sum = "cd /etc/ssh; { find . -printf '%p %y %m %U:%G %l\\n' | sort; find . -type f | sort | xargs cat; } 2>/dev/null | cksum"
		old, before := r.Snapshot("/etc/ssh"), r.Sh(sum)
		c := r.start(t, twoFiles("60"), "confirm", 4*shortly)
		r.stopped(t, "confirm", c)
		c.kill()
		r.Sh("mount -o remount,size=$(($(df -k --output=used /run | tail -n 1) + 64))k /run")
		// What ends meanwhile gives its room back, and so would an older /run/more.
		r.eventually(t, "/run to be full", func() bool {
			r.Sh("rm -f /run/more; dd if=/dev/zero bs=1k >>/run/filler 2>/dev/null || :")
			_, err := r.Exec("sh", "-c", "head -c 5000 /dev/zero >/run/more")
			return err != nil
		})
		began := time.Now()
		r.eventually(t, "the watchdog to roll back", func() bool { return r.Sh(sum) == before })
		t.Logf("rolled back after %.1f s", time.Since(began).Seconds())
		if d := hosttest.Differences(old, r.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("not restored:\n%s", d)
		}
		r.Sh("rm /run/filler /run/more; mount -o remount,size=64m /run")
		r.eventually(t, "traces to go", func() bool { return r.traces() == "" })
		if err := r.login("root"); err != nil {
			t.Errorf("nobody can log in: %v", err)
		}
	})
}

// TestLabNetworkGone takes the network away for good, as far as the client can see,
// at a step of each release: the client gives up, the watchdog does its work, and
// the client does not claim more than it saw.
func TestLabNetworkGone(t *testing.T) {
	at := map[string]string{"bullseye": "second", "bookworm": "live", "trixie": "confirm"}
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		old, step := r.Snapshot("/etc/ssh"), at[o.Release]
		r.Write(brakeFile, step+"\n")
		c := r.start(t, twoFiles("60"), step, shortly)
		r.stopped(t, step, c)
		r.Unplug()
		r.loosen()
		c.release()
		began := time.Now()
		r.eventually(t, "the watchdog to roll back", func() bool { return r.traces() == "" })
		rolledBack := time.Since(began)
		said := c.end(t)
		t.Logf("gone at %s: rolled back after %.1f s; after %.1f s the client said %s", step, rolledBack.Seconds(), time.Since(began).Seconds(), said)
		if !strings.HasPrefix(said, string(reconcile.Watchdog)) {
			t.Errorf("the client said %q", said)
		}
		r.Plug()
		if d := hosttest.Differences(old, r.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("not restored:\n%s", d)
		}
		if err := r.login("root"); err != nil {
			t.Error(err)
		}
		apply(t, r.rig, twoFiles("60"))
	})
}

// restore takes what was applied away.
func (r *labRig) restore(t *testing.T, old map[string]hosttest.File) {
	t.Helper()
	if same, err := r.walk().Remove(t.Context(), r.target, twoFiles("60"), reconcile.Record{}); err != nil || !same {
		t.Fatalf("remove: %v %v", same, err)
	}
	if d := hosttest.Differences(old, r.Snapshot("/etc/ssh")); d != "" {
		t.Fatalf("after remove:\n%s", d)
	}
}

// struck is one apply that is struck, and what must hold afterwards.
func (r *labRig) struck(t *testing.T, b blow, step string, old, fresh map[string]hosttest.File) (said, ended string) {
	t.Helper()
	r.Write(brakeFile, step+"\n")
	want := twoFiles("60")
	c := r.start(t, want, step, shortly)
	r.stopped(t, step, c)
	b.strike(t, r, c)
	said = c.end(t)
	r.Sh("rm -f " + brakeFile)
	r.eventually(t, "our traces to go", func() bool { return r.traces() == "" })
	r.eventually(t, "a login", func() bool { return r.login("root") == nil })
	now := r.Snapshot("/etc/ssh")
	toOld, toNew := hosttest.Differences(old, now), hosttest.Differences(fresh, now)
	interval := ""
	switch {
	case toOld == "":
		ended, interval = "old", "120"
	case toNew == "":
		ended, interval = "new", "60"
	default:
		t.Errorf("%s at %s: neither old:\n%s\nnor new:\n%s", b.name, step, toOld, toNew)
	}
	sight, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		t.Fatal(err)
	}
	if got := sight.Facts.Effective[0]["clientaliveinterval"]; strings.Join(got, "") != interval || sight.Facts.Daemon.Stale {
		t.Errorf("%s at %s: the daemon runs %q, stale %v, with the %s files", b.name, step, got, sight.Facts.Daemon.Stale, ended)
	}
	if strings.HasPrefix(said, "applied") && ended == "old" || strings.HasPrefix(said, "rolled back") && ended == "new" {
		t.Errorf("%s at %s: the client said %q, and the files are the %s ones", b.name, step, said, ended)
	}
	if late := slices.Index(beginSteps, step) > slices.Index(beginSteps, "swap") || slices.Contains(finishSteps, step); late && strings.HasPrefix(said, "unchanged") {
		t.Errorf("%s at %s: files were swapped, and the client said %q", b.name, step, said)
	}
	if _, _, _, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil {
		t.Errorf("%s at %s: the next apply: %v", b.name, step, err)
	}
	r.restore(t, old)
	r.noTraces(t)
	return said, ended
}
