package pool

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// A thousand machines in one plan, at each of Terraform's parallelisms: nothing
// fails, and a connection costs a bounded amount of memory and one descriptor.
func TestThousandMachines(t *testing.T) {
	key, public := newKey(t)
	for _, parallel := range []int{10, 50, 200} {
		t.Run(sshtest.Itoa(parallel), func(t *testing.T) { thousand(t, key, public, parallel) })
	}
}

func thousand(t *testing.T, key host.Secret, public ssh.PublicKey, parallel int) {
	const machines = 1000
	s := serve(t, public, func(s *server) { s.listen, s.canned = "0.0.0.0:0", true })
	p := New(Options{})
	specs := make(chan host.Spec)
	hosts := make(chan host.Host, machines)
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for spec := range specs {
				h, err := p.Acquire(context.Background(), spec)
				if err != nil {
					t.Error(err)
					continue
				}
				hosts <- h
				if r, err := h.Run(context.Background(), host.Script{Name: "gather", Text: "true"}); err != nil || r.Stdout != "canned" {
					t.Errorf("have %+v, %v", r, err)
				}
			}
		})
	}
	before, files, began := heapBytes(), openFiles(t), time.Now()
	for n := range machines {
		specs <- s.spec(key, func(l *host.Settings) {
			l.Host = sshtest.Ptr(net.IPv4(127, 1, byte(n>>8), byte(n)).String())
			l.HandshakeTimeout = sshtest.Ptr(5 * time.Minute) // both ends of 200 share this machine
		})
	}
	close(specs)
	wg.Wait()
	took, perHost, opened := time.Since(began), (heapBytes()-before)/machines, openFiles(t)-files
	t.Logf("parallelism %d: %d connections in %v, %d descriptors and %d KB per machine for both ends",
		parallel, s.conns.Load(), took.Round(time.Millisecond), opened/machines, perHost>>10)
	if s.conns.Load() != machines || perHost > 400<<10 || opened > 2*machines+50 {
		t.Errorf("have %d connections, %d bytes per machine, %d descriptors", s.conns.Load(), perHost, opened)
	}
	close(hosts)
	for h := range hosts {
		h.Release()
	}
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	p.Close(ctx)
	filesTo(t, files+50)
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// reply answers a script without running it; one on standard input, when its last
// line is there.
func reply(ch ssh.Channel, line string) {
	m := cannedMarks.FindStringSubmatch(line)
	if m == nil {
		text, _ := io.ReadAll(ch)
		m = cannedMarks.FindStringSubmatch(string(text))
	}
	if m == nil {
		return
	}
	_, _ = ch.Write([]byte("begin-" + m[1] + "\ncanned\n0 end-" + m[1] + "\n"))
	_, _ = ch.Stderr().Write([]byte("begin-" + m[1] + "\nend-" + m[1] + "\n"))
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
}
