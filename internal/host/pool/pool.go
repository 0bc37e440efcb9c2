// Package pool keeps one connection per machine alive and shared, dials again when that
// may help, and remembers which machines cannot be reached.
//
// It must not know what is run on the machines.
package pool

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
)

// Options of a pool.
type Options struct {
	// Version is ours, for the identification that servers log.
	Version string
	// IdleTime is how long a connection that is not used stays open, and how long what
	// the pool holds of its machine stays in memory; 0 is a minute.
	IdleTime time.Duration
	// RefusalTime is how long a machine that refused us, or whose host key was refused,
	// is not asked again; 0 is for good.
	RefusalTime time.Duration
	// Dials is how many attempts to log in may be under way at once; 0 is 128.
	Dials int
}

// Pool holds one connection per machine, account and route, shared by all
// who asks for it, and remembers which machines cannot be reached.
type Pool struct {
	ident string
	retry retryPolicy
	dials chan struct{} // one per attempt under way

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc

	mu        sync.Mutex
	closed    bool
	entries   map[string]*entry
	memories  map[string]memory // of machines that are not in use, by the keys of their entries
	dedicated map[*sharedConn]struct{}
	firstKeys map[string]hostkey.Pin // the key seen first under accept-new, by address
}

// defaultDials bounds descriptors and memory, not the pace: sixteen dead machines
// must not make the living ones wait.
const defaultDials = 128

var errPoolClosed = errors.New("the provider is shutting down")

// New returns an empty pool. It dials nothing until asked.
func New(o Options) *Pool {
	ident := "SSH-2.0-sshkeepalive"
	if o.Version != "" {
		ident += "_" + o.Version
	}
	retry := defaultRetryPolicy
	retry.idle, retry.refusal = cmp.Or(o.IdleTime, retry.idle), o.RefusalTime
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Pool{
		ident: ident, retry: retry, dials: make(chan struct{}, cmp.Or(o.Dials, defaultDials)), ctx: ctx, cancel: cancel,
		entries: map[string]*entry{}, memories: map[string]memory{}, dedicated: map[*sharedConn]struct{}{}, firstKeys: map[string]hostkey.Pin{},
	}
}

// Acquire returns the shared connection to spec's machine, dialling it if none
// is open.
func (p *Pool) Acquire(ctx context.Context, spec host.Spec) (host.Host, error) {
	if h := atHand(spec); h != nil {
		return h, nil
	}
	e, err := p.hold(spec)
	if err != nil {
		return nil, err
	}
	c, err := e.live(ctx)
	if err != nil {
		e.drop()
		return nil, asError(err).Named(spec, e.spec)
	}
	defer c.leave()
	return &sharedHost{entry: e, spec: spec, identity: c.Identity}, nil
}

// atHand is a machine that is at hand, or nil.
func atHand(spec host.Spec) host.Host {
	switch spec.Transport {
	case host.TransportLocal:
		return exec.NewLocal(spec)
	case host.TransportImage:
		return exec.NewImage(spec)
	}
	return nil
}

// AcquireDedicated returns a connection of its own: new TCP, new jump legs, new
// authentication. It neither believes nor adds to what is remembered about the
// machine. Release closes it.
func (p *Pool) AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error) {
	if h := atHand(spec); h != nil {
		return h, nil
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	c, err := p.dialDedicated(ctx, spec)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.dedicated[c] = struct{}{}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		c.Close(errPoolClosed)
	}
	return &dedicatedHost{pool: p, conn: c}, nil
}

func (p *Pool) dialDedicated(ctx context.Context, spec host.Spec) (*sharedConn, error) {
	return p.dial(ctx, spec, func(ctx context.Context) (login.Route, func(), error) {
		via, ok := spec.LastJump()
		if !ok {
			return login.NewRoute(spec), func() {}, nil
		}
		leg, err := p.dialDedicated(ctx, via)
		if err != nil {
			return nil, nil, err
		}
		return login.ThroughJump(leg.Conn), func() { leg.Close(conn.ErrClosed) }, nil
	}, nil)
}

// bounded ends with ctx and with the pool.
func (p *Pool) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.ctx, func() { cancel(errPoolClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// hold returns the entry for spec with one more reference.
func (p *Pool) hold(spec host.Spec) (*entry, error) {
	e, err := p.entryFor(spec)
	if err == nil {
		e.updateAlternates(spec)
	}
	return e, err
}

func (p *Pool) entryFor(spec host.Spec) (*entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, &host.Error{Kind: host.Canceled, Phase: host.PhaseResolve, Host: spec.Label(), Err: errPoolClosed}
	}
	key := spec.Key()
	e := p.entries[key]
	if e == nil {
		e = &entry{pool: p, key: key, spec: spec, running: make(chan struct{}, 1)}
		e.recall(p.memories[key])
		p.entries[key] = e
		delete(p.memories, key)
	}
	e.refs++
	return e, nil
}

// firstKey records the key that a machine showed first in this run and returns the
// recorded one.
func (p *Pool) firstKey(address string, shown hostkey.Pin) hostkey.Pin {
	p.mu.Lock()
	defer p.mu.Unlock()
	if seen, ok := p.firstKeys[address]; ok {
		return seen
	}
	if shown.SHA256 != "" {
		p.firstKeys[address] = shown
	}
	return shown
}

// Close lets running scripts end until ctx does, then closes every connection.
// Nothing can be acquired any more.
func (p *Pool) Close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	conns := slices.Collect(maps.Keys(p.dedicated))
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
		case <-c.Done():
		case <-ctx.Done():
			c.Close(errPoolClosed)
		}
	}
}

