package pool

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// alive is what an sshd does with keepalives.
type alive struct {
	interval time.Duration // 0: nothing
	countMax int           // after so many without an answer it hangs up; 0: they are answered
	deaf     bool          // refuses to be asked itself, by hanging up
}

// bubbleAlive is a server in a bubble that asks like an sshd. x/crypto sends no
// second request while the first has no answer, so that those of which none is
// expected are sent as such: what the client hears is the same.
func bubbleAlive(t *testing.T, a alive) func(net.Conn) {
	return func(c net.Conn) {
		conn, channels, requests, err := ssh.NewServerConn(c, bubbleConfig())
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				if a.deaf {
					_ = conn.Close()
				}
				_ = r.Reply(false, nil)
			}
		}()
		go func() {
			for range channels {
				t.Error("a channel was opened")
			}
		}()
		gone := make(chan struct{})
		go func() {
			_ = conn.Wait()
			close(gone)
		}()
		for n := 0; a.interval > 0; n++ {
			select {
			case <-time.After(a.interval):
			case <-gone:
				return
			}
			if a.countMax > 0 && n == a.countMax {
				_ = conn.Close()
				return
			}
			if _, _, err := conn.SendRequest("keepalive@openssh.com", a.countMax == 0, nil); err != nil {
				return
			}
		}
	}
}

// TestIdleProbe has exact times. What sshd asks is heard over 10 ms each way: its
// clock begins when it has our login and goes on when it has our answer.
func TestIdleProbe(t *testing.T) {
	const trip = 20 * time.Millisecond
	minute := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	for name, c := range map[string]struct {
		server alive
		watch  probe.IdleOptions
		holed  time.Duration // when the path forgets us
		want   probe.IdleResult
		took   time.Duration
	}{
		"a sshd that asks":                            {server: alive{interval: minute(1)}, watch: probe.IdleOptions{Idle: minute(4)}, want: probe.IdleResult{Keepalives: []time.Duration{minute(1) + trip, minute(2) + 2*trip, minute(3) + 3*trip}, LoginResult: probe.LoginResult{RoundTrip: trip}}, took: minute(4) + trip},
		"one that does not":                           {watch: probe.IdleOptions{Idle: minute(600)}, want: probe.IdleResult{LoginResult: probe.LoginResult{RoundTrip: trip}}, took: minute(600) + trip},
		"one that gives us up":                        {server: alive{interval: minute(1), countMax: 2}, watch: probe.IdleOptions{Idle: minute(9), Mute: true}, want: probe.IdleResult{Keepalives: []time.Duration{minute(1) + trip, minute(2) + trip}, CloseReason: probe.CloseEOF, Silence: minute(3) + trip/2}, took: minute(3) + trip/2},
		"too late for our limit":                      {server: alive{interval: minute(1), countMax: 9}, watch: probe.IdleOptions{Idle: 100 * time.Second, Mute: true}, want: probe.IdleResult{Keepalives: []time.Duration{minute(1) + trip}, LoginResult: probe.LoginResult{RoundTrip: trip}}, took: 100*time.Second + trip},
		"a path that forgets us":                      {server: alive{interval: minute(1)}, watch: probe.IdleOptions{Idle: minute(4)}, holed: minute(2), want: probe.IdleResult{Keepalives: []time.Duration{minute(1) + trip, minute(2) + 2*trip}, CloseReason: probe.CloseNoAnswer}, took: minute(4) + 5*time.Second},
		"one that hangs up when asked, which is life": {server: alive{deaf: true}, watch: probe.IdleOptions{Idle: minute(1)}, took: minute(1) + trip},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, link := bubbleTo(t, trip/2, bubbleAlive(t, c.server), func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(time.Duration(0)) })
				defer r.Close(conn.ErrClosed)
				if c.holed > 0 {
					time.AfterFunc(c.holed, func() { link.open.Store(true) })
				}
				spoke := r.LastSent()
				v, err := probe.Idle(t.Context(), r.Conn, c.watch)
				if took := time.Since(spoke); err != nil || took < c.took || took > c.took+4*trip {
					t.Errorf("it took %v, not %v: %v", took, c.took, err)
				}
				if !slices.Equal(v.Keepalives, c.want.Keepalives) || v.CloseReason != c.want.CloseReason || v.Silence != c.want.Silence || v.RoundTrip != c.want.RoundTrip || (v.Cause != nil) != (v.CloseReason != "") {
					t.Errorf("have %+v, want %+v", v, c.want)
				}
			})
		})
	}
}

