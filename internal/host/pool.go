package host

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Options of a pool.
type Options struct {
	// Version is ours, for the identification that servers log.
	Version string
}

// Pool holds one connection per machine, account and route, shared by everybody
// who asks for it, and remembers which machines cannot be reached.
type Pool struct {
	ident string
	pace  pace
	dials chan struct{} // one per attempt under way

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	closed  bool
	entries map[string]*entry
	fresh   map[*sharedConn]struct{}
	firsts  map[string]record // the key seen first under accept-new, by address
}

// dialsAtOnce bounds descriptors and memory, not the pace: sixteen dead machines
// must not make the living ones wait.
const dialsAtOnce = 128

var errPoolClosed = errors.New("the provider is shutting down")

// NewPool returns an empty pool. It dials nothing until asked.
func NewPool(o Options) *Pool {
	ident := "SSH-2.0-sshkeepalive"
	if o.Version != "" {
		ident += "_" + o.Version
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Pool{
		ident: ident, pace: usualPace, dials: make(chan struct{}, dialsAtOnce), ctx: ctx, cancel: cancel,
		entries: map[string]*entry{}, fresh: map[*sharedConn]struct{}{}, firsts: map[string]record{},
	}
}

// Acquire returns the shared connection to spec's machine, dialling it if nobody
// has yet.
func (p *Pool) Acquire(ctx context.Context, spec Spec) (Host, error) {
	if h := notSSH(spec); h != nil {
		return h, nil
	}
	e, err := p.hold(spec)
	if err != nil {
		return nil, err
	}
	c, err := e.live(ctx)
	if err != nil {
		e.drop()
		return nil, asError(err).named(spec, e.spec)
	}
	defer c.leave()
	return &lease{entry: e, spec: spec, identity: c.identity}, nil
}

// notSSH is a machine that is at hand, or nil.
func notSSH(spec Spec) Host {
	switch spec.Transport {
	case transportLocal:
		return newLocal(spec)
	case transportImage:
		return newImage(spec)
	}
	return nil
}

// AcquireDedicated returns a connection of its own: new TCP, new jump legs, new
// authentication. It neither believes nor adds to what is remembered about the
// machine. Release closes it.
func (p *Pool) AcquireDedicated(ctx context.Context, spec Spec) (Host, error) {
	if h := notSSH(spec); h != nil {
		return h, nil
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	c, err := p.dialFresh(ctx, spec)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.fresh[c] = struct{}{}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		c.die(errPoolClosed)
	}
	return &solo{pool: p, conn: c}, nil
}

func (p *Pool) dialFresh(ctx context.Context, spec Spec) (*sharedConn, error) {
	return p.dial(ctx, spec, func(ctx context.Context) (route, func(), error) {
		via, ok := spec.hop()
		if !ok {
			return outward(spec), func() {}, nil
		}
		leg, err := p.dialFresh(ctx, via)
		if err != nil {
			return nil, nil, err
		}
		return through(leg.conn), func() { leg.die(errClosed) }, nil
	}, nil)
}

// bounded ends with ctx and with the pool.
func (p *Pool) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.ctx, func() { cancel(errPoolClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// hold returns the entry for spec with one more reference.
func (p *Pool) hold(spec Spec) (*entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, &Error{Kind: Canceled, Phase: PhaseResolve, Host: spec.label(), Err: errPoolClosed}
	}
	key := spec.Key()
	e := p.entries[key]
	if e == nil {
		e = &entry{pool: p, spec: spec, running: make(chan struct{}, 1)}
		p.entries[key] = e
	}
	e.refs++
	e.hear(spec)
	return e, nil
}

// first records the key that a machine showed first in this run and returns the
// recorded one.
func (p *Pool) first(address string, shown record) record {
	p.mu.Lock()
	defer p.mu.Unlock()
	if seen, ok := p.firsts[address]; ok {
		return seen
	}
	if shown.sha256 != "" {
		p.firsts[address] = shown
	}
	return shown
}

// Close lets running scripts end until ctx does, then closes every connection.
// Nothing can be acquired any more.
func (p *Pool) Close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	conns := slices.Collect(maps.Keys(p.fresh))
	entries := slices.Collect(maps.Values(p.entries))
	p.mu.Unlock()
	p.cancel(errPoolClosed)
	for _, e := range entries {
		if c := e.current(); c != nil {
			conns = append(conns, c)
		}
	}
	for _, c := range conns {
		c.retire()
	}
	for _, c := range conns {
		select {
		case <-c.dead:
		case <-ctx.Done():
			c.die(errPoolClosed)
		}
	}
}

// lease is a share of an entry. It outlives the connection that it began with: a
// machine that closed it meanwhile is dialled again by the next script.
type lease struct {
	entry    *entry
	spec     Spec // as it was asked for
	identity Identity
	once     sync.Once
}

func (l *lease) Identity() Identity { return l.identity }

func (l *lease) Release() { l.once.Do(l.entry.drop) }

// Run executes s. A script that is lost with its connection is sent again only
// if it is convergent: a script without a terminal goes on by itself when its
// connection is gone, and would run twice.
func (l *lease) Run(ctx context.Context, s Script) (Result, error) {
	const attempts = 3
	ran := false
	for n := 1; ; n++ {
		result, err := l.attempt(ctx, s)
		var e *Error
		if err == nil || !errors.As(err, &e) {
			return result, err
		}
		e = e.named(l.spec, l.entry.spec)
		ran = ran || e.MayHaveRun
		if n == attempts || e.connecting() || !mayRepeat(s, err) {
			return result, afterRun(e, ran)
		}
	}
}

func (l *lease) attempt(ctx context.Context, s Script) (Result, error) {
	over, err := l.entry.turn(ctx)
	if err != nil {
		return Result{}, err
	}
	defer over()
	c, err := l.entry.live(ctx)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	result, err := c.run(ctx, s)
	l.entry.learn(c, err)
	return result, err
}

// afterRun is e for a script that an earlier attempt may have run, whatever became
// of the last one. The error of an unreachable machine is everybody's; hence the
// copy.
func afterRun(e *Error, ran bool) *Error {
	if !ran || e.MayHaveRun {
		return e
	}
	mine := *e
	mine.MayHaveRun = true
	return &mine
}

func mayRepeat(s Script, err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case SingleSession, SessionLimit:
		return true // on another connection
	case Lost, NoExitStatus:
		return s.Convergent || !e.MayHaveRun
	}
	return false
}

