package host

import (
	"context"
	"errors"
	"fmt"
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
	spec     Spec
	client   *ssh.Client
	wire     *wire
	identity Identity
	meeting  HandshakeInfo
	attempts int // that it took to log in
	born     time.Time
	masker   func() *Masker
	slots    chan struct{} // one per session that may be open
	freed    atomic.Int64  // when a session ended last, in nanoseconds since 1970

	dead    chan struct{}
	dying   sync.Once
	cause   error
	release func() // gives the way here back, once dead
	ear     atomic.Pointer[ear]

	mu        sync.Mutex
	users     int
	retired   bool
	answered  bool // a keepalive was answered once
	asked     bool // a keepalive was sent once
	lostSlots int  // slots that the server turned out not to allow
}

// errClosed is the cause of death when we closed the connection ourselves.
var errClosed = errors.New("the connection was closed")

func newConn(ctx context.Context, h *handshake, client *ssh.Client, release func()) *conn {
	c := &conn{
		spec: h.spec, client: client, wire: h.wire, born: time.Now(), release: release,
		identity: Identity{
			HostKeySHA256: fingerprint(h.hostKey), KeyType: plainOf(h.hostKey).Type(), ServerVersion: string(client.ServerVersion()), Address: h.address, Hops: h.hops,
		},
		meeting: h.meeting(), masker: h.masker,
		dead: make(chan struct{}),
	}
	c.slots = make(chan struct{}, c.sessions())
	go func() { c.die(client.Wait()) }()
	go c.answer(h.requests)
	if h.spec.KeepaliveInterval > 0 {
		go c.keepAlive(context.WithoutCancel(ctx))
	}
	return c
}

// fingerprint of a host key; of a certificate, that of the key it certifies.
func fingerprint(key ssh.PublicKey) string {
	return ssh.FingerprintSHA256(plainOf(key))
}

// openSSH reports whether the server is OpenSSH, whose limits are known.
func (c *conn) openSSH() bool { return strings.HasPrefix(c.identity.ServerVersion, "SSH-2.0-OpenSSH") }

func (c *conn) account() account {
	a := c.spec.account(c.spec.User == "root")
	if c.openSSH() {
		a.line = lineLimitOpenSSH
	}
	return a
}

// sessions is how many may be open at once. OpenSSH frees a session later than
// its exit status arrives, so that of the ten it allows five can be used without
// refusals; dropbear and tinyssh lose commands with more than one.
func (c *conn) sessions() int {
	if !c.openSSH() {
		return 1
	}
	return c.spec.MaxSessions
}

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

// enter counts a user of the connection; it is refused once retired or dead.
func (c *conn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired || !c.alive() {
		return false
	}
	c.users++
	return true
}

func (c *conn) leave() {
	c.mu.Lock()
	c.users--
	last := c.retired && c.users == 0
	c.mu.Unlock()
	if last {
		c.die(errClosed)
	}
}

// retire lets nobody new in and closes the connection when the last user has
// left. Closing it under running scripts is what broke half of the deployments
// behind shared connections.
func (c *conn) retire() {
	c.mu.Lock()
	c.retired = true
	idle := c.users == 0
	c.mu.Unlock()
	if idle {
		c.die(errClosed)
	}
}

// run executes s; the error is an *Error.
func (c *conn) run(ctx context.Context, s Script) (Result, error) {
	began := time.Now()
	d := newDrive(prepare(s, c.account()))
	result, failure := c.drive(ctx, d, s)
	if failure == nil {
		if result.Stderr != "" {
			result.Stderr = c.masker().Mask(result.Stderr)
		}
		logDebug(ctx, "script ended", map[string]any{
			"host": c.spec.label(), "script": s.Name, "exit": result.Exit, "ms": time.Since(began).Milliseconds()})
		return result, nil
	}
	failure.Host, failure.User, failure.Names, failure.Script = c.spec.label(), c.spec.User, c.spec.Names, s.Name
	failure.ServerIdent, failure.Elapsed, failure.masker = c.identity.ServerVersion, time.Since(began), c.masker()
	logDebug(ctx, "script failed", map[string]any{
		"host": c.spec.label(), "script": s.Name, "kind": string(failure.Kind), "phase": string(failure.Phase), "ms": time.Since(began).Milliseconds()})
	return Result{}, failure
}

func (c *conn) drive(ctx context.Context, d *drive, s Script) (Result, *Error) {
	session, failure := c.open(ctx)
	if failure != nil {
		return Result{}, failure
	}
	limit := s.Timeout
	if limit == 0 {
		limit = c.spec.CommandTimeout
	}
	runCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	end, err := d.run(runCtx, session)
	if err != nil {
		if failure := interrupted(ctx, runCtx, d, limit); failure != nil {
			return Result{}, failure
		}
	}
	result, failure := d.judge(end, err)
	if failure != nil && failure.Kind == NoExitStatus {
		c.settle()
		if !c.alive() {
			failure.Kind, failure.Err = Lost, fmt.Errorf("the connection was lost: %w", c.deathCause())
		}
	}
	return result, failure
}

// interrupted says whether it was we who stopped waiting.
func interrupted(ctx, runCtx context.Context, d *drive, limit time.Duration) *Error {
	if runCtx.Err() == nil {
		return nil
	}
	phase, said := d.progress()
	if ctx.Err() != nil {
		return d.fail(ctxKind(ctx), phase, said, ctx.Err())
	}
	if phase == PhaseExec {
		return d.fail(Timeout, phase, said, fmt.Errorf("the login shell has not begun the script after %s", limit))
	}
	return d.fail(Timeout, phase, said, fmt.Errorf("no end within %s", limit))
}

// settle gives a dying connection a moment to be noticed: a session learns of the
// end of the stream slightly before the connection does.
func (c *conn) settle() {
	select {
	case <-c.dead:
	case <-time.After(50 * time.Millisecond):
	}
}
