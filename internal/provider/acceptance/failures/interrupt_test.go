//go:build unix

package failures

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

func nothingLeft(t *testing.T, m *hosttest.Machine) {
	t.Helper()
	acceptance.Eventually(t, "nothing to be left behind", func() bool {
		return strings.TrimSpace(m.Sh("{ find /var/run/sshkeepalive /var/lib/sshkeepalive; find /etc/ssh -name '.*'; ps -eww -o args | grep '[/]rollback'; } 2>/dev/null || :")) == ""
	})
}

const interrupted = "  client_alive_interval = 77\n"

// TestInterrupt: Ctrl-C lets a change that was begun come to its end, and its
// result is written down, at whichever step it comes.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"lock", "swap", "confirm", "disarm"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, acceptance.WithBrakes())
			c := acceptance.NewCLI(t)
			c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", interrupted))
			r := c.StoppedAt(m, step)
			r.Interrupt("Interrupt received")
			m.Remove(acceptance.BrakedFile)
			code, said := r.Wait(), r.Said()
			t.Logf("%s: exit code %d: %s", step, code, said[strings.Index(said, "Interrupt received"):])
			if got := m.Effective("clientaliveinterval"); got != "77" {
				t.Errorf("%s: ClientAliveInterval is %s", step, got)
			}
			nothingLeft(t, m)
			c.Plan(0, "No changes")
		})
	}
}

// TestInterruptTwice: whoever presses Ctrl-C again kills the provider. The host then
// goes back by itself, unless the change was confirmed, and the next apply comes
// through.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	for step, value := range map[string]string{"swap": "120", "confirm": "120", "disarm": "77"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, acceptance.WithBrakes())
			before := m.Snapshot("/etc/ssh")
			c := acceptance.NewCLI(t)
			c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", interrupted+"  confirm_timeout = \"8s\"\n"))
			r := c.StoppedAt(m, step)
			r.Interrupt("Interrupt received")
			r.Interrupt("Two interrupts received")
			if code := r.Wait(); code == 0 {
				t.Errorf("%s: exit code %d: %s", step, code, r.Said())
			}
			m.Remove(acceptance.BrakedFile)
			nothingLeft(t, m)
			if got := m.Effective("clientaliveinterval"); got != value {
				t.Errorf("%s: ClientAliveInterval is %s, not %s", step, got, value)
			}
			if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); value == "120" && d != "" {
				t.Errorf("%s: not what it was:\n%s", step, d)
			}
			if _, err := m.SSH("root", "true"); err != nil {
				t.Errorf("%s: no login: %v", step, err)
			}
			c.Apply()
			c.Plan(0, "No changes")
		})
	}
}

// TestPlanAfterAKilledApply: what the killed run made effective is what is asked for, and
// the host is about to take it back. The plan is not empty, and the apply lasts.
func TestPlanAfterAKilledApply(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, acceptance.WithBrakes())
	c := acceptance.NewCLI(t)
	const protected = "  confirm_timeout = \"15s\"\n"
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", interrupted+protected))
	c.Apply()
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "  client_alive_interval = 99\n"+protected))
	r := c.StoppedAt(m, "confirm")
	r.Kill()
	r.Wait()
	m.Remove(acceptance.BrakedFile)
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Fatalf("before it is taken back ClientAliveInterval is %s", got)
	}
	c.Expect(2, []string{"a change made by another run is pending until"}, "plan", "-no-color", "-detailed-exitcode", "-lock=false")
	c.Expect(0, nil, "apply", "-no-color", "-auto-approve", "-lock=false")
	nothingLeft(t, m)
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
	c.Plan(0, "No changes")
}

// TestInterruptOfAProbe: Ctrl-C ends an idle time of an hour at once.
func TestInterruptOfAProbe(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "idler"}}})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf("data \"sshkeepalive_probe\" \"x\" {\n  host = \"idler@%s:%d\"\n  idle = \"1h\"\n}\n", m.Addr, m.Port))
	r := c.Start("plan", "-no-color")
	acceptance.Eventually(t, "the login", func() bool { return regexp.MustCompile(`(?m)sshd: idler *$`).MatchString(m.Processes()) })
	r.Interrupt("Interrupt received")
	if code := r.Wait(); code == 0 || !strings.Contains(r.Said(), "sit idle") {
		t.Errorf("exit code %d: %s", code, r.Said())
	}
}

// TestTwoEnginesApply: of two engines that apply to one host at the same time the
// second waits until the first has come to its end.
//
// Fault 47.
func TestTwoEnginesApply(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, acceptance.WithBrakes())
	first, second := acceptance.NewCLI(t), acceptance.NewCLI(t)
	first.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", interrupted))
	second.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "  drop_in_name = \"20-second.conf\"\n  login_grace_time = 66\n"))
	r := first.StoppedAt(m, "swap")
	other := second.Start("apply", "-no-color", "-auto-approve")
	acceptance.Eventually(t, "the second to begin", func() bool { return strings.Contains(other.Said(), "Creating...") })
	time.Sleep(2 * time.Second)
	if r.Ended() || other.Ended() {
		t.Errorf("one did not wait: %s; %s", r.Said(), other.Said())
	}
	m.Remove(acceptance.BrakedFile)
	if code := r.Wait(); code != 0 {
		t.Errorf("the first ended with %d: %s", code, r.Said())
	}
	if code := other.Wait(); code != 0 {
		t.Errorf("the second ended with %d: %s", code, other.Said())
	}
	nothingLeft(t, m)
	if a, b := m.Effective("clientaliveinterval"), m.Effective("logingracetime"); a != "77" || b != "66" {
		t.Errorf("in force are %s and %s", a, b)
	}
	first.Plan(0)
	second.Plan(0)
}

// TestInterruptWhileWaiting: nothing is waited for but a change.
func TestInterruptWhileWaiting(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", interrupted))
	c.Expect(0, nil, "plan", "-no-color", "-out=saved")
	m.Freeze()
	defer m.Thaw()
	r := c.Start("apply", "-no-color", "saved")
	// The kernel accepts what nobody will answer.
	acceptance.Eventually(t, "the provider to wait for an answer", func() bool {
		out, err := m.Exec("ss", "-tHn", "state", "established", "sport", "= :"+strconv.Itoa(m.Port))
		return err == nil && strings.TrimSpace(out) != ""
	})
	began := time.Now()
	r.Interrupt("Interrupt received")
	code := r.Wait()
	took := time.Since(began)
	t.Logf("after %.1f s: exit code %d: %s", took.Seconds(), code, r.Said())
	if code == 0 || took > 5*time.Second {
		t.Errorf("it ended with %d after %.1f s: %s", code, took.Seconds(), r.Said())
	}
}
