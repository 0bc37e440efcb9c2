//go:build unix

package login

import (
	"io/fs"
	"os"
	"syscall"
)

// openToOthers reports whether ssh refuses a private key file for its mode. As for
// ssh, that counts for a file of our own account only.
func openToOthers(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid() && info.Mode().Perm()&0o077 != 0
}
