//go:build unix

package acceptance

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

const (
	brakeFile  = "/run/brake"  // names a step of a change; whoever comes there first takes it away
	brakedFile = "/run/braked" // is there for as long as that change is stopped
)

// brakes are programs that a change runs at its steps, and that stop there. The
// change is live when its mark says that the daemon has loaded it.
const brakes = `#!/bin/sh
step=
case ${0##*/}:$* in
mv:*/lock.*\ */lock) step=lock ;;
mv:-f\ new\ ../*) step=swap ;;
mv:*/armed\ */done) step=disarm ;;
stat:*) for f in /var/lib/sshkeepalive/*/loaded; do [ ! -e "$f" ] || step=confirm; done ;;
esac
if [ -n "$step" ] && [ "$(cat ` + brakeFile + ` 2>/dev/null)" = "$step" ]; then
	rm ` + brakeFile + `
	: >` + brakedFile + `
	while [ -e ` + brakedFile + ` ]; do sleep 0.1; done
fi
exec "/usr/bin/${0##*/}" "$@"
`

func withBrakes() hosttest.Options {
	return hosttest.Options{Files: map[string]string{"/usr/local/bin/mv": brakes, "/usr/local/bin/stat": brakes}}
}

// running is an engine that runs as in a terminal: Ctrl-C reaches its provider too.
type running struct {
	t   *testing.T
	cmd *exec.Cmd
	end chan struct{} // has something when it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

func (r *running) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

func (r *running) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return flat(r.out.String())
}

// start begins a command of the engine and does not wait for its end.
func (c *cli) start(args ...string) *running {
	c.t.Helper()
	return c.startWith(nil, args...)
}

func (c *cli) startWith(input io.Reader, args ...string) *running {
	c.t.Helper()
	r := &running{t: c.t, cmd: exec.CommandContext(c.t.Context(), c.engine, args...), end: make(chan struct{}, 1)}
	r.cmd.Stdin = input
	r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = c.dir, c.env, r, r
	r.cmd.WaitDelay = time.Second // a killed engine may leave its provider behind
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait() // the exit code is asked for
		r.end <- struct{}{}
	}()
	return r
}

func (r *running) interrupt(answer string) {
	r.t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		r.t.Fatal(err)
	}
	eventually(r.t, answer, func() bool { return strings.Contains(r.said(), answer) })
}

// wait returns the exit code.
func (r *running) wait() int {
	r.t.Helper()
	select {
	case <-r.end:
	case <-time.After(patience):
		r.t.Fatalf("the engine does not end: %s", r.said())
	}
	return r.cmd.ProcessState.ExitCode()
}

// patience is how long a test waits for what has to come. It is long because other tests
// run beside it, on machines of any speed.
const patience = 5 * time.Minute

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited %s for: %s", patience, what)
}

// stoppedAt runs an apply as far as a step.
func (c *cli) stoppedAt(m *hosttest.Machine, step string) *running {
	c.t.Helper()
	m.Write(brakeFile, step+"\n")
	r := c.start("apply", "-no-color", "-auto-approve")
	eventually(c.t, "the change to come to "+step, func() bool {
		if len(r.end) > 0 {
			c.t.Fatalf("it ended before it came to %s: %s", step, r.said())
		}
		_, err := m.Exec("test", "-e", brakedFile)
		return err == nil
	})
	return r
}

func nothingLeft(t *testing.T, m *hosttest.Machine) {
	t.Helper()
	eventually(t, "nothing to be left behind", func() bool {
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
			m := hosttest.Start(t, withBrakes())
			c := newCLI(t)
			c.config(fleet{"web1": m}.provider("") + named("web1", interrupted))
			r := c.stoppedAt(m, step)
			r.interrupt("Interrupt received")
			m.Remove(brakedFile)
			code, said := r.wait(), r.said()
			t.Logf("%s: exit code %d: %s", step, code, said[strings.Index(said, "Interrupt received"):])
			if got := m.Effective("clientaliveinterval"); got != "77" {
				t.Errorf("%s: ClientAliveInterval is %s", step, got)
			}
			nothingLeft(t, m)
			c.plan(0, "No changes")
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
			m := hosttest.Start(t, withBrakes())
			before := m.Snapshot("/etc/ssh")
			c := newCLI(t)
			c.config(fleet{"web1": m}.provider("") + named("web1", interrupted+"  confirm_timeout = \"8s\"\n"))
			r := c.stoppedAt(m, step)
			r.interrupt("Interrupt received")
			r.interrupt("Two interrupts received")
			if code := r.wait(); code == 0 {
				t.Errorf("%s: exit code %d: %s", step, code, r.said())
			}
			m.Remove(brakedFile)
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
			c.apply()
			c.plan(0, "No changes")
		})
	}
}

