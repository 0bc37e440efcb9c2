package commit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

const window = 60 * time.Second

// scenario is one run of the protocol on a simulated host.
type scenario struct {
	want   string
	cuts   map[int]string // by operation on the host
	faults map[int]string // by call over the network
	back   int
	edited bool // another process edited a file after the plan
	rival  bool // another change is pending and will not be confirmed
	slow   time.Duration
}

// mutant is a protocol with a fault of its own.
type mutant struct {
	name  string
	order protocol
	blind bool // does not probe
}

// simulate returns the sentences that do not hold.
func (s scenario) simulate(m mutant) []string {
	h := newSimHost(m.order, s.want)
	h.cuts = s.cuts
	if s.edited {
		h.disk.files[1] = foreign
		h.load()
	}
	if s.rival {
		rival := &process{host: h, id: "rival", want: "rival"}
		h.cuts = nil
		rival.steps(standardProtocol.begin)
		rival.dead, h.lock, h.staged = true, nil, false
		h.ops, h.cuts = 0, s.cuts
	}
	link := &simLink{host: h, id: "ours", want: s.want, faults: s.faults, back: s.back}
	confirm := Confirm(link.confirm)
	if m.blind {
		confirm = func(context.Context, Pending) error { return nil }
	}
	if s.slow > 0 {
		probe := confirm
		confirm = func(ctx context.Context, p Pending) error {
			time.Sleep(s.slow)
			return probe(ctx, p)
		}
	}
	got, err := m.order.run(context.Background(), link, window, confirm)
	time.Sleep(time.Hour)
	h.mu.Lock()
	defer h.mu.Unlock()
	return append(s.judge(h, got, err), s.next(h, m)...)
}

func (s scenario) judge(h *simHost, got Outcome, err error) []string {
	var broken []string
	require := func(holds bool, sentence string) {
		if !holds {
			broken = append(broken, fmt.Sprintf("%s (%s, %v; files %v, running %q)", sentence, got, err, h.disk.files, h.running))
		}
	}
	before := [2]string{old, old}
	if s.edited {
		before[1] = foreign
	}
	after := [2]string{s.want, s.want}
	require(h.reachable(), "the host accepts logins")
	require(h.disk.files == before || h.disk.files == after, "the files are entirely the old or entirely the new ones")
	loaded := h.running
	h.load()
	require(loaded == h.running, "what runs is what the files say")
	require(!h.unsound, "no text that sshd refuses is ever in force")
	require(!h.takeback, "what was committed is never taken back")
	require((err == nil) == (got == Applied), "only an applied change has no error")
	require(got != Applied || h.disk.files == after && s.want == good, "applied means that the new files are in force and let us in")
	require(got == Applied || got == Unknown || h.disk.files == before, "any other outcome but unknown means the old files")
	require(!s.edited || h.disk.files == before, "what another process edited is not overwritten")
	require(got == Applied || !s.quiet(), "a good change on a quiet host is applied")
	require(len(h.timers) == 0 && h.disk.boot == "" || len(h.disk.pendings) > 0, "no watchdog without a change")
	return broken
}

func (s scenario) quiet() bool {
	return s.want == good && len(s.cuts)+len(s.faults) == 0 && !s.edited && !s.rival && s.slow < window*3/4
}

// next is the run after: nothing may stand in its way, and nothing is left after it.
func (s scenario) next(h *simHost, m mutant) []string {
	if s.edited {
		return nil
	}
	h.cuts = nil
	p := &process{host: h, id: "next", want: good}
	for i, f := range h.disk.files {
		if f == good {
			h.disk.files[i] = old
		}
	}
	if got := p.begin(); got != "live" {
		return []string{"the next run is not hindered: " + got + " at " + p.now}
	}
	p.steps(standardProtocol.finish)
	p.releaseLock()
	if h.lock != nil || h.staged || len(h.timers) > 0 || h.disk.boot != "" || len(h.disk.pendings) > 0 {
		return []string{fmt.Sprintf("nothing is left after the next run: %+v, staged %v, timers %d", h.disk, h.staged, len(h.timers))}
	}
	return nil
}

// scenarios is every cut of every step: the process killed or the host rebooted
// before each operation, and each call's request or reply lost or late, with the
// network back after n attempts or never.
func scenarios() []scenario {
	var all []scenario
	for _, want := range []string{good, invalid, fatal, lockout} {
		for _, back := range []int{0, 1, 2, 5, -1} {
			all = append(all, scenario{want: want, back: back})
			for op := 1; op <= 36; op++ {
				for _, kind := range []string{"kill", "reboot"} {
					all = append(all, scenario{want: want, back: back, cuts: map[int]string{op: kind}})
				}
			}
			for call := 1; call <= 5; call++ {
				for _, kind := range []string{"request", "reply", "late"} {
					all = append(all, scenario{want: want, back: back, faults: map[int]string{call: kind}})
				}
			}
		}
		for _, slow := range []time.Duration{30 * time.Second, window - time.Nanosecond, window, window + time.Second} {
			all = append(all, scenario{want: want, slow: slow})
		}
		all = append(all, scenario{want: want, edited: true}, scenario{want: want, rival: true})
	}
	return append(all, several()...)
}