// solo is a connection of its own.
type solo struct {
	pool *Pool
	conn *sharedConn
	once sync.Once
}

func (s *solo) Identity() Identity { return s.conn.identity }

func (s *solo) Run(ctx context.Context, script Script) (Result, error) {
	if !s.conn.enter() {
		e := s.conn.lost(PhaseOpen)
		e.Host, e.User, e.Names, e.Script = s.conn.spec.label(), s.conn.spec.User, s.conn.spec.Names, script.Name
		return Result{}, e
	}
	defer s.conn.leave()
	return s.conn.run(ctx, script)
}

func (s *solo) Release() {
	s.once.Do(func() {
		s.pool.mu.Lock()
		delete(s.pool.fresh, s.conn)
		s.pool.mu.Unlock()
		s.conn.die(errClosed)
	})
}

// pace is how often and how fast unreachable machines are tried.
type pace struct {
	attempts int
	base     time.Duration // doubled after every attempt, and once more when throttled
	cap      time.Duration
	budget   time.Duration // for all attempts together
	absent   int           // attempts at a machine that does not answer at all
	patience time.Duration // for these together
	boot     time.Duration // between attempts under connect_wait
	memory   time.Duration // how long an unreachable machine is believed to be so
	signing  time.Duration // how long an agent may take to sign
	idle     time.Duration // how long a connection without references stays
	age      time.Duration // after which a connection takes no new users
}

// Five attempts survive 250 clients that meet a sshd with MaxStartups 10:30:100;
// three do not (measured). A closed port or a missing route is another thing: a
// plan over many hosts should not wait half a minute for each that is switched
// off, and a machine that is about to boot is what connect_wait is for.
var usualPace = pace{
	attempts: 5, base: 2 * time.Second, cap: 30 * time.Second, budget: 120 * time.Second, boot: 5 * time.Second,
	absent: 3, patience: 15 * time.Second,
	signing: signingLimit, memory: 30 * time.Second, idle: 60 * time.Second, age: 30 * time.Minute,
}
