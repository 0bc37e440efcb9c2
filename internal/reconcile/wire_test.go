package reconcile_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// wire is a TCP relay in front of a host that goes wrong once.
type wire struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	open  []net.Conn
	lost  map[net.Conn]bool // of whose peer nothing arrives any more
	moved int
	harm  harm
	due   *time.Timer
	deaf  time.Time // until when new connections are lost too
	wg    sync.WaitGroup
}

// harm is what happens to the connections of a wire.
type harm struct {
	// after is how many bytes pass before, both ways, and in how long it takes
	// until then; 0 is never.
	after int
	in    time.Duration
	// hole is how long packets vanish, on connections that are there for good; 0
	// resets these instead.
	hole time.Duration
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, target: target, lost: map[net.Conn]bool{}}
	w.wg.Go(w.accept)
	t.Cleanup(func() {
		_ = l.Close()
		w.renew(harm{})
		w.wg.Wait()
	})
	return w
}

func (w *wire) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

// renew ends every connection and sets what is to happen next. It returns how
// many bytes passed since the last time.
func (w *wire) renew(next harm) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reset()
	if w.due != nil {
		w.due.Stop()
	}
	moved := w.moved
	w.moved, w.harm, w.deaf = 0, next, time.Time{}
	if next.in > 0 {
		w.due = time.AfterFunc(next.in, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.strike()
		})
	}
	return moved
}

func (w *wire) reset() {
	for _, c := range w.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	w.open, w.lost = nil, map[net.Conn]bool{}
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil {
			// A closed port is what the client must see.
			if tcp, ok := near.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		w.open = append(w.open, near, far)
		if time.Now().Before(w.deaf) {
			w.lost[near], w.lost[far] = true, true
		}
		w.mu.Unlock()
		w.wg.Go(func() { w.copy(far, near) })
		w.wg.Go(func() { w.copy(near, far) })
	}
}

func (w *wire) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n = w.pass(from, n); n > 0 {
			if _, failed := to.Write(buf[:n]); failed != nil {
				err = failed
			}
		}
		if errors.Is(err, io.EOF) && !w.vanished(from) {
			if tcp, ok := to.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
		}
		if err != nil {
			return
		}
	}
}

// pass says how many of n bytes that came from a connection go on, and does the
// harm when it is due.
func (w *wire) pass(from net.Conn, n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost[from] {
		return 0
	}
	left := w.harm.after - w.moved
	w.moved += n
	if w.harm.after == 0 || n < left {
		return n
	}
	w.strike()
	return max(left, 0)
}

// strike does the harm, once.
func (w *wire) strike() {
	h := w.harm
	w.harm = harm{}
	if h.hole == 0 {
		w.reset()
		return
	}
	w.deaf = time.Now().Add(h.hole)
	for _, c := range w.open {
		w.lost[c] = true
	}
}

func (w *wire) vanished(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost[c]
}