// TestIdleProbeEndsWithItsContext: at once, in whichever part of it.
func TestIdleProbeEndsWithItsContext(t *testing.T) {
	for name, after := range map[string]time.Duration{"idle": 10 * time.Second, "asking": 61 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, link := bubbleTo(t, 0, bubbleAlive(t, alive{}), func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(time.Duration(0)) })
				defer r.Close(conn.ErrClosed)
				link.open.Store(true)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(after, cancel)
				began := time.Now()
				_, err := probe.Idle(ctx, r.Conn, probe.IdleOptions{Idle: time.Minute})
				if e := failure(t, err); e.Kind != host.Canceled || e.Phase != host.PhaseIdle || time.Since(began) != after {
					t.Errorf("after %v: %+v", time.Since(began), e)
				}
			})
		})
	}
}

// TestIdleProbeOfSSHD asks the real one, which is a release that waits for two
// intervals. Our own keepalives are set so short that the second would never be
// given up if they were sent.
func TestIdleProbeOfSSHD(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{{Name: "left", Shell: "/bin/false"}},
		Files: map[string]string{"/etc/ssh/sshd_config.d/10-x.conf": "ClientAliveInterval 1\nClientAliveCountMax 2\nMatch User left\nClientAliveInterval 0\n"},
	})
	for name, c := range map[string]struct {
		user        string
		watch       probe.IdleOptions
		least, most int
		parting     probe.CloseReason
	}{
		"answered":  {"root", probe.IdleOptions{Idle: 7 * time.Second}, 2, 7, ""},
		"mute":      {"root", probe.IdleOptions{Idle: time.Minute, Mute: true}, 1, 2, probe.CloseEOF},
		"no shell":  {"left", probe.IdleOptions{Idle: 4 * time.Second}, 0, 0, ""},
		"mute, too": {"left", probe.IdleOptions{Idle: 4 * time.Second, Mute: true}, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := brisk(t).ProbeIdle(t.Context(), specOf(t, m, c.user, func(s *host.Settings) { s.KeepaliveInterval = sshtest.Ptr(300 * time.Millisecond) }), c.watch)
			if err != nil || v.AuthMethod != "publickey" || v.CloseReason != c.parting || len(v.Keepalives) < c.least || len(v.Keepalives) > c.most {
				t.Fatalf("have %+v, %v", v, err)
			}
			if (v.RoundTrip > 0) == (v.CloseReason != "") || (v.Silence > 3*time.Second) != (v.CloseReason != "") || v.Silence > 50*time.Second {
				t.Errorf("have %+v", v)
			}
			for i, at := range v.Keepalives {
				if i > 0 && at-v.Keepalives[i-1] < 900*time.Millisecond {
					t.Errorf("asked at %v", v.Keepalives)
				}
			}
		})
	}
}

// TestIdleProbeOfAForgottenConnection: a firewall, or a host that was started anew,
// answers with a reset.
func TestIdleProbeOfAForgottenConnection(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	time.AfterFunc(time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}
	})
	v, err := brisk(t).ProbeIdle(t.Context(), s.spec(key, nil), probe.IdleOptions{Idle: time.Minute})
	if err != nil || v.CloseReason != probe.CloseReset || v.Silence == 0 || v.Cause == nil {
		t.Errorf("have %+v, %v", v, err)
	}
}

