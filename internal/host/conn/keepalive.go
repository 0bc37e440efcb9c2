package conn

import (
	"context"
	"fmt"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// keepAlive asks for a sign of life when nothing came in for an interval, and
// declares the peer lost after interval x (count + 1) of silence, as sshd and ssh
// do. Any inbound byte counts: a server that sends data but ignores requests is
// alive. One request at a time is enough, a second would queue behind the first.
func (c *Conn) keepAlive(ctx context.Context) {
	interval, limit := c.Spec.KeepaliveInterval, c.Spec.SilenceLimit()
	answered := make(chan struct{}, 1)
	outstanding := false
	for {
		silence := c.Stream.silence()
		if silence >= limit {
			host.LogDebug(ctx, "peer is silent, closing", map[string]any{"host": c.Spec.Label(), "silence": silence.String()})
			c.Close(fmt.Errorf("the machine was silent for %s (keepalive_interval = %s, keepalive_count_max = %d)",
				silence.Round(100*time.Millisecond), interval, c.Spec.KeepaliveCountMax))
			return
		}
		if silence >= interval && !outstanding {
			outstanding = true
			go func() {
				_ = c.SendKeepalive() // what arrives is life; what does not shows in the silence
				answered <- struct{}{}
			}()
		}
		next := interval - silence
		if outstanding {
			next = limit - silence
		}
		select {
		case <-c.dead:
			return
		case <-answered:
			outstanding = false
		case <-time.After(max(next, time.Millisecond)):
		}
	}
}

// SendKeepalive sends one request that wants a reply, whatever it says.
func (c *Conn) SendKeepalive() error {
	c.mu.Lock()
	c.asked = true
	c.mu.Unlock()
	_, _, err := c.Client.SendRequest("keepalive@openssh.com", true, nil)
	if err == nil {
		c.mu.Lock()
		c.answered = true
		c.mu.Unlock()
	}
	return err
}

// KilledByKeepalive reports whether the connection ended without ever answering
// the first request: tinyssh before 20260906 answers with UNIMPLEMENTED, which
// ends the connection. Such hosts are left to TCP's keepalive.
func (c *Conn) KilledByKeepalive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked && !c.answered && !c.Alive()
}

// CheckIdle checks a connection that was idle for long, before a script relies on it.
func (c *Conn) CheckIdle(ctx context.Context) bool {
	const idle, limit = 15 * time.Second, 5 * time.Second
	if c.Stream.silence() < idle || c.Spec.KeepaliveInterval == 0 {
		return c.Alive()
	}
	answer := make(chan error, 1)
	go func() { answer <- c.SendKeepalive() }()
	select {
	case err := <-answer:
		return err == nil
	case <-c.dead:
		return false
	case <-time.After(limit):
		c.Close(fmt.Errorf("the machine did not answer within %s after an idle time", limit))
		return false
	case <-ctx.Done():
		return c.Alive()
	}
}

// RoundTrip is how long the machine takes to give a sign of life, 0 if it gives
// none.
func (c *Conn) RoundTrip(ctx context.Context) time.Duration {
	const limit = 5 * time.Second
	answer, began := make(chan error, 1), time.Now()
	go func() { answer <- c.SendKeepalive() }()
	select {
	case err := <-answer:
		if err == nil {
			return max(time.Since(began), 1)
		}
	case <-c.dead:
	case <-time.After(limit):
	case <-ctx.Done():
	}
	return 0
}
