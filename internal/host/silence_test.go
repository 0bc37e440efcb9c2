package host

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

// quiet is a connection in a bubble to a server that ends no script.
func quiet(t *testing.T, interval time.Duration, count int) (*runner, *hole) {
	t.Helper()
	return bubble(t, 0, func(ssh.Channel, string) {}, func(l *Settings) { l.KeepaliveInterval, l.KeepaliveCountMax = &interval, &count })
}

// The moment of the loss is interval x (count + 1) after the last byte that came
// in: while a script is silent and while nothing runs, whenever the link goes, and
// however many keepalives were answered before.
func TestFault28LossIsPunctual(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		count    int
	}{{15 * time.Second, 3}, {time.Second, 3}, {time.Second, 1}, {4 * time.Second, 2}, {30 * time.Second, 1}, {60 * time.Second, 10}} {
		for _, after := range []time.Duration{0, c.interval / 3, c.interval * 7 / 2} {
			for _, busy := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v x %d, holed after %v, busy %v", c.interval, c.count, after, busy), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { punctual(t, c.interval, c.count, after, busy) })
				})
			}
		}
	}
}

func punctual(t *testing.T, interval time.Duration, count int, after time.Duration, busy bool) {
	c, link := quiet(t, interval, count)
	done := make(chan error, 1)
	if busy {
		go func() {
			_, err := c.run(t.Context(), Script{Name: "quiet", Text: "sleep 1000000", Timeout: 1000 * time.Hour})
			done <- err
		}()
	}
	time.Sleep(after)
	synctest.Wait()
	if !c.alive() {
		t.Fatalf("dead before the link was holed: %v", c.cause)
	}
	last := time.Unix(0, c.wire.lastIn.Load())
	link.open.Store(true)
	<-c.dead
	if have, want := time.Since(last), interval*time.Duration(count+1); have < want || have > want+time.Millisecond {
		t.Errorf("want the loss after %v of silence, have %v", want, have)
	}
	if busy {
		if e := failure(t, <-done); e.Kind != Lost || !e.MayHaveRun || !strings.Contains(e.Error(), "silent for") {
			t.Errorf("have %v: %v", e.Kind, e)
		}
	}
}

// A day of silence over a link that is well is a day alive.
func TestAnsweredKeepalivesKeepAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet(t, 15*time.Second, 3)
		time.Sleep(24 * time.Hour)
		if !c.alive() {
			t.Fatal(c.cause)
		}
		c.die(errClosed)
		synctest.Wait()
	})
}

// A script does not wait for ever for sessions whose end the server never tells, and
// waits on while others end.
func TestSessionsThatNeverEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, sessions, never := 10*time.Second, 2, time.Duration(0)
		c, link := bubble(t, 0, func(ssh.Channel, string) {}, func(l *Settings) {
			l.CommandTimeout, l.MaxSessions, l.KeepaliveInterval = &limit, &sessions, &never
		})
		for range sessions {
			go func() { _, _ = c.run(t.Context(), Script{Name: "lost", Text: "sleep 1000000"}) }()
		}
		time.Sleep(time.Second)
		link.open.Store(true)
		start := time.Now()
		_, err := c.run(context.WithoutCancel(t.Context()), Script{Name: "next", Text: "true"})
		if e := failure(t, err); e.Kind != SessionLimit || e.MayHaveRun || time.Since(start) != 2*limit {
			t.Errorf("after %v: %v: %v", time.Since(start), e.Kind, e)
		}
		go func() {
			time.Sleep(15 * time.Second)
			c.freeSlot()
			time.Sleep(15 * time.Second)
			c.freeSlot()
		}()
		for range sessions {
			if e := c.takeSlot(context.WithoutCancel(t.Context())); e != nil {
				t.Error(e)
			}
		}
		c.die(errClosed)
		synctest.Wait()
	})
}
