package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// session is a process over SSH. It holds a slot of its connection until the
// server has closed the channel, because the server counts it that long.
type session struct {
	*ssh.Session
	free func()
}

// open waits for a slot and opens a session. A refusal because there are too many
// is waited out on the same connection: the sessions that are in the way are our
// own, and closing the connection would kill them.
func (c *conn) open(ctx context.Context) (*session, *Error) {
	select {
	case c.slots <- struct{}{}:
	case <-c.dead:
		return nil, c.lost(PhaseOpen)
	case <-ctx.Done():
		return nil, &Error{Kind: ctxKind(ctx), Phase: PhaseOpen, Err: fmt.Errorf("waiting for one of %d sessions: %w", cap(c.slots), ctx.Err())}
	}
	s, failure := c.openPatiently(ctx)
	if failure != nil {
		<-c.slots
		return nil, failure
	}
	c.wire.quick.Store(false) // sshd has switched Nagle's algorithm off by now
	return &session{Session: s, free: sync.OnceFunc(func() { <-c.slots })}, nil
}

func (c *conn) openPatiently(ctx context.Context) (*ssh.Session, *Error) {
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		s, err := c.openOnce(ctx)
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return s, nil
		case ctx.Err() != nil:
			return nil, &Error{Kind: ctxKind(ctx), Phase: PhaseOpen, Err: ctx.Err()}
		case !errors.As(err, &refused):
			c.settle()
			if !c.alive() {
				return nil, c.lost(PhaseOpen)
			}
			return nil, &Error{Kind: SessionLimit, Phase: PhaseOpen, Err: err}
		case refused.Reason == ssh.Prohibited:
			return nil, &Error{Kind: SingleSession, Phase: PhaseOpen, Err: err}
		case wait > time.Second:
			return nil, &Error{Kind: SessionLimit, Phase: PhaseOpen, Err: err}
		}
		select {
		case <-time.After(wait):
		case <-c.dead:
			return nil, c.lost(PhaseOpen)
		case <-ctx.Done():
		}
	}
}

// openOnce opens a session; one that arrives after ctx has ended is closed again.
func (c *conn) openOnce(ctx context.Context) (*ssh.Session, error) {
	type opened struct {
		s   *ssh.Session
		err error
	}
	got := make(chan opened, 1)
	go func() {
		s, err := c.client.NewSession()
		got <- opened{s, err}
	}()
	select {
	case o := <-got:
		return o.s, o.err
	case <-ctx.Done():
		go func() {
			if o := <-got; o.err == nil {
				_ = o.s.Close() // nobody waits for it any more
			}
		}()
		return nil, ctx.Err()
	}
}

// lost is the error of a connection that died before anything was sent.
func (c *conn) lost(phase Phase) *Error {
	return &Error{Kind: Lost, Phase: phase, Err: fmt.Errorf("the connection was lost: %w", c.deathCause())}
}

func (s *session) start(argv []string, stdout, stderr io.Writer, feed bool) (io.WriteCloser, error) {
	s.Stdout, s.Stderr = stdout, stderr
	var stdin io.WriteCloser
	if feed {
		var err error
		if stdin, err = s.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := s.Start(shellLine(argv)); err != nil {
		s.free()
		go s.kill()
		return nil, err
	}
	return stdin, nil
}

func (s *session) wait() (ending, error) {
	err := s.Wait()
	s.free()
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return ending{}, nil
	case errors.As(err, &exit):
		return ending{exit: exit.ExitStatus(), signal: exit.Signal()}, nil
	}
	return ending{}, err
}

func (s *session) kill() { _ = s.Close() }
