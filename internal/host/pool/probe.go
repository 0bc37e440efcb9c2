package pool

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
)

// ProbeLogin logs in on a new connection, asks for one sign of life and closes it. Nothing is run on
// the machine. What others met does not count, but for a machine that has refused
// us in this run: it is not bothered again, because it may lock us out for that.
func (p *Pool) ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error) {
	if spec.Transport != host.TransportSSH {
		return probe.LoginResult{}, nil
	}
	if known := p.refusal(spec); known != nil {
		return probe.LoginResult{}, known.About(spec)
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	c, r, err := p.timedDial(ctx, spec)
	if err != nil {
		return probe.LoginResult{}, err
	}
	defer c.Close(conn.ErrClosed)
	r.RoundTrip = c.RoundTrip(ctx)
	return r, nil
}

// ProbeIdle logs in on a new connection, sends nothing for the time that w gives, and closes it.
// Neither SSH's nor TCP's keepalives are sent meanwhile, to the machine itself:
// on the way to a jump host they are. Nothing is run on the machine and no session
// is opened: sshd asks without one as well (measured on 9.2), by a global request.
// A session without a program would not count for UnusedConnectionTimeout, which
// ends such a connection all the same (measured: 2 s, ended after 2.8 s), and a
// program might be a forced command.
func (p *Pool) ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error) {
	if spec.Transport != host.TransportSSH {
		return probe.IdleResult{}, nil
	}
	if known := p.refusal(spec); known != nil {
		return probe.IdleResult{}, known.About(spec)
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	// TCP's keepalives would keep a path open that the machine's own do not.
	spec.KeepaliveInterval = -1
	c, reach, err := p.timedDial(ctx, spec)
	if err != nil {
		return probe.IdleResult{}, err
	}
	defer c.Close(conn.ErrClosed)
	v, err := probe.Idle(ctx, c.Conn, w)
	reach.RoundTrip = v.RoundTrip
	v.LoginResult = reach
	return v, err
}

func (p *Pool) timedDial(ctx context.Context, spec host.Spec) (*sharedConn, probe.LoginResult, error) {
	began := time.Now()
	c, err := p.dialDedicated(ctx, spec)
	if err != nil {
		return nil, probe.LoginResult{}, asError(err).About(spec)
	}
	return c, probe.LoginResult{HandshakeInfo: c.Handshake, Attempts: c.attempts, Elapsed: time.Since(began)}, nil
}

// refusal is what spec's machine said to us in this run, if it was final.
func (p *Pool) refusal(spec host.Spec) *host.Error {
	p.mu.Lock()
	key := spec.Key()
	e, m := p.entries[key], p.memories[key]
	p.mu.Unlock()
	switch {
	case e == nil && (m.refused == nil || !m.until.IsZero() && time.Now().After(m.until)):
		return nil
	case e == nil:
		again := *m.refused
		return again.Named(spec, m.spec)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn != nil || !e.refused || !e.remembers() {
		return nil
	}
	again := *e.failed
	return again.Named(spec, e.spec)
}
