package pool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
)

// entry is what a pool knows about one machine.
type entry struct {
	pool *Pool
	key  string // of spec
	spec host.Spec

	refs int // guarded by pool.mu

	mu      sync.Mutex
	conn    *sharedConn
	dialing *dialing
	failed  *host.Error // remembered failure, and until when; the zero time is for good
	until   time.Time
	refused bool // failed is a refusal
	// What the latest user with something to say about it said of the Spec's
	// fields of these names.
	alternates  []string
	expectedKey string
	silent      bool          // ends connections that send keepalives
	single      bool          // allows one session per connection, ever
	serial      bool          // is not OpenSSH, and loses scripts that overlap
	running     chan struct{} // taken by the script whose turn it is
	timer       *time.Timer
}

// dialing is an attempt to connect that several may wait for.
type dialing struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	conn    *sharedConn
	err     *host.Error

	last *host.Error   // how the latest attempt failed, while more are to come,
	next time.Time     // when the next one begins,
	news chan struct{} // closed when both change
}

// failed tells the waiters of an attempt that the next one follows after pause.
func (d *dialing) failed(last *host.Error, pause time.Duration) {
	d.last, d.next = last, time.Now().Add(pause)
	close(d.news)
	d.news = make(chan struct{})
}

// drop gives a reference back. The connection stays for a while, because another
// resource of the same machine is often next.
func (e *entry) drop() {
	e.pool.mu.Lock()
	e.refs--
	idle := e.refs == 0
	e.pool.mu.Unlock()
	if !idle {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer != nil {
		e.timer.Stop()
	}
	e.timer = time.AfterFunc(e.pool.retry.idle, e.expire)
}

// expire closes the connection of an entry that is not in use, and removes the entry
// with the secrets in it.
func (e *entry) expire() {
	e.mu.Lock()
	e.forget()
	e.pool.mu.Lock()
	unused := e.refs == 0 && e.pool.entries[e.key] == e
	if unused {
		delete(e.pool.entries, e.key)
		if m := e.memory(); m.worth() {
			e.pool.memories[e.key] = m
		}
	}
	e.pool.mu.Unlock()
	c := e.conn
	if unused {
		e.conn = nil
	}
	e.mu.Unlock()
	if unused && c != nil {
		c.retire()
	}
}

func (e *entry) current() *sharedConn {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.conn
}

// live returns a connection that answers, entered once for the caller.
func (e *entry) live(ctx context.Context) (*sharedConn, error) {
	for {
		c, d, err := e.next(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			if c, err = e.wait(ctx, d); err != nil {
				return nil, err
			}
		}
		if !c.enter() {
			continue
		}
		if c.CheckIdle(ctx) {
			return c, nil
		}
		c.leave()
	}
}

// next is the connection, or the attempt to make one, or the remembered failure.
func (e *entry) next(ctx context.Context) (*sharedConn, *dialing, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forget()
	switch {
	case ctx.Err() != nil:
		return nil, nil, e.stopped(ctx, nil)
	case e.conn != nil:
		return e.conn, nil, nil
	case e.failed != nil:
		again := *e.failed
		return nil, nil, &again
	}
	if e.dialing == nil {
		e.begin(ctx)
	}
	e.dialing.waiters++
	return nil, e.dialing, nil
}

// forget drops a connection that is dead or old, and a failure whose time is up.
func (e *entry) forget() {
	if c := e.conn; c != nil {
		if c.Alive() && time.Since(c.Born) > e.pool.retry.age {
			c.retire()
			e.conn = nil
		}
		if !c.Alive() {
			e.silent = e.silent || c.KilledByKeepalive()
			e.conn = nil
		}
	}
	if !e.remembers() {
		e.failed = nil
	}
}

// remembers reports whether a failure is known whose time is not up.
func (e *entry) remembers() bool {
	return e.failed != nil && (e.until.IsZero() || time.Now().Before(e.until))
}

// noteSessionLimit takes a connection out of use that gives no more sessions. A server that
// allows one per connection, ever (tinyssh, some switches), is remembered: every
// script then has a connection of its own.
func (e *entry) noteSessionLimit(c *sharedConn, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	full := false
	if failure, ok := errors.AsType[*host.Error](err); ok {
		e.single = e.single || failure.Kind == host.SingleSession
		full = failure.Kind == host.SessionLimit
	}
	if !e.single && !full {
		return
	}
	c.retire()
	if e.conn == c {
		e.conn = nil
	}
}

// acquireTurn waits until the caller may run a script, and returns what ends that turn.
// Where scripts go one by one, all but the first would otherwise wait on a
// connection that is of no use to them, when it allows one session, ever.
func (e *entry) acquireTurn(ctx context.Context) (over func(), err error) {
	e.mu.Lock()
	alone := e.single || e.serial
	e.mu.Unlock()
	if !alone {
		return func() {}, nil
	}
	select {
	case e.running <- struct{}{}:
		return func() { <-e.running }, nil
	case <-ctx.Done():
		return nil, &host.Error{Kind: host.ContextKind(ctx), Phase: host.PhaseOpen, Host: e.spec.Label(), User: e.spec.User,
			Err: fmt.Errorf("waiting for other scripts to end, which this server takes one by one: %w", ctx.Err())}
	}
}

// begin dials in the background, apart from the context of the first user:
// the others still want the connection when that one has gone.
func (e *entry) begin(ctx context.Context) {
	ctx, cancel := e.pool.bounded(context.WithoutCancel(ctx))
	d := &dialing{done: make(chan struct{}), news: make(chan struct{}), cancel: cancel}
	e.dialing = d
	spec := e.spec
	spec.AlternateAddresses, spec.ExpectedHostKey = e.alternates, e.expectedKey
	if e.silent {
		spec.KeepaliveInterval = 0
	}
	go func() {
		defer cancel()
		for heard := true; heard; {
			conn, err := e.pool.dial(ctx, spec, e.viaShared, func(last *host.Error, pause time.Duration) {
				e.mu.Lock()
				d.failed(last, pause)
				e.mu.Unlock()
			})
			if heard = ctx.Err() == nil && e.alternatesChangedSince(&spec, err); !heard {
				e.finish(d, conn, err)
			}
		}
	}()
}

func (e *entry) finish(d *dialing, c *sharedConn, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer close(d.done)
	abandoned := e.dialing != d
	if !abandoned {
		e.dialing = nil
	}
	switch {
	case err == nil && (abandoned || e.pool.ctx.Err() != nil):
		c.Close(conn.ErrClosed)
		d.err = &host.Error{Kind: host.Canceled, Phase: host.PhaseAuth, Host: e.spec.Label(), User: e.spec.User, Err: errPoolClosed}
	case err == nil:
		d.conn, e.conn, e.failed, e.serial = c, c, nil, !c.OpenSSH()
	default:
		d.err = asError(err)
		if !abandoned {
			e.remember(d.err)
		}
	}
}

// remember keeps a failure: one of credentials or host keys for good, or for the
// RefusalTime of the pool, because to try it again for every resource gets the address
// locked out; one of the path for a while, so that twenty resources wait for a dead
// machine once.
func (e *entry) remember(failure *host.Error) {
	switch {
	case failure.Transient():
		e.failed, e.until, e.refused = failure, time.Now().Add(e.pool.retry.memory), false
	case failure.Kind != host.Canceled && failure.Kind != host.Timeout:
		e.failed, e.until, e.refused = failure, time.Time{}, true
		if e.pool.retry.refusal > 0 {
			e.until = time.Now().Add(e.pool.retry.refusal)
		}
	}
}

// wait for d, or until ctx ends or is sure to end before the next attempt. The
// last to go away takes the attempt along; what it met until then is remembered.
func (e *entry) wait(ctx context.Context, d *dialing) (*sharedConn, error) {
	for {
		news, worth := e.worthWaiting(ctx, d)
		if !worth {
			break
		}
		select {
		case <-d.done:
			if d.err != nil {
				again := *d.err
				return nil, &again
			}
			return d.conn, nil
		case <-news:
		case <-ctx.Done():
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d.waiters--
	if d.waiters == 0 && e.dialing == d {
		e.dialing = nil
		d.cancel()
		if d.last != nil {
			e.remember(d.last)
		}
	}
	return nil, e.stopped(ctx, d.last)
}

// worthWaiting says whether waiting for d may still be worth it, until news.
func (e *entry) worthWaiting(ctx context.Context, d *dialing) (news <-chan struct{}, worth bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	deadline, ok := ctx.Deadline()
	return d.news, ctx.Err() == nil && (!ok || d.next.Before(deadline))
}

// stopped is the error of a caller whose context ended while it waited for a
// connection. What the attempts met is worth more than that the time was up.
func (e *entry) stopped(ctx context.Context, last *host.Error) error {
	if last != nil && (ctx.Err() == nil || host.ContextKind(ctx) == host.Timeout) {
		again := *last
		return &again
	}
	return &host.Error{Kind: host.ContextKind(ctx), Phase: host.PhaseTCP, Host: e.spec.Label(), User: e.spec.User, Err: ctx.Err()}
}

// viaShared reaches the machine through jump hosts that others use too.
func (e *entry) viaShared(ctx context.Context) (login.Route, func(), error) {
	via, ok := e.spec.LastJump()
	if !ok {
		return login.NewRoute(e.spec), func() {}, nil
	}
	hop, err := e.pool.hold(via)
	if err != nil {
		return nil, nil, err
	}
	leg, err := hop.live(ctx)
	if err != nil {
		hop.drop()
		return nil, nil, asError(err).Named(via, hop.spec)
	}
	return login.ThroughJump(leg.Conn), func() { leg.leave(); hop.drop() }, nil
}

// dial connects and logs in, trying again while that may help. path opens the way
// for each attempt; failed is told how an attempt failed when another follows.
func (p *Pool) dial(ctx context.Context, spec host.Spec, path func(context.Context) (login.Route, func(), error), failed func(*host.Error, time.Duration)) (*sharedConn, error) {
	began := time.Now()
	records, err := hostkey.Load(spec)
	if err != nil {
		return nil, &host.Error{Kind: host.Config, Phase: host.PhaseHostKey, Host: spec.Label(), User: spec.User, Err: err}
	}
	for _, note := range records.Notes {
		logSkipped(ctx, spec, note)
	}
	for n := 1; ; n++ {
		c, passed, err := p.loginAtFirst(ctx, spec, hostkey.New(spec, records), path)
		if err == nil {
			c.attempts = n
			logConnected(ctx, c, n, time.Since(began))
			return c, nil
		}
		failure := asError(err)
		if !passed {
			return nil, failure // of a jump host, which has been tried as often as helps
		}
		failure.Attempts, failure.Elapsed = n, time.Since(began)
		logFailure(ctx, spec, failure)
		pause, again := p.retry.next(n, failure, time.Since(began), spec.ConnectWait)
		if !failure.Transient() || !again || tooLate(ctx, pause) {
			return nil, failure
		}
		if failed != nil {
			failed(failure, pause)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if host.ContextKind(ctx) == host.Timeout {
				return nil, failure
			}
			return nil, &host.Error{Kind: host.Canceled, Phase: failure.Phase, Host: spec.Label(), User: spec.User, Err: context.Cause(ctx)}
		}
	}
}

// tooLate reports whether ctx will end before a pause does: waiting for that only
// costs the user time.
func tooLate(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= pause
}

// attempt logs in once at address over r; release gives r back when the
// connection ends, or at once when there is none.
func (p *Pool) attempt(ctx context.Context, spec host.Spec, address string, t hostkey.Checker, r login.Route, release func()) (*sharedConn, error) {
	select {
	case p.dials <- struct{}{}:
		defer func() { <-p.dials }()
	case <-ctx.Done():
		release()
		return nil, &host.Error{Kind: host.ContextKind(ctx), Phase: host.PhaseTCP, Host: spec.Label(), User: spec.User, Err: ctx.Err()}
	}
	if t.Policy == host.PolicyAcceptNew && t.Pin.SHA256 == "" {
		t.Pin = p.firstKey(spec.Address(), hostkey.Pin{})
	}
	c, err := login.Dial(ctx, login.Request{Spec: spec, Address: address, Checker: t, Route: r, Version: p.ident, SigningLimit: p.retry.signing, Release: release})
	if err != nil {
		release()
		return nil, err
	}
	if t.Policy == host.PolicyAcceptNew {
		p.firstKey(spec.Address(), hostkey.Pin{SHA256: c.Identity.HostKeySHA256, KeyType: c.Identity.KeyType, At: "seen earlier in this run"})
	}
	return &sharedConn{Runner: exec.New(c)}, nil
}

// next says whether attempt n, which failed after elapsed, is followed by another
// one, and after which pause. A machine that may still be booting is tried at an
// even pace until wait is over.
func (p retryPolicy) next(n int, failure *host.Error, elapsed, wait time.Duration) (pause time.Duration, again bool) {
	if wait > 0 {
		pause = p.boot*4/5 + rand.N(p.boot*2/5+1)
		if elapsed+pause < wait {
			return pause, true
		}
	}
	pause = p.pause(n, failure.Kind)
	if failure.Kind == host.Unreachable {
		pause /= 2
		end, patience := elapsed+pause, p.patience
		if failure.Phase == host.PhaseTCP {
			end, patience = end+elapsed/time.Duration(n), p.silence // the next one takes as long
		}
		return pause, n < p.absent && end <= max(patience, wait)
	}
	return pause, n < p.attempts && elapsed+pause <= max(p.budget, wait)
}

// pause before attempt n+1: doubling, with equal jitter so that many clients do
// not come back together; twice as long when the server turns clients away,
// because penalties last from 15 seconds up.
func (p retryPolicy) pause(n int, kind host.Kind) time.Duration {
	if kind == host.Throttled {
		n++
	}
	d := min(p.base<<min(n-1, 16), p.cap)
	return d/2 + rand.N(d/2+1)
}

func asError(err error) *host.Error {
	if e, ok := errors.AsType[*host.Error](err); ok {
		return e
	}
	return &host.Error{Kind: host.Config, Phase: host.PhaseTCP, Host: "host", Err: err}
}
