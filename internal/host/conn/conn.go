// Package conn keeps one SSH connection alive and says why it ended.
//
// It must not know how the connection was made, nor what is run on it.
package conn

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// Conn is one SSH connection. It watches its own life: x/crypto sends no
// keepalives, and after a death reports the same error as for a script without
// exit status, so the cause is remembered here.
type Conn struct {
	Spec      host.Spec
	Client    *ssh.Client
	Stream    *Stream
	Identity  host.Identity
	Handshake host.HandshakeInfo
	Born      time.Time
	Masker    func() *host.Masker

	dead     chan struct{}
	dying    sync.Once
	cause    error
	release  func() // gives the way here back, once dead
	recorder atomic.Pointer[KeepaliveRecorder]

	mu       sync.Mutex
	answered bool // a keepalive was answered once
	asked    bool // a keepalive was sent once
}

// ErrClosed is the cause of death when we closed the connection ourselves.
var ErrClosed = errors.New("the connection was closed")

// Login is what a login leaves: all that a connection is made of.
type Login struct {
	Spec      host.Spec
	Client    *ssh.Client
	Stream    *Stream
	Identity  host.Identity
	Handshake host.HandshakeInfo
	Masker    func() *host.Masker
	// Requests are those of the server that concern no channel.
	Requests <-chan *ssh.Request
	// Release gives the way to the machine back when the connection ends.
	Release func()
}

// New watches over a connection until it ends.
func New(ctx context.Context, l Login) *Conn {
	c := &Conn{
		Spec: l.Spec, Client: l.Client, Stream: l.Stream, Identity: l.Identity, Handshake: l.Handshake, Masker: l.Masker, release: l.Release,
		Born: time.Now(), dead: make(chan struct{}),
	}
	go func() { c.Close(c.Client.Wait()) }()
	go c.answer(l.Requests)
	if c.Spec.KeepaliveInterval > 0 {
		go c.keepAlive(context.WithoutCancel(ctx))
	}
	return c
}

// OpenSSH reports whether the server is OpenSSH, whose limits are known.
func (c *Conn) OpenSSH() bool { return strings.HasPrefix(c.Identity.ServerVersion, "SSH-2.0-OpenSSH") }

// Close closes the connection; the first cause is the one remembered. nil stands
// for an orderly end by the peer.
func (c *Conn) Close(cause error) {
	c.dying.Do(func() {
		if cause == nil {
			cause = io.EOF
		}
		c.cause = cause
		close(c.dead)
		_ = c.Stream.Close() // the cause is what matters
		c.release()
	})
}

func (c *Conn) Alive() bool {
	select {
	case <-c.dead:
		return false
	default:
		return true
	}
}

// Reason says in words why the connection is gone.
func (c *Conn) Reason() error {
	if ended, ok := errors.AsType[*host.ProxyCommandError](c.cause); ok {
		return ended
	}
	if errors.Is(c.cause, io.EOF) {
		return errors.New("the machine closed the connection")
	}
	return c.cause
}

// Settle gives a dying connection a moment to be noticed: a session learns of the
// end of the stream slightly before the connection does.
func (c *Conn) Settle() {
	select {
	case <-c.dead:
	case <-time.After(50 * time.Millisecond):
	}
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.dead }

// EndedBy is the error that ended the connection, io.EOF for an orderly end by the peer.
// It may be asked for once done is closed.
func (c *Conn) EndedBy() error { return c.cause }

// LastSent is when we last sent something.
func (c *Conn) LastSent() time.Time { return c.Stream.LastSent() }

// LastReceived is when something last came in.
func (c *Conn) LastReceived() time.Time { return time.Unix(0, c.Stream.LastIn.Load()) }

// StopQuickACK leaves acknowledgements to the kernel again, see quickACK.
func (c *Conn) StopQuickACK() { c.Stream.quick.Store(false) }

// Record has e note the keepalives of the machine from now on.
func (c *Conn) Record(e *KeepaliveRecorder) { c.recorder.Store(e) }
