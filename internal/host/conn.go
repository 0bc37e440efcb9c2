package host

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// conn is one SSH connection. It watches its own life: x/crypto sends no
// keepalives, and after a death reports the same error as for a script without
// exit status, so the cause is remembered here.
type conn struct {
	spec      Spec
	client    *ssh.Client
	wire      *wire
	identity  Identity
	handshake HandshakeInfo
	born      time.Time
	masker    func() *Masker

	dead     chan struct{}
	dying    sync.Once
	cause    error
	release  func() // gives the way here back, once dead
	recorder atomic.Pointer[keepaliveRecorder]

	mu       sync.Mutex
	answered bool // a keepalive was answered once
	asked    bool // a keepalive was sent once
}

// errClosed is the cause of death when we closed the connection ourselves.
var errClosed = errors.New("the connection was closed")

// loggedIn is what a login leaves: all that a connection is made of.
type loggedIn struct {
	spec      Spec
	client    *ssh.Client
	wire      *wire
	identity  Identity
	handshake HandshakeInfo
	masker    func() *Masker
	// requests are those of the server that concern no channel.
	requests <-chan *ssh.Request
	// release gives the way to the machine back when the connection ends.
	release func()
}

// newConn watches over a connection until it ends.
func newConn(ctx context.Context, l loggedIn) *conn {
	c := &conn{
		spec: l.spec, client: l.client, wire: l.wire, identity: l.identity, handshake: l.handshake, masker: l.masker, release: l.release,
		born: time.Now(), dead: make(chan struct{}),
	}
	go func() { c.die(c.client.Wait()) }()
	go c.answer(l.requests)
	if c.spec.KeepaliveInterval > 0 {
		go c.keepAlive(context.WithoutCancel(ctx))
	}
	return c
}

// openSSH reports whether the server is OpenSSH, whose limits are known.
func (c *conn) openSSH() bool { return strings.HasPrefix(c.identity.ServerVersion, "SSH-2.0-OpenSSH") }

// die closes the connection; the first cause is the one remembered. nil stands
// for an orderly end by the peer.
func (c *conn) die(cause error) {
	c.dying.Do(func() {
		if cause == nil {
			cause = io.EOF
		}
		c.cause = cause
		close(c.dead)
		_ = c.wire.Close() // the cause is what matters
		c.release()
	})
}

func (c *conn) alive() bool {
	select {
	case <-c.dead:
		return false
	default:
		return true
	}
}

// deathCause says in words why the connection is gone.
func (c *conn) deathCause() error {
	var ended *commandError
	if errors.As(c.cause, &ended) {
		return ended
	}
	if errors.Is(c.cause, io.EOF) {
		return errors.New("the machine closed the connection")
	}
	return c.cause
}

// settle gives a dying connection a moment to be noticed: a session learns of the
// end of the stream slightly before the connection does.
func (c *conn) settle() {
	select {
	case <-c.dead:
	case <-time.After(50 * time.Millisecond):
	}
}
