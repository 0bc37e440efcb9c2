//go:build !unix

package host

import (
	"os"
	"os/exec"
)

// apart does nothing where there are no process groups.
func apart(*exec.Cmd) {}

func end(p *os.Process) { _ = p.Kill() }

func kill(p *os.Process) { _ = p.Kill() }

func endingOf(state *os.ProcessState) ending { return ending{exit: state.ExitCode()} }
