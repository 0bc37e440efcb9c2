//go:build !linux

package hosttest

import (
	"errors"
	"os"
	"syscall"
)

// Nothing of this is reached where Missing says that Linux is missing; it lets
// tests that would skip compile.

func ownNamespaces() *syscall.SysProcAttr { return nil }

func chrootTo(string) *syscall.SysProcAttr { return nil }

func lockFile(*os.File) error { return errors.ErrUnsupported }
