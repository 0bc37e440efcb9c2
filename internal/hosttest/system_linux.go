package hosttest

import (
	"os"
	"syscall"
)

func ownNamespaces() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		// Ctrl-C at the terminal ends the test, and the test ends the machine.
		Setsid: true,
	}
}

func chrootTo(root string) *syscall.SysProcAttr { return &syscall.SysProcAttr{Chroot: root} }

func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
