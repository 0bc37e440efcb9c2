package host

import (
	"context"
	"net"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// A thousand machines at once: nothing fails, and a connection costs a bounded
// amount of memory and one descriptor.
func TestThousandMachines(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.listen, s.canned = "0.0.0.0:0", true })
	p := NewPool(Options{})
	specs := make(chan Spec)
	hosts := make(chan Host, 1000)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for spec := range specs {
				h, err := p.Acquire(context.Background(), spec)
				if err != nil {
					t.Error(err)
					continue
				}
				hosts <- h
				if r, err := h.Run(context.Background(), Script{Name: "gather", Text: "true"}); err != nil || r.Stdout != "canned" {
					t.Errorf("have %+v, %v", r, err)
				}
			}
		})
	}
	before := memory()
	for n := range 1000 {
		specs <- s.spec(key, func(l *Settings) { l.Host = ptr(net.IPv4(127, 1, byte(n>>8), byte(n)).String()) })
	}
	close(specs)
	wg.Wait()
	perHost := (memory() - before) / 1000
	t.Logf("%d connections, %d descriptors, %d KB per machine for both ends", s.conns.Load(), openFiles(t), perHost>>10)
	if s.conns.Load() != 1000 || perHost > 400<<10 {
		t.Errorf("have %d connections, %d bytes per machine", s.conns.Load(), perHost)
	}
	close(hosts)
	for h := range hosts {
		h.Release()
	}
	ctx, cancel := contextFor(2e9)
	defer cancel()
	p.Close(ctx)
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// reply answers a script without running it.
func reply(ch ssh.Channel, line string) {
	m := cannedMarks.FindStringSubmatch(line)
	if m == nil {
		return
	}
	_, _ = ch.Write([]byte("begin-" + m[1] + "\ncanned\n0 end-" + m[1] + "\n"))
	_, _ = ch.Stderr().Write([]byte("begin-" + m[1] + "\nend-" + m[1] + "\n"))
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
}
