package userconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// commandTimeout ends a command of Match exec that does not end; ssh would wait without
// a limit.
const commandTimeout = 10 * time.Second

// run is a command and its result.
type run struct {
	done chan struct{}
	ok   bool
	err  error
}

// exec runs command, or returns the result of its earlier run.
func (r *Reader) exec(ctx context.Context, command string) (bool, error) {
	r.mu.Lock()
	once := r.runs[command]
	if once == nil {
		once = &run{done: make(chan struct{})}
		r.runs[command] = once
		go once.run(command) //nolint:contextcheck // others may wait for it when the first caller has left
	}
	r.mu.Unlock()
	select {
	case <-once.done:
		return once.ok, once.err
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

func (r *run) run(command string) {
	defer close(r.done)
	// Not the context of the first caller: others may wait for the same command.
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := exec.CommandContext(ctx, shell, "-c", command)
	killGroupOnCancel(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		r.err = fmt.Errorf("did not end within %s", commandTimeout)
	case errors.As(err, &exit) && exit.Exited():
	case err != nil:
		r.err = err
	default:
		r.ok = true
	}
}
