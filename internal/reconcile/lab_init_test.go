//go:build hosts

package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// serviceCalls is where the service script of sshd writes down what it is asked for.
const serviceCalls = "/run/service-calls"

// everyInit runs a test on hosts without systemd. That with sysvinit has at, whose
// jobs are the watchdogs, and cron, which rolls back after a boot; that with OpenRC
// has neither.
func everyInit(t *testing.T, test func(t *testing.T, r *labRig, watchdog string)) {
	for init, watchdog := range map[lab.Init]string{lab.SysV: "at", lab.OpenRC: "sleeper"} {
		t.Run(string(init), func(t *testing.T) {
			t.Parallel()
			o := release("bookworm")
			o.Init = init
			o.Files = map[string]string{"/etc/default/ssh": "echo \"$1\" >>" + serviceCalls + "\n"}
			test(t, newLabRig(t, o, "root"), watchdog)
		})
	}
}

// asked returns what the service of sshd was asked for since the last time.
func (r *labRig) asked() string {
	return strings.Join(strings.Fields(r.Sh("cat "+serviceCalls+" 2>/dev/null || :; rm -f "+serviceCalls)), " ")
}

// TestLabInitLife applies, repairs and removes through the service scripts, while
// another session goes on.
func TestLabInitLife(t *testing.T) {
	everyInit(t, func(t *testing.T, r *labRig, _ string) {
		other := r.linger(t, "guest")
		before := r.Snapshot("/etc")
		r.asked()
		want := wish("ClientAliveInterval", "60")
		for _, name := range []string{"a new setting", "an unread file"} {
			if name == "an unread file" {
				r.Sh("touch " + mainFile)
				if sight, err := r.walk().Look(t.Context(), r.target, want); err != nil || !sight.Facts.Daemon.Stale {
					t.Errorf("%s: not stale, %v", name, err)
				}
			}
			sight, _ := apply(t, r.rig, want)
			if got := r.Effective("clientaliveinterval"); got != "60" || sight.Facts.Daemon.Stale {
				t.Errorf("%s: sshd says %q, stale %v", name, got, sight.Facts.Daemon.Stale)
			}
			if got := r.asked(); got != "reload" {
				t.Errorf("%s: the service was asked to %q", name, got)
			}
			other.alive(t)
			r.noTraces(t)
		}
		if same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{}); err != nil || !same {
			t.Fatalf("remove: %v %v", same, err)
		}
		other.alive(t)
		if d := hosttest.Differences(before, r.Snapshot("/etc")); d != "" {
			t.Errorf("after remove /etc differs:\n%s", d)
		}
	})
}

// TestLabInitLockOuts: what keeps us out is taken back, and a daemon that dies of its
// files is started again with the old ones.
func TestLabInitLockOuts(t *testing.T) {
	everyInit(t, func(t *testing.T, r *labRig, _ string) {
		for _, a := range []attempt{
			{name: "PermitRootLogin no", want: single("PermitRootLogin", "no")},
			{name: "ListenAddress not of this host", want: single("ListenAddress", "203.0.113.9")},
		} {
			f := r.lockOut(t, a)
			t.Logf("%s: %s after %.1f s: %s", a.name, f.outcome, f.seconds, f.said)
		}
	})
}

// TestLabInitCuts strikes an apply when it is live or about to be.
func TestLabInitCuts(t *testing.T) {
	everyInit(t, func(t *testing.T, r *labRig, watchdog string) {
		old := r.Snapshot("/etc/ssh")
		apply(t, r.rig, twoFiles("60"))
		fresh := r.Snapshot("/etc/ssh")
		r.restore(t, old)
		for _, at := range []struct{ blow, step string }{{"client killed", "confirm"}, {"reboot", "second"}, {"power cut", "confirm"}} {
			b := blows[slices.IndexFunc(blows, func(b blow) bool { return b.name == at.blow })]
			seen, strike := "", b.strike
			b.strike = func(t *testing.T, r *labRig, c *clientProcess) {
				seen = strings.TrimSpace(r.Sh("cat /var/lib/sshkeepalive/*/watchdog"))
				strike(t, r, c)
			}
			began := time.Now()
			said, ended := r.struck(t, b, at.step, old, fresh)
			t.Logf("%s at %s, watched by %s: %s after %.1f s: %s", b.name, at.step, seen, ended, time.Since(began).Seconds(), said)
			if word, _, _ := strings.Cut(seen, " "); word != watchdog {
				t.Errorf("%s at %s: the watchdog is %q, not %q", b.name, at.step, seen, watchdog)
			}
		}
	})
}

// TestLabBoot: what runs at boot takes back what nobody confirmed, without the client
// and long before the watchdog.
func TestLabBoot(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) { newLabRig(t, o, "root").bootsBack(t) })
	everyInit(t, func(t *testing.T, r *labRig, _ string) { r.bootsBack(t) })
}

func (r *labRig) bootsBack(t *testing.T) {
	t.Helper()
	old := r.Snapshot("/etc/ssh")
	c := r.start(t, twoFiles("60"), "confirm", 5*time.Minute)
	r.stopped(t, "confirm", c)
	c.kill()
	boot := strings.TrimSpace(r.Sh("cat /var/lib/sshkeepalive/*/boot"))
	r.host.PowerOff()
	if hosttest.Differences(old, r.Snapshot("/etc/ssh")) == "" {
		t.Error("the change was not live, so this test could not fail")
	}
	began := time.Now()
	r.host.PowerOn()
	r.eventually(t, "traces to go", func() bool { return r.traces() == "" })
	r.eventually(t, "a login", func() bool { return r.login("root") == nil })
	t.Logf("%s took the change back %.1f s after the power came", boot, time.Since(began).Seconds())
	if d := hosttest.Differences(old, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("not restored:\n%s", d)
	}
	sight, err := r.walk().Look(t.Context(), r.target, twoFiles("60"))
	if err != nil || sight.Facts.Daemon.Stale {
		t.Errorf("the daemon has not loaded the old files: %v", err)
	}
}
