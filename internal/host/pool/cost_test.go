package pool

import (
	"math"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// Round trips counted in a bubble of time, where they are exact. The limits are
// those of the design.
//
// Fault 57.
func TestRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const roundTrip = time.Second
		trips := func(what string, limit float64, do func()) {
			began := time.Now()
			do()
			have := float64(time.Since(began)) / float64(roundTrip)
			t.Logf("%-14s %4.1f round trips, at most %.1f", what, have, limit)
			if have > limit {
				t.Errorf("%s: want at most %.1f round trips, have %.1f", what, limit, have)
			}
		}
		var c *exec.Runner
		script := func(text string) {
			if r, err := c.Run(t.Context(), host.Script{Name: "trip", Text: text}); err != nil || r.Stdout != "canned" {
				t.Fatalf("have %+v, %v", r, err)
			}
			synctest.Wait()
		}
		trips("cold read", 10.5, func() {
			c, _ = bubble(t, roundTrip/2, func(ch ssh.Channel, line string) {
				reply(ch, line)
				_ = ch.Close() // as sshd does
			}, nil)
			script("true")
		})
		trips("warm read", 2.5, func() { script("true") })
		trips("warm apply", 3.5, func() { script("true\ntrue") })
		c.Close(conn.ErrClosed)
		time.Sleep(10 * roundTrip) // for what is still on its way
	})
}

// The same through a real proxy with a real sshd. What the machine itself takes is
// measured without delay in the same minute and left out; the best of some counts,
// because a busy machine adds time, and only ever adds it.
//
// Fault 57.
func TestRoundTripsOfSSHD(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	const roundTrip = 100 * time.Millisecond
	slow := newRelay(t, net.JoinHostPort(m.Addr, sshtest.Itoa(m.Port)), faults{delay: roundTrip / 2})
	quick := newRelay(t, net.JoinHostPort(m.Addr, sshtest.Itoa(m.Port)), faults{})
	over := func(r *relay) host.Spec {
		return specOf(t, m, "root", func(l *host.Settings) { l.Host, l.Port = sshtest.Ptr("127.0.0.1"), sshtest.Ptr(r.port()) })
	}
	type taker func(host.Spec) time.Duration
	timed := func(do func()) time.Duration { began := time.Now(); do(); return time.Since(began) }
	warm := func(text string) taker {
		return func(s host.Spec) time.Duration {
			h := acquire(t, brisk(t), s)
			run(t, h, host.Script{Text: "true"})
			return timed(func() { run(t, h, host.Script{Text: text}) })
		}
	}
	cold := func(s host.Spec) time.Duration {
		return timed(func() { run(t, acquire(t, brisk(t), s), host.Script{Text: "true"}) })
	}
	for _, c := range []struct {
		what    string
		tcp     float64 // round trips that the proxy does not delay
		limit   float64
		measure taker
	}{
		{"cold read", 1, 10.5, cold},
		{"warm read", 0, 2.5, warm("true")},
		{"warm apply", 0, 3.5, warm("true\ntrue")},
	} {
		best, least := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
		have := math.Inf(1)
		for n := 0; n < 8 && have > c.limit; n++ {
			best, least = min(best, c.measure(over(slow))), min(least, c.measure(over(quick)))
			have = c.tcp + float64(best-least)/float64(roundTrip)
		}
		t.Logf("%-14s %4.1f round trips, at most %.1f", c.what, have, c.limit)
		if have > c.limit {
			t.Errorf("%s: want at most %.1f round trips, have %.1f", c.what, c.limit, have)
		}
	}
	before := slow.conns.Load()
	p, spec := brisk(t), over(slow)
	took := timed(func() {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { run(t, acquire(t, p, spec), host.Script{Text: "true"}) })
		}
		wg.Wait()
	})
	t.Logf("twenty resources, cold: %.1f round trips, %d handshake", 1+float64(took)/float64(roundTrip), slow.conns.Load()-before)
	if n := slow.conns.Load() - before; n != 1 {
		t.Errorf("want 1 handshake, have %d", n)
	}
}

// BenchmarkWarmRead is one script over a connection that is there.
func BenchmarkWarmRead(b *testing.B) {
	key, public := newKey(b)
	h := acquire(b, brisk(b), serve(b, public, nil).spec(key, nil))
	for b.Loop() {
		run(b, h, host.Script{Text: "true"})
	}
}

// BenchmarkColdRead is a connection, a login and one script; BenchmarkFloor the
// same with x/crypto alone, without deadlines, known hosts or framing.
func BenchmarkColdRead(b *testing.B) {
	key, public := newKey(b)
	spec := serve(b, public, func(s *server) { s.canned = true }).spec(key, nil)
	for b.Loop() {
		p := New(Options{})
		h, err := p.Acquire(b.Context(), spec)
		if err != nil {
			b.Fatal(err)
		}
		run(b, h, host.Script{Text: "true"})
		h.Release()
		p.Close(b.Context())
	}
}

func BenchmarkFloor(b *testing.B) {
	key, public := newKey(b)
	s := serve(b, public, func(s *server) { s.canned = true })
	signer := sshtest.Must(ssh.ParsePrivateKey([]byte(key.Reveal())))
	run(b, acquire(b, brisk(b), s.spec(key, nil)), host.Script{Text: "true"})
	line := s.lines[0]
	config := &ssh.ClientConfig{User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.FixedHostKey(sshtest.Ed25519HostKey.PublicKey())}
	for b.Loop() {
		client, err := ssh.Dial("tcp", s.listener.Addr().String(), config)
		if err != nil {
			b.Fatal(err)
		}
		session, err := client.NewSession()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := session.Output(line); err != nil {
			b.Fatal(err)
		}
		_ = client.Close() // the next one is new
	}
}
