package exec

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
)

// Runner runs scripts over one SSH connection, as many at once as the server allows.
type Runner struct {
	*conn.Conn
	slots chan struct{} // one per session that may be open
	freed atomic.Int64  // when a session ended last, in nanoseconds since 1970

	mu        sync.Mutex
	lostSlots int // slots that the server turned out not to allow
}

func New(c *conn.Conn) *Runner {
	r := &Runner{Conn: c}
	r.slots = make(chan struct{}, r.sessions())
	return r
}

func (c *Runner) account() account {
	a := accountOf(c.Spec, c.Spec.User == "root")
	if c.OpenSSH() {
		a.line = lineLimitOpenSSH
	}
	return a
}

// sessions is how many may be open at once. OpenSSH frees a session later than
// its exit status arrives, so that of the ten it allows five can be used without
// refusals; dropbear and tinyssh lose commands with more than one.
func (c *Runner) sessions() int {
	if !c.OpenSSH() {
		return 1
	}
	return c.Spec.MaxSessions
}

// Run executes s; the error is an *Error.
func (c *Runner) Run(ctx context.Context, s host.Script) (host.Result, error) {
	began := time.Now()
	d := newExecution(prepare(s, c.account()))
	result, failure := c.execute(ctx, d, s)
	if failure == nil {
		if result.Stderr != "" {
			result.Stderr = c.Masker().Mask(result.Stderr)
		}
		host.LogDebug(ctx, "script ended", map[string]any{
			"host": c.Spec.Label(), "script": s.Name, "exit": result.Exit, "ms": time.Since(began).Milliseconds()})
		return result, nil
	}
	failure.Host, failure.User, failure.Names, failure.Script = c.Spec.Label(), c.Spec.User, c.Spec.Names, s.Name
	failure.Elapsed, failure.Masker = time.Since(began), c.Masker()
	host.LogDebug(ctx, "script failed", map[string]any{
		"host": c.Spec.Label(), "script": s.Name, "kind": string(failure.Kind), "phase": string(failure.Phase), "ms": time.Since(began).Milliseconds()})
	return host.Result{}, failure
}

func (c *Runner) execute(ctx context.Context, d *execution, s host.Script) (host.Result, *host.Error) {
	session, failure := c.open(ctx)
	if failure != nil {
		return host.Result{}, failure
	}
	limit := s.Timeout
	if limit == 0 {
		limit = c.Spec.CommandTimeout
	}
	runCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	end, err := d.run(runCtx, session)
	if err != nil {
		if failure := interrupted(ctx, runCtx, d, limit); failure != nil {
			return host.Result{}, failure
		}
	}
	result, failure := d.judge(end, err)
	if failure != nil && failure.Kind == host.NoExitStatus {
		c.Settle()
		if !c.Alive() {
			failure.Kind, failure.Err = host.Lost, fmt.Errorf("the connection was lost: %w", c.Reason())
		}
	}
	return result, failure
}

// interrupted says whether it was we who stopped waiting.
func interrupted(ctx, runCtx context.Context, d *execution, limit time.Duration) *host.Error {
	if runCtx.Err() == nil {
		return nil
	}
	phase, said := d.progress()
	if ctx.Err() != nil {
		return d.fail(host.ContextKind(ctx), phase, said, ctx.Err())
	}
	if phase == host.PhaseExec {
		return d.fail(host.Timeout, phase, said, fmt.Errorf("the login shell has not begun the script after %s", limit))
	}
	return d.fail(host.Timeout, phase, said, fmt.Errorf("no end within %s", limit))
}

// accountOf is what a script finds on the machine; root says that the login is.
func accountOf(s host.Spec, root bool) account {
	return account{root: root, sudo: s.Sudo, user: s.SudoUser, password: s.SudoPassword, line: LineLimit}
}
