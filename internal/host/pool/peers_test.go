package pool

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// peer is a machine with another SSH server than OpenSSH, behind a relay.
func peer(t *testing.T, start func(*hosttest.Machine), change func(*host.Settings)) (host.Host, *relay, *hosttest.Machine) {
	t.Helper()
	m := hosttest.Start(t, hosttest.Options{NoDaemon: true})
	start(m)
	r := newRelay(t, net.JoinHostPort(m.Addr, sshtest.Itoa(m.Port)), faults{})
	spec := specOf(t, m, "root", func(l *host.Settings) {
		l.Host, l.Port = sshtest.Ptr("127.0.0.1"), sshtest.Ptr(r.port())
		if change != nil {
			change(l)
		}
	})
	return acquire(t, brisk(t), spec), r, m
}

// overlapping runs n scripts at once that leave a line each, and returns the lines.
func overlapping(t *testing.T, h host.Host, n int) []string {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			run(t, h, host.Script{Name: "work", Text: fmt.Sprintf("echo %02d >>/tmp/work; sleep 0.01", i)})
		})
	}
	wg.Wait()
	lines := strings.Fields(run(t, h, host.Script{Text: "cat /tmp/work"}).Stdout)
	slices.Sort(lines)
	return lines
}

func numbers(n int) (want []string) {
	for i := range n {
		want = append(want, fmt.Sprintf("%02d", i))
	}
	return want
}

// tinysshd refuses a second session on a connection, ever. The scripts that meet
// the refusal run once, on connections of their own.
//
// Fault 25.
func TestTinySSHAllowsOneSession(t *testing.T) {
	t.Parallel()
	h, r, _ := peer(t, (*hosttest.Machine).StartTinySSH, nil)
	if v := h.Identity().ServerVersion; !strings.HasPrefix(v, "SSH-2.0-tinyssh") {
		t.Fatal(v)
	}
	if have := overlapping(t, h, 12); !slices.Equal(have, numbers(12)) {
		t.Errorf("have %q", have)
	}
	t.Logf("13 scripts over %d connections", r.conns.Load())
}

// dropbear 2022.83 loses scripts that overlap on one connection, some of which
// have run.
//
// Fault 26.
func TestDropbearLosesOverlappingScripts(t *testing.T) {
	t.Parallel()
	h, r, _ := peer(t, func(m *hosttest.Machine) { m.StartDropbear() }, nil)
	if v := h.Identity().ServerVersion; !strings.HasPrefix(v, "SSH-2.0-dropbear") {
		t.Fatal(v)
	}
	if have := overlapping(t, h, 60); !slices.Equal(have, numbers(60)) || r.conns.Load() != 1 {
		t.Errorf("have %q over %d connections", have, r.conns.Load())
	}
}

// The keepalive of tinysshd 20230101 ends its connection. What was idle is
// forgotten, and from then on it is left in peace.
//
// Fault 32.
func TestTinySSHEndsOnAKeepalive(t *testing.T) {
	t.Parallel()
	h, r, _ := peer(t, (*hosttest.Machine).StartTinySSH, func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(100 * time.Millisecond) })
	untilLost(t, h)
	for range 2 {
		if res := run(t, h, host.Script{Name: "quiet", Text: "sleep 1; echo quiet"}); res.Stdout != "quiet\n" {
			t.Errorf("have %+v", res)
		}
	}
	if n := r.conns.Load(); n != 3 {
		t.Errorf("want a connection that the keepalive ended and one for each script, have %d", n)
	}
}

// dropbear answers keepalives, refuses a script longer than its exec line on it,
// and takes one of any size on standard input.
func TestRealDropbear(t *testing.T) {
	t.Parallel()
	h, r, _ := peer(t, func(m *hosttest.Machine) { m.StartDropbear() }, func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(100 * time.Millisecond) })
	time.Sleep(500 * time.Millisecond)
	for _, length := range []int{exec.LineLimit / 2, exec.LineLimit, 9000, 100_000} {
		if res := run(t, h, host.Script{Text: "sleep 0.5; echo " + strings.Repeat("x", length)}); len(res.Stdout) != length+1 {
			t.Errorf("%d: have %d bytes", length, len(res.Stdout))
		}
	}
	if n := r.conns.Load(); n != 1 {
		t.Errorf("want 1 connection, have %d", n)
	}
}

// Where there is no sudo, doas serves, without a password only: it reads one from
// a terminal alone.
//
// Fault 51.
func TestDoas(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bookworm", "trixie"} {
		m := hosttest.Start(t, hosttest.Options{
			Release: release,
			Users:   []hosttest.User{{Name: "admin"}, {Name: "typist", Password: "correct-horse"}, {Name: "guest"}, {Name: "deploy"}},
			Files:   map[string]string{"/etc/doas.conf": "permit nopass admin\npermit typist\n"},
		})
		m.Sh("mv /usr/bin/sudo /usr/bin/sudo.away")
		for _, c := range []struct {
			user, become string
			password     host.Secret
			want         string // of the error, "" for success
			became       string
		}{
			{user: "admin", became: "root"},
			{user: "admin", become: "deploy", became: "deploy"},
			{user: "admin", password: "not needed", became: "root"},
			{user: "typist", want: "doas did not start the script"},
			{user: "typist", password: "correct-horse", want: "doas did not start the script"},
			{user: "guest", want: "doas did not start the script"},
		} {
			h := acquire(t, brisk(t), specOf(t, m, c.user, func(l *host.Settings) {
				l.Sudo = sshtest.Ptr(true)
				if c.become != "" {
					l.SudoUser = &c.become
				}
				if c.password != "" {
					l.SudoPassword = &c.password
				}
			}))
			for _, text := range []string{"id -un", "id -un\ntrue"} {
				s := host.Script{Name: "who", Text: text, Root: true}
				if c.want == "" {
					if r := run(t, h, s); r.Stdout != c.became+"\n" || r.Stderr != "" {
						t.Errorf("%s: %+v: have %+v", release, c, r)
					}
					continue
				}
				e, took := runError(t, h, s)
				if e.Kind != host.Escalation || e.MayHaveRun || !strings.Contains(e.Error(), c.want) || took > 10*time.Second {
					t.Errorf("%s: %+v: have %v after %v: %v", release, c, e.Kind, took, e)
				}
			}
		}
	}
}
