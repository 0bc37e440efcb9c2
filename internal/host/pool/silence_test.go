package pool

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
)

// quiet is a connection in a bubble to a server that ends no script.
func quiet(t *testing.T, interval time.Duration, count int) (*exec.Runner, *hole) {
	t.Helper()
	return bubble(t, 0, func(ssh.Channel, string) {}, func(l *host.Settings) { l.KeepaliveInterval, l.KeepaliveCountMax = &interval, &count })
}

// The moment of the loss is interval x (count + 1) after the last byte that came
// in: while a script is silent and while nothing runs, whenever the link goes, and
// however many keepalives were answered before.
//
// Fault 28.
func TestLossIsFoundInTime(t *testing.T) {
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
			_, err := c.Run(t.Context(), host.Script{Name: "quiet", Text: "sleep 1000000", Timeout: 1000 * time.Hour})
			done <- err
		}()
	}
	time.Sleep(after)
	synctest.Wait()
	if !c.Alive() {
		t.Fatalf("dead before the link was holed: %v", c.EndedBy())
	}
	last := c.LastReceived()
	link.open.Store(true)
	<-c.Done()
	if have, want := time.Since(last), interval*time.Duration(count+1); have < want || have > want+time.Millisecond {
		t.Errorf("want the loss after %v of silence, have %v", want, have)
	}
	if busy {
		if e := failure(t, <-done); e.Kind != host.Lost || !e.MayHaveRun || !strings.Contains(e.Error(), "silent for") {
			t.Errorf("have %v: %v", e.Kind, e)
		}
	}
}

// A day of silence over a link that is well is a day alive.
func TestAnsweredKeepalivesKeepAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet(t, 15*time.Second, 3)
		time.Sleep(24 * time.Hour)
		if !c.Alive() {
			t.Fatal(c.EndedBy())
		}
		c.Close(conn.ErrClosed)
		synctest.Wait()
	})
}
