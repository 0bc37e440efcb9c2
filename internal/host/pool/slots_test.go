package pool

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
)

// A script does not wait without end for sessions whose end the server never tells.
func TestSessionsThatNeverEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, sessions, never := 10*time.Second, 2, time.Duration(0)
		c, link := bubble(t, 0, func(ssh.Channel, string) {}, func(l *host.Settings) {
			l.CommandTimeout, l.MaxSessions, l.KeepaliveInterval = &limit, &sessions, &never
		})
		for range sessions {
			go func() { _, _ = c.Run(t.Context(), host.Script{Name: "lost", Text: "sleep 1000000"}) }()
		}
		time.Sleep(time.Second)
		link.open.Store(true)
		start := time.Now()
		_, err := c.Run(context.WithoutCancel(t.Context()), host.Script{Name: "next", Text: "true"})
		if e := failure(t, err); e.Kind != host.SessionLimit || e.MayHaveRun || time.Since(start) != 2*limit {
			t.Errorf("after %v: %v: %v", time.Since(start), e.Kind, e)
		}
		c.Close(conn.ErrClosed)
		synctest.Wait()
	})
}

// A script waits for longer than that while other sessions end.
func TestSessionsThatEndSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, sessions, never := 10*time.Second, 2, time.Duration(0)
		var n atomic.Int64
		c, _ := bubble(t, 0, func(ch ssh.Channel, line string) {
			time.Sleep([]time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 0}[n.Add(1)-1])
			reply(ch, line)
			_ = ch.Close()
		}, func(l *host.Settings) {
			l.CommandTimeout, l.MaxSessions, l.KeepaliveInterval = &limit, &sessions, &never
		})
		script := host.Script{Name: "slow", Text: "true", Timeout: time.Hour}
		start, ended := time.Now(), make(chan error, 4)
		for range 4 {
			go func() {
				_, err := c.Run(context.WithoutCancel(t.Context()), script)
				ended <- err
			}()
			time.Sleep(time.Millisecond)
		}
		for range 4 {
			if err := <-ended; err != nil {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		}
		c.Close(conn.ErrClosed)
		synctest.Wait()
	})
}
