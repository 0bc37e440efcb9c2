//go:build unix

package acceptance

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Running is an engine that runs as in a terminal: Ctrl-C reaches its provider too.
type Running struct {
	t   *testing.T
	cmd *exec.Cmd
	end chan struct{} // has something when it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

// Write is for what the engine prints.
func (r *Running) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

// Said is what the engine has printed so far.
func (r *Running) Said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Flat(r.out.String())
}

// Start begins a command of the engine and does not wait for its end.
func (c *CLI) Start(args ...string) *Running {
	c.T.Helper()
	return c.StartWith(nil, args...)
}

// StartWith is Start with an answer to what the engine asks.
func (c *CLI) StartWith(input io.Reader, args ...string) *Running {
	c.T.Helper()
	r := &Running{t: c.T, cmd: exec.CommandContext(c.T.Context(), c.Engine, args...), end: make(chan struct{}, 1)}
	r.cmd.Stdin = input
	r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = c.Dir, c.Env, r, r
	r.cmd.WaitDelay = time.Second // a killed engine may leave its provider behind
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		c.T.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait() // the exit code is asked for
		r.end <- struct{}{}
	}()
	return r
}

// Interrupt is Ctrl-C, and waits for the answer to it.
func (r *Running) Interrupt(answer string) {
	r.t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		r.t.Fatal(err)
	}
	Eventually(r.t, answer, func() bool { return strings.Contains(r.Said(), answer) })
}

// Ended reports whether the engine has ended by itself.
func (r *Running) Ended() bool { return len(r.end) > 0 }

// Kill ends the engine and its provider as a power cut does.
func (r *Running) Kill() {
	r.t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
}

// Wait waits for the end, and returns the exit code.
func (r *Running) Wait() int {
	r.t.Helper()
	select {
	case <-r.end:
	case <-time.After(Patience):
		r.t.Fatalf("the engine does not end: %s", r.Said())
	}
	return r.cmd.ProcessState.ExitCode()
}