// sharedHost is a share of an entry. It outlives the connection that it began with: a
// machine that closed it meanwhile is dialled again by the next script.
type sharedHost struct {
	entry    *entry
	spec     host.Spec // as it was asked for
	identity host.Identity
	once     sync.Once
}

func (l *sharedHost) Identity() host.Identity { return l.identity }

func (l *sharedHost) Release() { l.once.Do(l.entry.drop) }

// Run executes s. A script that is lost with its connection is sent again only
// if it is convergent: a script without a terminal goes on by itself when its
// connection is gone, and would run twice.
func (l *sharedHost) Run(ctx context.Context, s host.Script) (host.Result, error) {
	const attempts = 3
	ran := false
	for n := 1; ; n++ {
		result, err := l.attempt(ctx, s)
		var e *host.Error
		if err == nil || !errors.As(err, &e) {
			return result, err
		}
		e = e.Named(l.spec, l.entry.spec)
		ran = ran || e.MayHaveRun
		if n == attempts || e.Connecting() || !mayRepeat(s, err) {
			return result, afterRun(e, ran)
		}
	}
}

func (l *sharedHost) attempt(ctx context.Context, s host.Script) (host.Result, error) {
	over, err := l.entry.acquireTurn(ctx)
	if err != nil {
		return host.Result{}, err
	}
	defer over()
	c, err := l.entry.live(ctx)
	if err != nil {
		return host.Result{}, err
	}
	defer c.leave()
	result, err := c.Run(ctx, s)
	l.entry.noteSessionLimit(c, err)
	return result, err
}

// afterRun is e for a script that an earlier attempt may have run, whatever became
// of the last one. The error of an unreachable machine is shared by all who wait; hence the
// copy.
func afterRun(e *host.Error, ran bool) *host.Error {
	if !ran || e.MayHaveRun {
		return e
	}
	mine := *e
	mine.MayHaveRun = true
	return &mine
}

func mayRepeat(s host.Script, err error) bool {
	var e *host.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case host.SingleSession, host.SessionLimit:
		return true // on another connection
	case host.Lost, host.NoExitStatus:
		return s.Convergent || !e.MayHaveRun
	}
	return false
}

// dedicatedHost is a connection of its own.
type dedicatedHost struct {
	pool *Pool
	conn *sharedConn
	once sync.Once
}

func (s *dedicatedHost) Identity() host.Identity { return s.conn.Identity }

func (s *dedicatedHost) Run(ctx context.Context, script host.Script) (host.Result, error) {
	if !s.conn.enter() {
		e := s.conn.Lost(host.PhaseOpen)
		e.Host, e.User, e.Names, e.Script = s.conn.Spec.Label(), s.conn.Spec.User, s.conn.Spec.Names, script.Name
		return host.Result{}, e
	}
	defer s.conn.leave()
	return s.conn.Run(ctx, script)
}

func (s *dedicatedHost) Release() {
	s.once.Do(func() {
		s.pool.mu.Lock()
		delete(s.pool.dedicated, s.conn)
		s.pool.mu.Unlock()
		s.conn.Close(conn.ErrClosed)
	})
}

// retryPolicy is how often and how fast unreachable machines are tried.
type retryPolicy struct {
	attempts int
	base     time.Duration // doubled after every attempt, and once more when throttled
	cap      time.Duration
	budget   time.Duration // for all attempts together
	absent   int           // attempts at a machine that does not answer at all
	patience time.Duration // for these together, where it accepts connections
	silence  time.Duration // until the last attempt ends at one that accepts none
	boot     time.Duration // between attempts under connect_wait
	memory   time.Duration // how long an unreachable machine is believed to be so
	refusal  time.Duration // how long one that refused us is; 0 is for good
	signing  time.Duration // how long an agent may take to sign
	idle     time.Duration // how long a connection without references stays
	age      time.Duration // after which a connection takes no new users
}

// Five attempts survive 250 clients that meet a sshd with MaxStartups 10:30:100;
// three do not (measured). A closed port or a missing route is another thing: a
// plan over many hosts should not wait half a minute for each that is switched
// off, and a machine that is about to boot is what connect_wait is for. One whose
// packets vanish costs the default connect_timeout of 10 s once: the kernel has sent
// its SYN four times by then.
var defaultRetryPolicy = retryPolicy{
	attempts: 5, base: 2 * time.Second, cap: 30 * time.Second, budget: 120 * time.Second, boot: 5 * time.Second,
	absent: 3, patience: 15 * time.Second, silence: 12 * time.Second,
	signing: login.SigningLimit, memory: 30 * time.Second, idle: 60 * time.Second, age: 30 * time.Minute,
}