// TestPlanAfterAKilledApply: what the killed run made effective is what is asked for, and
// the host is about to take it back. The plan is not empty, and the apply lasts.
func TestPlanAfterAKilledApply(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, withBrakes())
	c := newCLI(t)
	const protected = "  confirm_timeout = \"15s\"\n"
	c.config(fleet{"web1": m}.provider("") + named("web1", interrupted+protected))
	c.apply()
	c.config(fleet{"web1": m}.provider("") + named("web1", "  client_alive_interval = 99\n"+protected))
	r := c.stoppedAt(m, "confirm")
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.wait()
	m.Remove(brakedFile)
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Fatalf("before it is taken back ClientAliveInterval is %s", got)
	}
	c.expect(2, []string{"a change made by another run is pending until"}, "plan", "-no-color", "-detailed-exitcode", "-lock=false")
	c.expect(0, nil, "apply", "-no-color", "-auto-approve", "-lock=false")
	nothingLeft(t, m)
	if got := m.Effective("clientaliveinterval"); got != "99" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
	c.plan(0, "No changes")
}

// TestInterruptOfAProbe: Ctrl-C ends an idle time of an hour at once.
func TestInterruptOfAProbe(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "idler"}}})
	c := newCLI(t)
	c.config(providerBlock("", m) + fmt.Sprintf("data \"sshkeepalive_probe\" \"x\" {\n  host = \"idler@%s:%d\"\n  idle = \"1h\"\n}\n", m.Addr, m.Port))
	r := c.start("plan", "-no-color")
	eventually(t, "the login", func() bool { return regexp.MustCompile(`(?m)sshd: idler *$`).MatchString(m.Processes()) })
	r.interrupt("Interrupt received")
	if code := r.wait(); code == 0 || !strings.Contains(r.said(), "sit idle") {
		t.Errorf("exit code %d: %s", code, r.said())
	}
}

// TestTwoEnginesApply: of two engines that apply to one host at the same time the
// second waits until the first has come to its end.
//
// Fault 47.
func TestTwoEnginesApply(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, withBrakes())
	first, second := newCLI(t), newCLI(t)
	first.config(fleet{"web1": m}.provider("") + named("web1", interrupted))
	second.config(fleet{"web1": m}.provider("") + named("web1", "  drop_in_name = \"20-second.conf\"\n  login_grace_time = 66\n"))
	r := first.stoppedAt(m, "swap")
	other := second.start("apply", "-no-color", "-auto-approve")
	eventually(t, "the second to begin", func() bool { return strings.Contains(other.said(), "Creating...") })
	time.Sleep(2 * time.Second)
	if len(r.end)+len(other.end) > 0 {
		t.Errorf("one did not wait: %s; %s", r.said(), other.said())
	}
	m.Remove(brakedFile)
	if code := r.wait(); code != 0 {
		t.Errorf("the first ended with %d: %s", code, r.said())
	}
	if code := other.wait(); code != 0 {
		t.Errorf("the second ended with %d: %s", code, other.said())
	}
	nothingLeft(t, m)
	if a, b := m.Effective("clientaliveinterval"), m.Effective("logingracetime"); a != "77" || b != "66" {
		t.Errorf("in force are %s and %s", a, b)
	}
	first.plan(0)
	second.plan(0)
}

// TestInterruptWhileWaiting: nothing is waited for but a change.
func TestInterruptWhileWaiting(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := newCLI(t)
	c.config(fleet{"web1": m}.provider("") + named("web1", interrupted))
	c.expect(0, nil, "plan", "-no-color", "-out=saved")
	m.Freeze()
	defer m.Thaw()
	r := c.start("apply", "-no-color", "saved")
	// The kernel accepts what nobody will answer.
	eventually(t, "the provider to wait for an answer", func() bool {
		out, err := m.Exec("ss", "-tHn", "state", "established", "sport", "= :"+strconv.Itoa(m.Port))
		return err == nil && strings.TrimSpace(out) != ""
	})
	began := time.Now()
	r.interrupt("Interrupt received")
	code := r.wait()
	took := time.Since(began)
	t.Logf("after %.1f s: exit code %d: %s", took.Seconds(), code, r.said())
	if code == 0 || took > 5*time.Second {
		t.Errorf("it ended with %d after %.1f s: %s", code, took.Seconds(), r.said())
	}
}
