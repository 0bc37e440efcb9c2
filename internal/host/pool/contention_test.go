package pool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// expiry is when connections get too old in TestContention.
const expiry = time.Second

// contentionRunner runs one command on the machine.
type contentionRunner func(text string) error

// killing is the pool that this package must not be: one shared connection which
// is closed when it is too old, whoever uses it, as `ssh -O exit` does to a
// ControlMaster; a command that failed is tried again, attempts times in all.
type killing struct {
	dial     func() (*ssh.Client, error)
	attempts int

	mu     sync.Mutex
	client *ssh.Client
	born   time.Time
	dials  int
}

func (k *killing) run(text string) (err error) {
	for range k.attempts {
		if err = k.once(text); err == nil {
			return nil
		}
	}
	return err
}

func (k *killing) once(text string) error {
	client, err := k.shared()
	if err != nil {
		return err
	}
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Run(text)
}

func (k *killing) shared() (*ssh.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil && time.Since(k.born) < expiry {
		return k.client, nil
	}
	if k.client != nil {
		_ = k.client.Close() // under whatever runs on it
	}
	k.dials++
	client, err := k.dial()
	k.client, k.born = client, time.Now()
	if err != nil {
		k.client = nil
	}
	return client, err
}

// contender is one policy under the load of TestContention.
type contender struct {
	name string
	run  contentionRunner

	works, lost, checks, missed atomic.Int64
	doubles                     int
}

// load puts two health checkers, every 5 ms, and two deployments, of commands that
// take 300 to 800 ms, on c until ctx ends.
func (c *contender) load(ctx context.Context) {
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
				c.checks.Add(1)
				if c.run("true") != nil {
					c.missed.Add(1)
				}
			}
		})
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				c.works.Add(1)
				text := fmt.Sprintf("sleep 0.%d; echo %d-%d >>/tmp/%s", 3+rand.IntN(6), worker, n, c.name)
				if c.run(text) != nil {
					c.lost.Add(1)
				}
			}
		})
	}
	wg.Wait()
}

// count looks on the machine how often each command ran to its end.
func (c *contender) count(m *hosttest.Machine) (ran int) {
	time.Sleep(time.Second) // what was killed here may still run there
	times := map[string]int{}
	for line := range strings.Lines(m.Sh("cat /tmp/" + c.name + " 2>/dev/null || true")) {
		times[line]++
	}
	for _, n := range times {
		c.doubles += n - 1
	}
	return len(times)
}

// Health checks every few milliseconds, connections that expire in the middle, and
// long commands, on a real sshd with MaxSessions 10: nothing fails and nothing
// runs twice. Beside it, in the same seconds on the same machine, the pools that
// kill on expiry. CONTENTION says for how long; `make contention` takes 20 s.
//
// Fault 39.
func TestContention(t *testing.T) {
	t.Parallel()
	length := 4 * time.Second
	if text := os.Getenv("CONTENTION"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "MaxSessions 10\n"}})
	p := brisk(t)
	p.retry.age = expiry
	spec := specOf(t, m, "root", nil)
	dials := newRelay(t, net.JoinHostPort(m.Addr, sshtest.Itoa(m.Port)), faults{})
	spec.Host, spec.Port = "127.0.0.1", dials.port()
	ours := &contender{name: "drain", run: func(text string) error {
		h, err := p.Acquire(context.Background(), spec)
		if err != nil {
			return err
		}
		defer h.Release()
		_, err = h.Run(context.Background(), host.Script{Name: "once", Text: text})
		if err != nil {
			t.Error(err)
		}
		return err
	}}
	one, three := killer(t, m, 1), killer(t, m, 3)
	contenders := []*contender{ours, {name: "kill", run: one.run}, {name: "kill-retry", run: three.run}}
	ctx, stop := contextFor(length)
	defer stop()
	var wg sync.WaitGroup
	for _, c := range contenders {
		wg.Go(func() { c.load(ctx) })
	}
	wg.Wait()
	ran := ours.count(m)
	harm := 0
	for i, c := range contenders {
		if c != ours {
			c.count(m)
			harm += int(c.lost.Load()) + c.doubles
		}
		t.Logf("%-36s commands lost %2d of %2d, run twice %2d; checks failed %d of %d; dials %d",
			[]string{"drain on expiry (ours)", "kill on expiry", "kill on expiry, 3 attempts"}[i],
			c.lost.Load(), c.works.Load(), c.doubles, c.missed.Load(), c.checks.Load(), []int{int(dials.conns.Load()), one.dials, three.dials}[i])
	}
	if ours.lost.Load()+ours.missed.Load() > 0 || ours.doubles > 0 || ran != int(ours.works.Load()) {
		t.Errorf("ours: %d lost, %d checks failed, %d of %d ran, %d twice", ours.lost.Load(), ours.missed.Load(), ran, ours.works.Load(), ours.doubles)
	}
	if dials.conns.Load() < 2 || harm == 0 {
		t.Errorf("this was no contention: %d dials of ours, no harm to the others", dials.conns.Load())
	}
}

func killer(t *testing.T, m *hosttest.Machine, attempts int) *killing {
	signer, err := ssh.ParsePrivateKey(m.Key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ClientConfig{User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second}
	k := &killing{attempts: attempts, dial: func() (*ssh.Client, error) {
		return ssh.Dial("tcp", net.JoinHostPort(m.Addr, sshtest.Itoa(m.Port)), config)
	}}
	t.Cleanup(func() {
		if k.client != nil {
			if err := k.client.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
	return k
}