// TestIdleProbeWithoutALogin: what is an error of Reach is one here.
func TestIdleProbeWithoutALogin(t *testing.T) {
	t.Parallel()
	if v, err := brisk(t).ProbeIdle(t.Context(), host.Spec{Transport: host.TransportLocal}, probe.IdleOptions{Idle: time.Hour}); err != nil || v.Attempts != 0 {
		t.Errorf("have %+v, %v", v, err)
	}
	key, public := newKey(t)
	other, _ := newKey(t)
	s := serve(t, public, nil)
	p := once(t)
	if _, err := p.Acquire(t.Context(), s.spec(other, nil)); err == nil {
		t.Fatal("a stranger was let in")
	}
	conns := s.conns.Load()
	_, err := p.ProbeIdle(t.Context(), s.spec(other, nil), probe.IdleOptions{Idle: time.Hour})
	if e := failure(t, err); e.Kind != host.Auth || s.conns.Load() != conns {
		t.Errorf("asked again: %v", e)
	}
	_, err = p.ProbeIdle(t.Context(), s.spec(key, func(l *host.Settings) {
		l.HostKeys = []string{sshtest.Authorized(sshtest.Signer(sshtest.NewEd25519()))}
	}), probe.IdleOptions{Idle: time.Hour})
	if e := failure(t, err); e.Kind != host.HostKeyChanged || e.Handshake.Identification == 0 {
		t.Errorf("have %+v", e)
	}
}

// TestSessionsThatWriteAreNotProbed: since 9.2 sshd asks for a sign of life only when
// nothing happened for an interval, and what it writes itself happens. A client of
// such a session that answers nothing is dropped by 8.4, and by none after it.
func TestSessionsThatWriteAreNotProbed(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]struct{ dropped, probed bool }{"bullseye": {true, true}, "bookworm": {}, "trixie": {}} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			m := hosttest.Start(t, hosttest.Options{Release: release,
				Files: map[string]string{"/etc/ssh/sshd_config.d/10-x.conf": "ClientAliveInterval 3\nClientAliveCountMax 1\n"},
			})
			pool, spec := brisk(t), specOf(t, m, "root", nil)
			silent, err := pool.ProbeIdle(t.Context(), spec, probe.IdleOptions{Idle: time.Minute, Mute: true})
			if err != nil || silent.CloseReason != probe.CloseEOF || len(silent.Keepalives) == 0 {
				t.Errorf("a silent session: %+v, %v", silent, err)
			}
			writing, err := pool.ProbeIdle(t.Context(), spec, probe.IdleOptions{Idle: 15 * time.Second, Mute: true, Output: time.Second})
			if err != nil || (writing.CloseReason == probe.CloseEOF) != want.dropped || (len(writing.Keepalives) > 0) != want.probed {
				t.Errorf("a session that writes: %+v, %v, want dropped %t, probed %t", writing, err, want.dropped, want.probed)
			}
		})
	}
}

// TestTCPGivesUpSessionsThatWrite: what sshd does not probe ends when the host's TCP
// gives up what it wrote, which net.ipv4.tcp_retries2 decides: 14.5 s with 5, about a
// quarter of an hour with the default, 15.
func TestTCPGivesUpSessionsThatWrite(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Release: "trixie",
		Files: map[string]string{"/etc/ssh/sshd_config.d/10-x.conf": "ClientAliveInterval 2\nClientAliveCountMax 1\nUnusedConnectionTimeout 5\n"},
	})
	m.Sh("echo 5 >/proc/sys/net/ipv4/tcp_retries2")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	watching := make(chan struct{})
	machines := brisk(t)
	go func() {
		defer close(watching)
		_, _ = machines.ProbeIdle(ctx, specOf(t, m, "root", nil), probe.IdleOptions{Idle: time.Minute, Mute: true, Output: time.Second})
	}()
	sessions := func() int { return strings.Count(m.Processes(), "sshd-session: root@notty") }
	for sessions() == 0 {
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(6 * time.Second) // four intervals and UnusedConnectionTimeout pass
	if sessions() == 0 {
		t.Fatal("sshd ended a session to which it writes")
	}
	m.Unplug()
	cut := time.Now()
	for sessions() > 0 && time.Since(cut) < 45*time.Second {
		time.Sleep(100 * time.Millisecond)
	}
	took := time.Since(cut)
	t.Logf("net.ipv4.tcp_retries2 = 5 ended a session that writes %.1f s after the path was cut", took.Seconds())
	if sessions() > 0 || took < 8*time.Second {
		t.Errorf("%d sessions after %v", sessions(), took)
	}
	cancel()
	<-watching
}
