package userconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// commandTimeout ends a command of Match exec that does not come to an end; ssh
// would wait for ever.
const commandTimeout = 10 * time.Second

// run is a command and what became of it.
type run struct {
	done chan struct{}
	ok   bool
	err  error
}

// exec runs command, or says what became of it earlier.
func (r *Reader) exec(ctx context.Context, command string) (bool, error) {
	r.mu.Lock()
	once := r.runs[command]
	if once == nil {
		once = &run{done: make(chan struct{})}
		r.runs[command] = once
		go once.run(command)
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
	// Others may wait for the same command, whoever asked first.
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := exec.CommandContext(ctx, shell, "-c", command)
	together(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		r.err = fmt.Errorf("no end within %s", commandTimeout)
	case errors.As(err, &exit) && exit.Exited():
	case err != nil:
		r.err = err
	default:
		r.ok = true
	}
}
