//go:build !unix

package login

import "io/fs"

// openToOthers is not known where files have no mode.
func openToOthers(fs.FileInfo) bool { return false }
