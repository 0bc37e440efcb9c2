package host

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
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
func cutLogin(spec Spec, keys records, in, out int64) (link *cutLink, c *conn, err error) {
	ctx, cancel := contextFor(20 * time.Second)
	defer cancel()
	over := func(ctx context.Context, address string) (net.Conn, error) {
		c, err := direct(spec)(ctx, address)
		link = &cutLink{Conn: c, cutIn: in, cutOut: out}
		return link, err
	}
	c, err = login(ctx, loginRequest{spec: spec, address: spec.Address(), trust: newTrust(spec, keys), route: over, version: "SSH-2.0-test", signing: signingLimit, release: func() {}})
	return link, c, err
}

// A reset at whichever byte of the handshake is a loss that is worth another
// attempt, and leaves nothing behind: at every byte of what the server says, and
// at every eighth of what we say, which differs only in who notices.
func TestFault11CutAtEveryOffset(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	spec := s.spec(key, nil)
	keys, err := loadRecorded(spec)
	if err != nil {
		t.Fatal(err)
	}
	whole, c, err := cutLogin(spec, keys, -1, -1)
	if err != nil {
		t.Fatal(err)
	}
	received, sent := whole.read.Load(), whole.written.Load()
	c.die(errClosed) // how long the handshake is was the question
	before := runtime.NumGoroutine()
	type cut struct{ in, out int64 }
	cuts := make(chan cut)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for c := range cuts {
				_, conn, err := cutLogin(spec, keys, c.in, c.out)
				if err == nil {
					conn.die(errClosed)
					t.Errorf("cut at %+v: logged in", c)
					continue
				}
				if e := failure(t, err); !e.transient() {
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
