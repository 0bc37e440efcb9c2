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
func (c *runner) open(ctx context.Context) (*session, *Error) {
	if failure := c.takeSlot(ctx); failure != nil {
		return nil, failure
	}
	s, failure := c.openPatiently(ctx)
	if failure != nil {
		return nil, failure
	}
	c.wire.quick.Store(false) // sshd has switched Nagle's algorithm off by now
	return &session{Session: s, free: sync.OnceFunc(c.freeSlot)}, nil
}

// takeSlot waits as long as sessions end. Every script has its time, so where none has
// ended within twice that, the server has lost them, and another connection has to do.
func (c *runner) takeSlot(ctx context.Context) *Error {
	began, limit := time.Now(), 2*c.spec.CommandTimeout
	for wait := limit; wait > 0; wait = limit - min(time.Since(began), time.Since(time.Unix(0, c.freed.Load()))) {
		select {
		case c.slots <- struct{}{}:
			return nil
		case <-c.dead:
			return c.lost(PhaseOpen)
		case <-ctx.Done():
			return &Error{Kind: ctxKind(ctx), Phase: PhaseOpen, Err: fmt.Errorf("waiting for one of %d sessions: %w", cap(c.slots), ctx.Err())}
		case <-time.After(wait):
		}
	}
	return &Error{Kind: SessionLimit, Phase: PhaseOpen, Err: fmt.Errorf("none of %d sessions ended within %s", cap(c.slots), limit)}
}

func (c *runner) freeSlot() {
	c.freed.Store(time.Now().UnixNano())
	<-c.slots
}

// giveUpSlot keeps a slot taken for good, because the server allows fewer; false
// for the last one.
func (c *runner) giveUpSlot() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lostSlots >= cap(c.slots)-1 {
		return false
	}
	c.lostSlots++
	return true
}

// openPatiently opens a session in a slot that the caller has taken, and frees it
// on failure. One refusal may be a session that the server has not reaped yet;
// after a second one its limit is lower than ours.
func (c *runner) openPatiently(ctx context.Context) (*ssh.Session, *Error) {
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		s, err := c.openOnce(ctx)
		if err == nil {
			return s, nil
		}
		if failure := c.refusal(ctx, err); failure.Kind != SessionLimit || wait > time.Second {
			c.freeSlot()
			return nil, failure
		}
		if wait > 10*time.Millisecond && c.giveUpSlot() {
			if failure := c.takeSlot(ctx); failure != nil {
				return nil, failure
			}
			wait = 5 * time.Millisecond
			continue
		}
		select {
		case <-time.After(wait):
		case <-c.dead:
		case <-ctx.Done():
		}
	}
}

// refusal says what it means that no session could be opened.
func (c *runner) refusal(ctx context.Context, err error) *Error {
	var refused *ssh.OpenChannelError
	switch {
	case ctx.Err() != nil:
		return &Error{Kind: ctxKind(ctx), Phase: PhaseOpen, Err: ctx.Err()}
	case errors.Is(err, errNoAnswer) && c.alive():
		return &Error{Kind: Timeout, Phase: PhaseOpen, Err: fmt.Errorf("%w within %s", err, c.spec.CommandTimeout)}
	case !errors.As(err, &refused):
		c.settle()
		if !c.alive() {
			return c.lost(PhaseOpen)
		}
		return &Error{Kind: NoExitStatus, Phase: PhaseOpen, Err: err}
	case refused.Reason == ssh.Prohibited:
		return &Error{Kind: SingleSession, Phase: PhaseOpen, Err: err}
	}
	return &Error{Kind: SessionLimit, Phase: PhaseOpen, Err: err}
}

// errNoAnswer is a request for a session that the machine neither grants nor refuses,
// though it may give signs of life.
var errNoAnswer = errors.New("the machine does not answer the request for a session")

// openOnce opens a session; one that arrives after ctx has ended, or after the time
// of a command, is closed again.
func (c *runner) openOnce(ctx context.Context) (*ssh.Session, error) {
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
	case <-c.dead: // x/crypto v0.58 leaves a request of this very moment without an answer
	case <-ctx.Done():
	case <-time.After(c.spec.CommandTimeout):
	}
	go func() {
		if o := <-got; o.err == nil {
			_ = o.s.Close() // it is not waited for any more
		}
	}()
	return nil, errNoAnswer
}

// lost is the error of a connection that died before anything was sent.
func (c *runner) lost(phase Phase) *Error {
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
