//go:build !unix

package process

import (
	"os"
	"os/exec"
)

// SetGroup does nothing where there are no process groups.
func SetGroup(*exec.Cmd) {}

// Terminate ends p.
func Terminate(p *os.Process) { _ = p.Kill() }

// Kill ends p.
func Kill(p *os.Process) { _ = p.Kill() }

// ExitOf returns how a process ended.
func ExitOf(state *os.ProcessState) Exit { return Exit{Code: state.ExitCode()} }
