package exec

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// local is the machine that we run on.
type local struct {
	spec host.Spec
}

func NewLocal(s host.Spec) *local { return &local{spec: s} }

func (*local) Identity() host.Identity { return host.Identity{} }

func (*local) Release() {}

// Run executes s with the sh of this machine, framed as on any other.
func (l *local) Run(ctx context.Context, s host.Script) (host.Result, error) {
	return l.run(ctx, s, accountOf(l.spec, os.Geteuid() == 0))
}

func (l *local) run(ctx context.Context, s host.Script, a account) (host.Result, error) {
	began := time.Now()
	d := newExecution(prepare(s, a))
	limit := s.Timeout
	if limit == 0 {
		limit = l.spec.CommandTimeout
	}
	runCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ended, err := d.run(runCtx, &localProcess{})
	var failure *host.Error
	var result host.Result
	if err != nil {
		failure = interrupted(ctx, runCtx, d, limit)
	}
	if failure == nil {
		result, failure = d.judge(ended, err)
	}
	if failure == nil {
		if result.Stderr != "" {
			result.Stderr = l.spec.Masker().Mask(result.Stderr)
		}
		return result, nil
	}
	failure.Masker = l.spec.Masker()
	failure.Host, failure.Names, failure.Script, failure.Elapsed = l.spec.Label(), l.spec.Names, s.Name, time.Since(began)
	return host.Result{}, failure
}

// localProcess is a process of this machine.
type localProcess struct {
	mu    sync.Mutex // guards cmd until it has started
	cmd   *exec.Cmd
	given bool // up, before it started
}

func (c *localProcess) start(argv []string, stdout, stderr io.Writer, feed bool) (io.WriteCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.given {
		return nil, context.Canceled
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// A process that the script left behind may hold the outputs open.
	cmd.WaitDelay = time.Second
	process.SetGroup(cmd)
	var stdin io.WriteCloser
	if feed {
		var err error
		if stdin, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c.cmd = cmd
	return stdin, nil
}

func (c *localProcess) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given = true
	if c.cmd != nil {
		process.Terminate(c.cmd.Process)
	}
}

func (c *localProcess) wait() (process.Exit, error) {
	err := c.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return process.ExitOf(exit.ProcessState), nil
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return process.Exit{}, nil
	}
	return process.Exit{}, err
}