// several are runs with more than one fault, the same ones each time.
func several() []scenario {
	dice := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[dice.IntN(len(words))] }
	var all []scenario
	for range 3000 {
		s := scenario{
			want: pick(good, good, invalid, fatal, lockout), back: dice.IntN(7) - 1,
			cuts: make(map[int]string), faults: make(map[int]string),
		}
		for range dice.IntN(4) {
			s.cuts[1+dice.IntN(40)] = pick("kill", "reboot")
		}
		for range dice.IntN(3) {
			s.faults[1+dice.IntN(6)] = pick("request", "reply", "late")
		}
		all = append(all, s)
	}
	return all
}

func (s scenario) String() string {
	return fmt.Sprintf("%s cuts=%v faults=%v back=%d edited=%v rival=%v slow=%s",
		s.want, s.cuts, s.faults, s.back, s.edited, s.rival, s.slow)
}

func TestEveryCut(t *testing.T) {
	runs := 0
	for _, s := range scenarios() {
		runs++
		synctest.Test(t, func(t *testing.T) {
			for _, sentence := range s.simulate(mutant{order: standardProtocol}) {
				t.Errorf("%v: does not hold: %s", s, sentence)
			}
		})
		if t.Failed() && runs > 20 {
			break
		}
	}
	t.Logf("%d runs", runs)
}

// without is the protocol with a step less.
func without(gone step) protocol {
	cut := func(list []step) []step {
		return slices.DeleteFunc(slices.Clone(list), func(s step) bool { return s == gone })
	}
	return protocol{begin: cut(standardProtocol.begin), finish: cut(standardProtocol.finish), acquire: cut(standardProtocol.acquire), undo: cut(standardProtocol.undo)}
}

func beginning(list ...step) protocol {
	p := standardProtocol
	p.begin = list
	return p
}

// TestMutants shows that each step and its place are needed: every other order
// breaks a sentence of the simulation.
func TestMutants(t *testing.T) {
	for _, m := range []mutant{
		{name: "no probe", order: standardProtocol, blind: true},
		{name: "no lock", order: without(lock)},
		{name: "no comparing", order: without(compare)},
		{name: "no validation", order: without(validate)},
		{name: "no arming", order: without(arm)},
		{name: "no swap", order: without(swap)},
		{name: "no reload", order: without(reload)},
		{name: "no disarm", order: without(disarm)},
		{name: "rollback without the mark", order: without(acquire)},
		{name: "rollback without restoring", order: without(restore)},
		{name: "rollback without reload", order: without(restart)},
		{name: "rollback without tidying", order: without(tidy)},
		{name: "validate after the swap", order: beginning(lock, compare, stage, arm, swap, validate, reload)},
		{name: "arm after the swap", order: beginning(lock, compare, stage, validate, swap, arm, reload)},
		{name: "arm after the reload", order: beginning(lock, compare, stage, validate, swap, reload, arm)},
		{name: "reload before the swap", order: beginning(lock, compare, stage, validate, arm, reload, swap)},
		{name: "disarm before the swap", order: beginning(lock, compare, stage, validate, arm, disarm, swap, reload)},
		{name: "disarm before confirming", order: beginning(lock, compare, stage, validate, arm, swap, reload, disarm)},
	} {
		t.Run(m.name, func(t *testing.T) {
			for n, s := range scenarios() {
				var broken []string
				synctest.Test(t, func(*testing.T) { broken = s.simulate(m) })
				if len(broken) > 0 {
					t.Logf("%s: caught by run %d, %v: %s", m.name, n+1, s, broken[0])
					return
				}
			}
			t.Error("not caught")
		})
	}
}

// TestCancel: who gives up before the first script changes nothing, and who
// gives up later does not leave a change half done.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newSimHost(standardProtocol, good)
		link := &simLink{host: h, id: "ours", want: good}
		ctx, cancel := context.WithCancel(context.Background())
		got, err := standardProtocol.run(ctx, link, window, func(ctx context.Context, p Pending) error {
			cancel()
			return errors.Join(ctx.Err(), link.confirm(ctx, p))
		})
		if got != Applied || err != nil {
			t.Errorf("cancelled in the middle: %s, %v", got, err)
		}
		got, err = standardProtocol.run(ctx, link, window, link.confirm)
		if got != Unchanged || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %s, %v", got, err)
		}
	})
}
