package commit

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed owned.sh
var ownedText string

// OwnedSource returns shell functions that resolve a path and report which accounts
// could change where it leads. They also work joined into one line.
func OwnedSource() string { return ownedText }

// ExposedError is a directory in which another account could exchange files while we
// read and write there. Nothing was changed.
type ExposedError struct {
	Path  string // what was to be read or written; if Link, the symbolic link
	Link  bool   // Path is a symbolic link, which that account can have made
	Dir   string // the directory
	UID   string // its owner
	Owner string // the name of the owner, or the number where it has none
	Mode  string // as ls prints it, such as drwxrwxr-x
}

func (e *ExposedError) Error() string {
	whose := fmt.Sprintf("%s, which belongs to %s", e.Dir, e.Owner)
	if e.Owner != e.UID {
		whose += " (uid " + e.UID + ")"
	}
	whose += " and has the mode " + e.Mode
	if e.Link {
		return fmt.Sprintf("%s is a symbolic link that another account can have made: it is in or below %s", e.Path, whose)
	}
	if e.Path == e.Dir {
		return fmt.Sprintf("another account can exchange files in %s", whose)
	}
	return fmt.Sprintf("another account can exchange %s: it is in or below %s", e.Path, whose)
}

// ExposedAt parses the variable EXPOSED that walk of OwnedSource sets: "UID MODE DIR".
func ExposedAt(where string) ExposedError {
	uid, rest, _ := strings.Cut(where, " ")
	mode, dir, _ := strings.Cut(rest, " ")
	return ExposedError{Dir: dir, UID: uid, Owner: uid, Mode: mode}
}
