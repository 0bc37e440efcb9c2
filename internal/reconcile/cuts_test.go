package reconcile_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

const (
	sshdLog = "/var/log/sshd.log"
	// cutsTogether is how many hosts share the work: most of it is waiting.
	cutsTogether = 10
	// fewCuts is how many go test makes; only more than these take the network
	// away for longer than the watchdog waits.
	fewCuts = 20
)

// TestCutApplies cuts applies at random bytes, by a reset or by packets that vanish
// for a while; CUTS says how many, CUTS_SEED which. Each leaves the old or the new
// configuration, and the next apply makes it the new one; the daemon was reloaded
// once for each change that went live and once for each that was taken back, and
// nothing is left behind.
//
// Fault 46.
func TestCutApplies(t *testing.T) {
	t.Parallel()
	cuts, err := strconv.Atoi(cmp.Or(os.Getenv("CUTS"), strconv.Itoa(fewCuts)))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("CUTS_SEED"), strconv.Itoa(int(rand.Uint32()))), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("CUTS=%d CUTS_SEED=%d", cuts, seed)
	var sum tally
	var hosts sync.WaitGroup
	for n := range min(cuts, cutsTogether) {
		// Not t.Parallel, which allows as many as there are processors.
		hosts.Go(func() {
			t.Run(fmt.Sprint("host ", n), func(t *testing.T) {
				r := newCutRig(t, rand.New(rand.NewPCG(seed, uint64(n))))
				if cuts > fewCuts {
					r.hole = 2 * r.target.ConfirmTimeout
				}
				for i := n; i < cuts; i += cutsTogether {
					r.round(t, &sum)
				}
			})
		})
	}
	hosts.Wait()
	t.Log(sum.String())
}

// tally counts what became of cut applies.
type tally struct {
	mu           sync.Mutex
	cuts, resets int
	ended        map[reconcile.Outcome]int
	old          int // left the old configuration
	live, back   int // times that a change went live, and was taken back
}

func (s *tally) add(h harm, outcome reconcile.Outcome, old bool, reloads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = map[reconcile.Outcome]int{}
	}
	s.cuts++
	s.ended[outcome]++
	s.live += (reloads + 1) / 2
	s.back += reloads / 2
	if h.hole == 0 {
		s.resets++
	}
	if old {
		s.old++
	}
}

func (s *tally) String() string {
	return fmt.Sprintf("%d applies cut, %d by a reset, the others by silence: %v; %d left the old configuration; changes went live %d times and were taken back %d times: %d reloads",
		s.cuts, s.resets, s.ended, s.old, s.live, s.back, s.live+s.back)
}

// cutRig is a host behind a wire, and what its daemon ought to run.
type cutRig struct {
	*rig
	wire  *wire
	rand  *rand.Rand
	hole  time.Duration // the longest
	value int           // ClientAliveInterval in force
	// What an apply takes that nobody disturbs.
	bytes int
	time  time.Duration
}

func newCutRig(t *testing.T, random *rand.Rand) *cutRig {
	t.Helper()
	r := newRig(t, hosttest.Options{SSHDArgs: []string{"-E", sshdLog}}, "root")
	w := newWire(t, net.JoinHostPort(r.Addr, strconv.Itoa(r.Port)))
	s := &r.target.Spec
	s.Host, s.Port = "127.0.0.1", w.port()
	s.ConnectTimeout, s.HandshakeTimeout = 2*time.Second, 3*time.Second
	s.KeepaliveInterval, s.KeepaliveCountMax = time.Second, 1
	r.target.ConfirmTimeout = 10 * time.Second
	c := &cutRig{rig: r, wire: w, rand: random, hole: 4 * time.Second, value: 100}
	began := time.Now()
	if outcome, err := c.applies(t, c.value); err != nil {
		t.Fatalf("%s, %v", outcome, err)
	}
	c.time, c.bytes = time.Since(began), w.renew(harm{})
	return c
}

