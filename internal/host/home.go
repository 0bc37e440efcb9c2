package host

import (
	"os"
	"path/filepath"
	"strings"
)

// ExpandHome replaces a leading ~/ by the home directory of the local user.
func ExpandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
