package host

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// runner runs scripts over one SSH connection, as many at once as the server allows.
type runner struct {
	*conn
	slots chan struct{} // one per session that may be open
	freed atomic.Int64  // when a session ended last, in nanoseconds since 1970

	mu        sync.Mutex
	lostSlots int // slots that the server turned out not to allow
}

func newRunner(c *conn) *runner {
	r := &runner{conn: c}
	r.slots = make(chan struct{}, r.sessions())
	return r
}

func (c *runner) account() account {
	a := accountOf(c.spec, c.spec.User == "root")
	if c.openSSH() {
		a.line = lineLimitOpenSSH
	}
	return a
}

// sessions is how many may be open at once. OpenSSH frees a session later than
// its exit status arrives, so that of the ten it allows five can be used without
// refusals; dropbear and tinyssh lose commands with more than one.
func (c *runner) sessions() int {
	if !c.openSSH() {
		return 1
	}
	return c.spec.MaxSessions
}

// run executes s; the error is an *Error.
func (c *runner) run(ctx context.Context, s Script) (Result, error) {
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

func (c *runner) drive(ctx context.Context, d *drive, s Script) (Result, *Error) {
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

// accountOf is what a script finds on the machine; root says that the login is.
func accountOf(s Spec, root bool) account {
	return account{root: root, sudo: s.Sudo, user: s.SudoUser, password: s.SudoPassword, line: lineLimit}
}
