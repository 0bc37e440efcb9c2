package host

import (
	"context"
	"time"
)

// ProbeLogin logs in on a new connection, asks for one sign of life and closes it. Nothing is run on
// the machine. What others met does not count, but for a machine that has refused
// us in this run: it is not bothered again, because it may lock us out for that.
func (p *Pool) ProbeLogin(ctx context.Context, spec Spec) (LoginProbe, error) {
	if spec.Transport != transportSSH {
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

// ProbeIdle logs in on a new connection, sends nothing for the time that w gives, and closes it.
// Neither SSH's nor TCP's keepalives are sent meanwhile, to the machine itself:
// on the way to a jump host they are. Nothing is run on the machine and no session
// is opened: sshd asks without one as well (measured on 9.2), by a global request.
// A session without a program would not count for UnusedConnectionTimeout, which
// ends such a connection all the same (measured: 2 s, ended after 2.8 s), and a
// program might be a forced command.
func (p *Pool) ProbeIdle(ctx context.Context, spec Spec, w IdleProbeOptions) (IdleProbe, error) {
	if spec.Transport != transportSSH {
		return IdleProbe{}, nil
	}
	if known := p.refusal(spec); known != nil {
		return IdleProbe{}, known.about(spec)
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	// TCP's keepalives would keep a path open that the machine's own do not.
	spec.KeepaliveInterval = -1
	c, reach, err := p.reach(ctx, spec)
	if err != nil {
		return IdleProbe{}, err
	}
	defer c.die(errClosed)
	v, err := watchIdle(ctx, c.conn, w)
	reach.RoundTrip = v.RoundTrip
	v.LoginProbe = reach
	return v, err
}

func (p *Pool) reach(ctx context.Context, spec Spec) (*sharedConn, LoginProbe, error) {
	began := time.Now()
	c, err := p.dialFresh(ctx, spec)
	if err != nil {
		return nil, LoginProbe{}, asError(err).about(spec)
	}
	return c, LoginProbe{HandshakeInfo: c.handshake, Attempts: c.attempts, Elapsed: time.Since(began)}, nil
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
