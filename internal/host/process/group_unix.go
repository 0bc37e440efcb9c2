//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// SetGroup gives the process a group of its own: Ctrl-C in the terminal reaches
// every process of the foreground group, and would end a script in the middle of
// what must not be cut.
func SetGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Terminate ends the group of p. Processes of root under sudo survive it, as they
// survive the end of an SSH connection.
func Terminate(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

// Kill ends the group of p without asking.
func Kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func ExitOf(state *os.ProcessState) Exit {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Exit{Code: -1, Signal: status.Signal().String()}
	}
	return Exit{Code: state.ExitCode()}
}
