package host

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// local is the machine that we run on.
type local struct {
	spec Spec
}

func newLocal(s Spec) *local { return &local{spec: s} }

func (*local) Identity() Identity { return Identity{} }

func (*local) Release() {}

// Run executes s with the sh of this machine, framed as on any other.
func (l *local) Run(ctx context.Context, s Script) (Result, error) {
	return l.run(ctx, s, accountOf(l.spec, os.Geteuid() == 0))
}

func (l *local) run(ctx context.Context, s Script, a account) (Result, error) {
	began := time.Now()
	d := newDrive(prepare(s, a))
	limit := s.Timeout
	if limit == 0 {
		limit = l.spec.CommandTimeout
	}
	runCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ended, err := d.run(runCtx, &child{})
	var failure *Error
	var result Result
	if err != nil {
		failure = interrupted(ctx, runCtx, d, limit)
	}
	if failure == nil {
		result, failure = d.judge(ended, err)
	}
	if failure == nil {
		if result.Stderr != "" {
			result.Stderr = l.spec.masker().Mask(result.Stderr)
		}
		return result, nil
	}
	failure.masker = l.spec.masker()
	failure.Host, failure.Names, failure.Script, failure.Elapsed = l.spec.label(), l.spec.Names, s.Name, time.Since(began)
	return Result{}, failure
}

// child is a process of this machine.
type child struct {
	mu    sync.Mutex // guards cmd until it has started
	cmd   *exec.Cmd
	given bool // up, before it started
}

func (c *child) start(argv []string, stdout, stderr io.Writer, feed bool) (io.WriteCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.given {
		return nil, context.Canceled
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// A process that the script left behind may hold the outputs open.
	cmd.WaitDelay = time.Second
	apart(cmd)
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

func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given = true
	if c.cmd != nil {
		end(c.cmd.Process)
	}
}

func (c *child) wait() (ending, error) {
	err := c.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return endingOf(exit.ProcessState), nil
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return ending{}, nil
	}
	return ending{}, err
}
