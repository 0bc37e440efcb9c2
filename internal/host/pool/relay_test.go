package pool

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// relay is a TCP proxy with faults between a client and one server.
type relay struct {
	listener net.Listener
	target   string
	faults   faults
	hole     atomic.Bool // swallows everything, both ways
	conns    atomic.Int64
	moved    atomic.Int64 // bytes, both ways

	mu   sync.Mutex
	open []net.Conn
	wg   sync.WaitGroup
}

// faults of a relay. cutAfter resets a connection after so many bytes from the
// server, stopAfter swallows what follows; 0: never.
type faults struct {
	delay               time.Duration // one way
	cutAfter, stopAfter int64
}

func newRelay(t testing.TB, target string, f faults) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, target: target, faults: f}
	r.wg.Go(r.accept)
	t.Cleanup(func() {
		_ = l.Close()
		r.cut()
		r.wg.Wait()
	})
	return r
}

func (r *relay) port() int { return r.listener.Addr().(*net.TCPAddr).Port }

func (r *relay) accept() {
	for {
		near, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.conns.Add(1)
		far, err := net.Dial("tcp", r.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		r.mu.Lock()
		r.open = append(r.open, near, far)
		r.mu.Unlock()
		r.wg.Go(func() { r.copy(far, near, faults{delay: r.faults.delay}) })
		r.wg.Go(func() { r.copy(near, far, r.faults) })
	}
}

// cut resets every connection.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.open {
		reset(c)
	}
	r.open = nil
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

type parcel struct {
	due  time.Time
	data []byte
}

// copy forwards with the delay, without slowing down what follows.
func (r *relay) copy(to, from net.Conn, f faults) {
	queue := make(chan parcel, 1024)
	r.wg.Go(func() {
		for p := range queue {
			time.Sleep(time.Until(p.due))
			if r.hole.Load() {
				continue
			}
			if _, err := to.Write(p.data); err != nil {
				_ = from.Close()
			}
		}
		reset(to)
	})
	defer close(queue)
	var passed int64
	for {
		buf := make([]byte, 32<<10)
		n, err := from.Read(buf)
		data := buf[:n]
		if f.stopAfter > 0 {
			data = data[:min(int64(n), max(0, f.stopAfter-passed))]
		}
		if f.cutAfter > 0 && passed+int64(n) >= f.cutAfter {
			data, err = data[:f.cutAfter-passed], io.EOF
		}
		passed += int64(n)
		r.moved.Add(int64(n))
		if len(data) > 0 {
			queue <- parcel{time.Now().Add(f.delay), data}
		}
		if err != nil {
			return
		}
	}
}

// scripted is a TCP server that does to every connection what do says.
func scripted(t testing.TB, do func(net.Conn)) (port int, conns *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns = new(atomic.Int64)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			wg.Go(func() {
				do(c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().(*net.TCPAddr).Port, conns
}

// swallow reads until the other side goes.
func swallow(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// specTo is a spec for a port of this machine, with a key and no host key.
func specTo(t testing.TB, port int, change func(*host.Settings)) host.Spec {
	t.Helper()
	key, _ := newKey(t)
	name, user, policy := "127.0.0.1", "root", host.PolicyInsecure
	settings := host.Settings{Host: &name, Port: &port, User: &user, PrivateKey: &key, HostKeyPolicy: &policy}
	if change != nil {
		change(&settings)
	}
	spec, err := host.Resolve(name, settings)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
