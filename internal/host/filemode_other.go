//go:build !unix

package host

import "io/fs"

// openToOthers is not known where files have no mode.
func openToOthers(fs.FileInfo) bool { return false }
