package pool

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
)

// cutLink is reset after so many bytes in one direction.
type cutLink struct {
	net.Conn
	read, written atomic.Int64
	cutIn, cutOut int64 // -1: never
}

func (c *cutLink) Read(p []byte) (int, error) {
	return c.pass(p, false, &c.read, c.cutIn)
}

func (c *cutLink) Write(p []byte) (int, error) {
	return c.pass(p, true, &c.written, c.cutOut)
}

func (c *cutLink) pass(p []byte, writing bool, count *atomic.Int64, limit int64) (int, error) {
	do := c.Conn.Read
	if writing {
		do = c.Conn.Write
	}
	whole, cut := len(p), false
	if left := limit - count.Load(); limit >= 0 && int64(len(p)) >= left {
		p, cut = p[:left], true
	}
	n, err := 0, error(nil)
	if len(p) > 0 {
		n, err = do(p)
	}
	count.Add(int64(n))
	if cut && n == len(p) {
		reset(c.Conn)
		if err == nil && (n == 0 || writing && n < whole) {
			err = syscall.ECONNRESET
		}
	}
	return n, err
}

// cutLogin logs in over a link that is cut, and returns how much had passed.
func cutLogin(spec host.Spec, keys hostkey.Records, in, out int64) (link *cutLink, c *conn.Conn, err error) {
	ctx, cancel := contextFor(20 * time.Second)
	defer cancel()
	over := func(ctx context.Context, address string) (net.Conn, error) {
		c, err := login.Direct(spec)(ctx, address)
		link = &cutLink{Conn: c, cutIn: in, cutOut: out}
		return link, err
	}
	c, err = login.Dial(ctx, login.Request{Spec: spec, Address: spec.Address(), Checker: hostkey.New(spec, keys), Route: over, Version: "SSH-2.0-test", SigningLimit: login.SigningLimit, Release: func() {}})
	return link, c, err
}

// A reset at whichever byte of the handshake is a loss that is worth another
// attempt, and leaves nothing behind: at every byte of what the server says, and
// at every eighth of what we say, which differs only in who notices.
//
// Fault 11.
func TestHandshakeCutAtEveryOffset(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	spec := s.spec(key, nil)
	keys, err := hostkey.Load(spec)
	if err != nil {
		t.Fatal(err)
	}
	whole, c, err := cutLogin(spec, keys, -1, -1)
	if err != nil {
		t.Fatal(err)
	}
	received, sent := whole.read.Load(), whole.written.Load()
	c.Close(conn.ErrClosed) // how long the handshake is was the question
	before := runtime.NumGoroutine()
	type cut struct{ in, out int64 }
	cuts := make(chan cut)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for c := range cuts {
				_, logged, err := cutLogin(spec, keys, c.in, c.out)
				if err == nil {
					logged.Close(conn.ErrClosed)
					t.Errorf("cut at %+v: logged in", c)
					continue
				}
				if e := failure(t, err); !e.Transient() {
					t.Errorf("cut at %+v: have %v in %v: %v", c, e.Kind, e.Phase, e)
				}
			}
		})
	}
	for at := range received {
		cuts <- cut{at, -1}
	}
	for at := int64(0); at < sent; at += 8 {
		cuts <- cut{-1, at}
	}
	close(cuts)
	wg.Wait()
	settleTo(t, before)
	t.Logf("%d bytes come in, %d go out", received, sent)
}
