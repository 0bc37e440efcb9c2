package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// cache is what was seen by one kind. Those who ask what is not known wait for one of
// them, who asks on behalf of all: Terraform reads ten resources at once, and they may
// all be of one host.
type cache[W, F, D any] struct {
	kind Kind[W, F, D]

	mu      sync.Mutex
	entries map[string]*entry[W, F, D]
	clock   int // of the uses of entries
	changed changeLog
}

// mostEntries bounds what is remembered. A walk of Terraform's graph reads a resource
// and plans it soon after.
const mostEntries = 2000

// entry is what was seen of one configuration on one machine. The mutex of its cache
// guards it.
type entry[W, F, D any] struct {
	seen  Seen[F, D]
	valid bool // the facts of seen hold
	// fromConfirm says that seen is the look that confirmed a change. Who asked before
	// that look began may have it, but no later asker: only what was to be proven is
	// known to hold after a change.
	fromConfirm bool
	machine     machineName // zero if not known
	busy        bool        // a look is under way
	next        *pendingLook[W, F, D]
	used        int // when, by the clock of the cache
}

// pendingLook is one look for several askers.
type pendingLook[W, F, D any] struct {
	wants []*W
	token chan struct{} // the asker that gets it looks
	done  chan struct{}
	found Seen[F, D] // once done
	err   error
}

// errStopped is the end of a look whose asker ran out of time; the others try again.
var errStopped = errors.New("the look was given up")

// look answers an asker who asked at asked: from the cache, by a look, or with what the
// look of another asker brings.
func (r *Looker[W, F, D]) look(ctx context.Context, t Target, want W, asked time.Time) (Seen[F, D], error) {
	s, err := r.lookOnce(ctx, t, want, asked)
	s.Pending = r.engine.begun.others(s.Pending)
	return s, err
}

func (r *Looker[W, F, D]) lookOnce(ctx context.Context, t Target, want W, asked time.Time) (s Seen[F, D], err error) {
	x := r.cache.of(t, want)
	if s, ok, err := r.cache.recall(x, want, asked); ok {
		return s, err
	}
	// Wants are collected while the host is being reached.
	p := r.cache.join(x, &want)
	h, err := r.engine.machines.Acquire(ctx, t.Spec)
	if err != nil {
		r.cache.leave(x, p, &want)
		return s, err
	}
	defer h.Release()
	for {
		err := r.wait(ctx, r.connection(h, t), t, x, p)
		switch {
		case err == nil:
			s, _, err := r.kind.answer(p.found, want)
			return s, err
		case !errors.Is(err, errStopped):
			r.cache.leave(x, p, &want)
			return s, err
		}
		p = r.cache.join(x, &want)
	}
}

// wait until the look is done, by us if we get the token.
func (r *Looker[W, F, D]) wait(ctx context.Context, h Connection, t Target, x *entry[W, F, D], p *pendingLook[W, F, D]) error {
	select {
	case <-p.token:
		return r.do(ctx, h, t, x, p)
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return stopped(ctx, t.Spec)
	}
}

func (r *Looker[W, F, D]) do(ctx context.Context, h Connection, t Target, x *entry[W, F, D], p *pendingLook[W, F, D]) error {
	q, began := r.cache.begin(x)
	found, err := r.gatherInTime(ctx, h, t, q)
	if err != nil {
		err = wrap(t.Spec, "gather", Unchanged, err)
	}
	p.found, p.err = found, err
	if err != nil && ctx.Err() != nil {
		p.err = errStopped
	}
	if err == nil {
		r.engine.names.put(t.Spec, found.machine(t.Spec))
	}
	r.cache.end(x, t.Spec, p, began)
	return err
}

// gatherInTime ends a look that takes longer than a look may. Each of its scripts has a
// time of its own, and a host that falls silent is dialled again in between: with the
// default settings an unplugged host answers with an error of the connection after 81 s,
// which the default leaves room for, since that error says that the host is unreachable.
func (r *Looker[W, F, D]) gatherInTime(ctx context.Context, h Connection, t Target, q Query[W, F, D]) (Seen[F, D], error) {
	limit := cmp.Or(r.engine.LookTimeout, t.Spec.CommandTimeout+3*t.Spec.ConnectTimeout, time.Minute)
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found, err := r.kind.gather(timed, h, t, q)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		err = &host.Error{Kind: host.Timeout, Phase: host.PhaseRemote, Host: t.Spec.String(), User: t.Spec.User, Script: "gather", Err: fmt.Errorf("the look did not end within %s", limit)}
	}
	return found, err
}

// stopped is the error of an asker whose time was up before the look ended.
func stopped(ctx context.Context, spec host.Spec) error {
	kind := host.Canceled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = host.Timeout
	}
	return &host.Error{Kind: kind, Phase: host.PhaseRemote, Host: spec.String(), User: spec.User, Script: "gather", Err: ctx.Err()}
}