// applies is one apply by a provider of its own, as each run of Terraform has.
func (r *cutRig) applies(t *testing.T, value int) (reconcile.Outcome, error) {
	t.Helper()
	pool := pool.New(pool.Options{})
	defer pool.Close(context.Background())
	_, _, outcome, err := newWalk(pool).Apply(t.Context(), r.target, wish("ClientAliveInterval", strconv.Itoa(value)), reconcile.Record{})
	return outcome, err
}

func (r *rig) reloads() int {
	return strings.Count(string(r.Read(sshdLog)), "Received SIGHUP; restarting.")
}

// effective is the value that a daemon without unread files runs.
func (r *cutRig) inForce(t *testing.T) int {
	t.Helper()
	sight, err := r.walk().Look(t.Context(), r.target, wish("ClientAliveInterval", "1"))
	if err != nil {
		t.Fatal(err)
	}
	if sight.Facts.Daemon.Stale {
		t.Error("the daemon has not loaded its files")
	}
	value, err := strconv.Atoi(strings.Join(sight.Facts.Effective[0]["clientaliveinterval"], " "))
	if err != nil {
		t.Error(err)
	}
	return value
}

// harm comes at a byte, most of which are scripts and files, or at a moment, most
// of which are the host's.
func (r *cutRig) harm() harm {
	h := harm{after: 1 + r.rand.IntN(r.bytes)}
	if r.rand.IntN(2) == 0 {
		h = harm{in: 1 + time.Duration(r.rand.Int64N(int64(r.time)))}
	}
	if r.rand.IntN(2) == 0 {
		short := r.rand.Float64()
		h.hole = time.Duration(short * short * short * float64(r.hole)).Round(time.Millisecond) // most are
	}
	return h
}

// round is one apply that is cut, and one that is not.
func (r *cutRig) round(t *testing.T, sum *tally) {
	t.Helper()
	h := r.harm()
	was, want, loaded := r.value, r.value+1, r.reloads()
	name := fmt.Sprintf("%d to %d, cut after %d of %d bytes or %d of %d ms, hole %v", was, want, h.after, r.bytes, h.in.Milliseconds(), r.time.Milliseconds(), h.hole)
	began := time.Now()
	r.wire.renew(h)
	outcome, err := r.applies(t, want)
	r.wire.renew(harm{})
	took := time.Since(began)
	r.eventually(t, "traces to go of "+name, func() bool { return r.traces() == "" })
	is, reloads := r.inForce(t), r.reloads()-loaded
	said := fmt.Sprintf("%s: %s, %v: %d in force after %d reloads", name, outcome, err, is, reloads)
	t.Log(said)
	// Each time that a change goes live is a reload, and so is each time that it is
	// taken back. One that the watchdog took back goes live again when the network is
	// back soon enough for the script to be sent again.
	again := 0
	if took > r.target.ConfirmTimeout && reloads > 2 {
		again = 2
	}
	right := map[reconcile.Outcome]bool{
		reconcile.Applied:    is == want && reloads == 1+again && err == nil,
		reconcile.Unchanged:  is == was && reloads == 0 && err != nil,
		reconcile.RolledBack: is == was && reloads == 2+again && err != nil,
		reconcile.Watchdog:   is == was && (reloads == 0 || reloads == 2+again) && err != nil,
		reconcile.Unknown:    is == was && reloads == 2+again || is == want && reloads == 1+again,
	}
	if !right[outcome] {
		t.Errorf("wrong: %s\n%s", said, r.Read(sshdLog))
	}
	due := reconcile.Unchanged
	if is != want {
		due = reconcile.Applied
	}
	before := r.reloads()
	if outcome, err := r.applies(t, want); err != nil || outcome != due {
		t.Errorf("%s: the next apply: %s, %v", name, outcome, err)
	}
	if is := r.inForce(t); is != want {
		t.Errorf("%s: after the next apply %d is in force", name, is)
	}
	if n := r.reloads() - before; (n == 1) != (due == reconcile.Applied) {
		t.Errorf("%s: the next apply reloaded %d times", name, n)
	}
	r.eventually(t, "traces to go of the apply after "+name, func() bool { return r.traces() == "" })
	r.value = want
	sum.add(h, outcome, is == was, reloads)
}
