package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
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
func (c *Runner) open(ctx context.Context) (*session, *host.Error) {
	if failure := c.takeSlot(ctx); failure != nil {
		return nil, failure
	}
	s, failure := c.openPatiently(ctx)
	if failure != nil {
		return nil, failure
	}
	c.StopQuickACK() // sshd has switched Nagle's algorithm off by now
	return &session{Session: s, free: sync.OnceFunc(c.freeSlot)}, nil
}

// takeSlot waits as long as sessions end. Every script has its time, so where none has
// ended within twice that, the server has lost them, and another connection has to do.
func (c *Runner) takeSlot(ctx context.Context) *host.Error {
	began, limit := time.Now(), 2*c.Spec.CommandTimeout
	for wait := limit; wait > 0; wait = limit - min(time.Since(began), time.Since(time.Unix(0, c.freed.Load()))) {
		select {
		case c.slots <- struct{}{}:
			return nil
		case <-c.Done():
			return c.Lost(host.PhaseOpen)
		case <-ctx.Done():
			return &host.Error{Kind: host.ContextKind(ctx), Phase: host.PhaseOpen, Err: fmt.Errorf("waiting for one of %d sessions: %w", cap(c.slots), ctx.Err())}
		case <-time.After(wait):
		}
	}
	return &host.Error{Kind: host.SessionLimit, Phase: host.PhaseOpen, Err: fmt.Errorf("none of %d sessions ended within %s", cap(c.slots), limit)}
}

func (c *Runner) freeSlot() {
	c.freed.Store(time.Now().UnixNano())
	<-c.slots
}

// giveUpSlot keeps a slot taken for good, because the server allows fewer; false
// for the last one.
func (c *Runner) giveUpSlot() bool {
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
func (c *Runner) openPatiently(ctx context.Context) (*ssh.Session, *host.Error) {
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		s, err := c.openOnce(ctx)
		if err == nil {
			return s, nil
		}
		if failure := c.refusal(ctx, err); failure.Kind != host.SessionLimit || wait > time.Second {
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
		case <-c.Done():
		case <-ctx.Done():
		}
	}
}

// refusal says what it means that no session could be opened.
func (c *Runner) refusal(ctx context.Context, err error) *host.Error {
	var refused *ssh.OpenChannelError
	switch {
	case ctx.Err() != nil:
		return &host.Error{Kind: host.ContextKind(ctx), Phase: host.PhaseOpen, Err: ctx.Err()}
	case errors.Is(err, errNoAnswer) && c.Alive():
		return &host.Error{Kind: host.Timeout, Phase: host.PhaseOpen, Err: fmt.Errorf("%w within %s", err, c.Spec.CommandTimeout)}
	case !errors.As(err, &refused):
		c.Settle()
		if !c.Alive() {
			return c.Lost(host.PhaseOpen)
		}
		return &host.Error{Kind: host.NoExitStatus, Phase: host.PhaseOpen, Err: err}
	case refused.Reason == ssh.Prohibited:
		return &host.Error{Kind: host.SingleSession, Phase: host.PhaseOpen, Err: err}
	}
	return &host.Error{Kind: host.SessionLimit, Phase: host.PhaseOpen, Err: err}
}

// errNoAnswer is a request for a session that the machine neither grants nor refuses,
// though it may give signs of life.
var errNoAnswer = errors.New("the machine does not answer the request for a session")

// openOnce opens a session; one that arrives after ctx has ended, or after the time
// of a command, is closed again.
func (c *Runner) openOnce(ctx context.Context) (*ssh.Session, error) {
	type opened struct {
		s   *ssh.Session
		err error
	}
	got := make(chan opened, 1)
	go func() {
		s, err := c.Client.NewSession()
		got <- opened{s, err}
	}()
	select {
	case o := <-got:
		return o.s, o.err
	case <-c.Done(): // x/crypto v0.58 leaves a request of this very moment without an answer
	case <-ctx.Done():
	case <-time.After(c.Spec.CommandTimeout):
	}
	go func() {
		if o := <-got; o.err == nil {
			_ = o.s.Close() // it is not waited for any more
		}
	}()
	return nil, errNoAnswer
}

// Lost is the error of a connection that died before anything was sent.
func (c *Runner) Lost(phase host.Phase) *host.Error {
	return &host.Error{Kind: host.Lost, Phase: phase, Err: fmt.Errorf("the connection was lost: %w", c.Reason())}
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

func (s *session) wait() (process.Exit, error) {
	err := s.Wait()
	s.free()
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return process.Exit{}, nil
	case errors.As(err, &exit):
		return process.Exit{Code: exit.ExitStatus(), Signal: exit.Signal()}, nil
	}
	return process.Exit{}, err
}

func (s *session) kill() { _ = s.Close() }
