// Package probe watches what a machine does on a connection on which we run nothing.
//
// It must not know how the connection was made.
package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
)

// IdleOptions says how long, and how, ProbeIdle stays silent on a connection.
type IdleOptions struct {
	Idle time.Duration // at most
	// Mute leaves the machine's requests unanswered, as a dead peer does, until it
	// hangs up.
	Mute bool
	// Output has a session on the machine write a line this often, as a build log
	// does; 0 opens no session. Since 9.2 sshd does not probe such a client.
	Output time.Duration
	// Watch is told what happens meanwhile, if it is not nil.
	Watch *IdleWatch
}

// IdleWatch is called from an idle probe that is under way: Began when the connection is
// there, and Asked each time that the machine asks for a sign of life.
type IdleWatch struct{ Began, Asked func() }

// IdleResult is a login and what the machine did while we sent nothing.
type IdleResult struct {
	LoginResult
	// Keepalives is when the machine asked for a sign of life, counted from our login.
	Keepalives []time.Duration
	// CloseReason is how the connection ended by itself, "" if it was there at the end:
	// it answered then, and RoundTrip is how fast, or at least it heard us.
	CloseReason CloseReason
	// Silence is how long we had said nothing when it ended, 0 if that is not known
	// or it did not end.
	Silence time.Duration
	Cause   error // of the end
}

// CloseReason is how a connection ended, as far as this end of it can tell.
type CloseReason string

const (
	// CloseEOF is an end of the stream in good order: what sshd leaves when it gives a
	// client up, and when it is stopped. A proxy or a load balancer may do the same.
	CloseEOF CloseReason = "closed"
	// CloseDisconnect is a disconnect message of SSH. sshd gives clients up without one.
	CloseDisconnect CloseReason = "disconnected"
	// CloseReset is a reset of TCP: by a kernel or a firewall that knows no such connection.
	CloseReset CloseReason = "reset"
	// CloseNoAnswer is a connection on which nothing comes back: forgotten by a NAT, or
	// the machine is gone.
	CloseNoAnswer CloseReason = "lost"
)

// Idle is what an idle probe sees on c.
func Idle(ctx context.Context, c *conn.Conn, w IdleOptions) (IdleResult, error) {
	e := &conn.KeepaliveRecorder{Since: c.LastSent(), Mute: w.Mute}
	if w.Watch != nil {
		e.Asked = w.Watch.Asked
		w.Watch.Began()
	}
	c.Record(e)
	if w.Output > 0 {
		if err := startOutput(c, w, e); err != nil {
			return IdleResult{}, &host.Error{Kind: host.SessionLimit, Phase: host.PhaseOpen, Host: c.Spec.Label(), User: c.Spec.User, Err: err}
		}
	}
	var v IdleResult
	select {
	case <-c.Done():
		v = IdleResult{CloseReason: partingBy(c.EndedBy()), Cause: c.Reason(), Silence: time.Since(c.LastSent()), Keepalives: e.Times()}
	case <-time.After(w.Idle):
		v = IdleResult{Keepalives: e.Times()}
		if v.RoundTrip = c.RoundTrip(ctx); ctx.Err() == nil {
			v.CloseReason, v.Cause = afterAsking(c, v.RoundTrip)
		}
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return v, &host.Error{Kind: host.ContextKind(ctx), Phase: host.PhaseIdle, Host: c.Spec.Label(), User: c.Spec.User, Err: context.Cause(ctx)}
	}
	return v, nil
}

// startOutput starts a session that writes lines. Nothing reads them, because x/crypto
// would then open the channel's window again, which is a sign of life; the window
// holds two million lines. While a session is open, sshd asks for signs of life by a
// request in its channel. The command ends by itself: a write to a session that is
// gone does not end every shell.
func startOutput(c *conn.Conn, w IdleOptions, e *conn.KeepaliveRecorder) error {
	channel, requests, err := c.Client.OpenChannel("session", nil)
	if err != nil {
		return fmt.Errorf("open a session that writes: %w", err)
	}
	go answer(requests, e)
	lines := int(w.Idle/w.Output) + 1
	command := fmt.Sprintf("exec sh -c 'n=0; while [ $n -lt %d ] && echo; do n=$((n+1)); sleep %d; done'", lines, max(1, int(w.Output.Seconds())))
	started, err := channel.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{command}))
	if err == nil && !started {
		err = errors.New("the server refused it")
	}
	if err != nil {
		return fmt.Errorf("start a command that writes: %w", err)
	}
	return nil
}

// afterAsking says what it means when an idle connection was asked for a sign of
// life. A machine that hangs up on being asked, as old tinyssh does, has heard us.
func afterAsking(c *conn.Conn, answer time.Duration) (CloseReason, error) {
	if answer > 0 {
		return "", nil
	}
	c.Settle()
	if c.Alive() {
		return CloseNoAnswer, errors.New("no answer after the idle time")
	}
	switch how := partingBy(c.EndedBy()); how {
	case CloseReset, CloseNoAnswer:
		return how, c.Reason()
	}
	return "", nil
}

// errWindowsReset is WSAECONNRESET: on Windows the usual name stands for a number that
// nothing there returns.
const errWindowsReset = syscall.Errno(10054)

// partingBy says how the connection ended that died of cause.
func partingBy(cause error) CloseReason {
	switch {
	case errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF):
		return CloseEOF
	case errors.Is(cause, syscall.ECONNRESET), errors.Is(cause, syscall.EPIPE), errors.Is(cause, errWindowsReset):
		return CloseReset
	case conn.IsClosed(cause):
		return CloseNoAnswer
	}
	return CloseDisconnect
}

// answer refuses the requests of a session's channel, unless e keeps that back.
func answer(requests <-chan *ssh.Request, e *conn.KeepaliveRecorder) {
	for r := range requests {
		if e.Note(r) && r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}
