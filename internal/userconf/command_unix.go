//go:build unix

package userconf

import (
	"os/exec"
	"syscall"
)

// together has the end of cmd be the end of everything that it started.
func together(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