// of is the entry for t and want, which is used now.
func (c *cache[W, F, D]) of(t Target, want W) *entry[W, F, D] {
	key := t.Spec.Key() + "\x00" + c.kind.scope(t, want)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[string]*entry[W, F, D]{}
	}
	x := c.entries[key]
	if x == nil {
		c.evict()
		x = &entry[W, F, D]{}
		c.entries[key] = x
	}
	c.clock++
	x.used = c.clock
	return x
}

// evict makes room for an entry: the one that was used longest ago goes. Its users, if
// any, keep it, and only do not share it with later ones.
func (c *cache[W, F, D]) evict() {
	if len(c.entries) < mostEntries {
		return
	}
	oldest := ""
	for key, x := range c.entries {
		if oldest == "" || x.used < c.entries[oldest].used {
			oldest = key
		}
	}
	delete(c.entries, oldest)
}

// recall is what is known already to an asker who asked at asked.
func (c *cache[W, F, D]) recall(x *entry[W, F, D], want W, asked time.Time) (s Seen[F, D], ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x.valid && x.seen.Began.Before(asked) {
		if x.fromConfirm {
			x.valid, x.fromConfirm = false, false
		} else {
			x.seen, x.valid = c.kind.withoutRefusals(x.seen)
		}
	}
	if !x.valid {
		return s, false, nil
	}
	return c.kind.answer(x.seen, want)
}

// join adds want to the look that is to begin next.
func (c *cache[W, F, D]) join(x *entry[W, F, D], want *W) *pendingLook[W, F, D] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x.next == nil {
		x.next = &pendingLook[W, F, D]{token: make(chan struct{}, 1), done: make(chan struct{})}
		if !x.busy {
			x.next.token <- struct{}{}
		}
	}
	x.next.wants = append(x.next.wants, want)
	return x.next
}

// leave takes want back from a look that has not begun.
func (c *cache[W, F, D]) leave(x *entry[W, F, D], p *pendingLook[W, F, D], want *W) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x.next == p {
		p.wants = slices.DeleteFunc(p.wants, func(w *W) bool { return w == want })
	}
}

// begin lets no further asker join the look.
func (c *cache[W, F, D]) begin(x *entry[W, F, D]) (q Query[W, F, D], began int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, want := range x.next.wants {
		q.Wants = append(q.Wants, *want)
	}
	x.next, x.busy = nil, true
	q.Last, q.Valid = x.seen, x.valid && !x.fromConfirm
	return q, c.changed.begin()
}

// end tells everyone what was found. It is remembered if the host did not change
// meanwhile.
func (c *cache[W, F, D]) end(x *entry[W, F, D], spec host.Spec, p *pendingLook[W, F, D], began int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := p.found.machine(spec)
	if changed := c.changed.end(began, of); p.err == nil && !changed {
		x.seen, x.valid, x.fromConfirm, x.machine = p.found, true, false, of
	}
	close(p.done)
	x.busy = false
	if x.next != nil {
		x.next.token <- struct{}{}
	}
}

// forget drops what was seen of a machine that was, or may have been, changed, however
// it is reached.
func (c *cache[W, F, D]) forget(changed machineName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.add(changed)
	for _, x := range c.entries {
		if x.machine.mayBe(changed) {
			x.valid, x.fromConfirm = false, false
		}
	}
}

// last is the look before, whose facts need not hold any more.
func (c *cache[W, F, D]) last(t Target, want W) Seen[F, D] {
	x := c.of(t, want)
	c.mu.Lock()
	defer c.mu.Unlock()
	return x.seen
}

// confirmed remembers the look that confirmed a change.
func (c *cache[W, F, D]) confirmed(t Target, want W, after Seen[F, D]) {
	x := c.of(t, want)
	c.mu.Lock()
	defer c.mu.Unlock()
	x.seen, x.valid, x.fromConfirm, x.machine = after, true, true, after.machine(t.Spec)
}

// changeLog has the machines that were changed, or may have been, in their order, since
// the oldest look began that is under way. What a look that began before a change has
// seen of that machine is not remembered.
type changeLog struct {
	dropped int // changes that were so many
	list    []machineName
	looks   map[int]int // that are under way, by the number of changes when they began
}

func (l *changeLog) add(m machineName) {
	l.list = append(l.list, m)
	l.trim()
}

// begin returns what end wants to be told.
func (l *changeLog) begin() int {
	if l.looks == nil {
		l.looks = map[int]int{}
	}
	now := l.dropped + len(l.list)
	l.looks[now]++
	return now
}

// end reports whether m was changed since a look began.
func (l *changeLog) end(began int, m machineName) bool {
	changed := slices.ContainsFunc(l.list[began-l.dropped:], m.mayBe)
	if l.looks[began]--; l.looks[began] == 0 {
		delete(l.looks, began)
	}
	l.trim()
	return changed
}

// trim drops the changes that no look asks about.
func (l *changeLog) trim() {
	oldest := l.dropped + len(l.list)
	for began := range l.looks {
		oldest = min(oldest, began)
	}
	l.list = slices.Delete(l.list, 0, oldest-l.dropped)
	l.dropped = oldest
}
