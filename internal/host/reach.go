package host

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
)

// HandshakeInfo is what an attempt to log in found out about the machine. What it did
// not come to is empty, or 0.
type HandshakeInfo struct {
	Identity
	HostKeyType string   // as in a known_hosts file; that of the certificate, if it is one
	AuthMethods []string // that the server would accept, as it said first
	AuthMethod  string   // by which we came in, the methods with commas if it took several

	// How long the phases took that it came to the end of. To connect includes
	// resolving the name, and of a machine behind jump hosts none of their logins.
	Connect, Identification, KeyExchange, Authentication time.Duration
}

// LoginProbe is a login and how long it took.
type LoginProbe struct {
	HandshakeInfo
	RoundTrip time.Duration // of a keepalive; 0 if it was not answered
	Attempts  int
	Elapsed   time.Duration // from the first attempt to the login
}

// ProbeLogin logs in on a new connection, asks for one sign of life and closes it. Nothing is run on
// the machine. What others met does not count, but for a machine that has refused
// us in this run: it is not bothered again, because it may lock us out for that.
func (p *Pool) ProbeLogin(ctx context.Context, spec Spec) (LoginProbe, error) {
	if h := undialled(spec); h != nil {
		return LoginProbe{}, nil
	}
	if known := p.refusal(spec); known != nil {
		return LoginProbe{}, known.about(spec)
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	c, r, err := p.reach(ctx, spec)
	if err != nil {
		return LoginProbe{}, err
	}
	defer c.die(errClosed)
	r.RoundTrip = c.roundTrip(ctx)
	return r, nil
}

func (p *Pool) reach(ctx context.Context, spec Spec) (*conn, LoginProbe, error) {
	began := time.Now()
	c, err := p.dialFresh(ctx, spec)
	if err != nil {
		return nil, LoginProbe{}, asError(err).about(spec)
	}
	return c, LoginProbe{HandshakeInfo: c.meeting, Attempts: c.attempts, Elapsed: time.Since(began)}, nil
}

// about is e without what was found out about another machine: a jump host.
func (e *Error) about(spec Spec) *Error {
	if e.Host != spec.label() {
		e.Handshake = HandshakeInfo{}
	}
	return e
}

// refusal is what spec's machine said to us in this run, if it was final.
func (p *Pool) refusal(spec Spec) *Error {
	p.mu.Lock()
	e := p.entries[spec.Key()]
	p.mu.Unlock()
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn != nil || e.failed == nil || !e.until.IsZero() {
		return nil
	}
	again := *e.failed
	return again.named(spec, e.spec)
}

// roundTrip is how long the machine takes to give a sign of life, 0 if it gives
// none.
func (c *conn) roundTrip(ctx context.Context) time.Duration {
	const limit = 5 * time.Second
	answer, began := make(chan error, 1), time.Now()
	go func() { answer <- c.ask() }()
	select {
	case err := <-answer:
		if err == nil {
			return max(time.Since(began), 1)
		}
	case <-c.dead:
	case <-time.After(limit):
	case <-ctx.Done():
	}
	return 0
}

// moments are the times at which a login came through its phases.
type moments struct {
	began, linked, done time.Time
	// key is when the host showed its key, which another goroutine sees.
	key atomic.Pointer[time.Time]
}

func (h *handshake) meeting() HandshakeInfo {
	m := HandshakeInfo{
		Identity:    Identity{Address: h.address, Hops: h.hops},
		AuthMethods: h.offers,
		Connect:     between(h.moments.began, h.moments.linked),
	}
	if h.wire == nil {
		return m
	}
	ident, at := h.wire.identified()
	m.ServerVersion, m.Identification = ident, between(h.moments.linked, at)
	shown := h.moments.key.Load()
	if shown == nil {
		return m
	}
	m.HostKeySHA256, m.KeyType, m.HostKeyType = fingerprint(h.hostKey), plainOf(h.hostKey).Type(), h.hostKey.Type()
	m.KeyExchange = between(at, *shown)
	if !h.moments.done.IsZero() {
		m.Authentication = between(*shown, h.moments.done)
		m.AuthMethod = strings.Join(append(h.passed, h.creds.latest()), ",")
	}
	return m
}

func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(to.Sub(from), 1)
}
