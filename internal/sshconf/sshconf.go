// Package sshconf reads, edits and evaluates the text of sshd_config(5) and
// ssh_config(5) without disturbing a byte that it was not asked to change.
//
// Three laws hold for every input, valid or not: parsing never fails and
// printing a parsed file gives its bytes back; an edit changes only the lines
// it names; what Set wrote is what Evaluate reads.
//
// The package does no I/O. A configuration tree comes in as a map of paths to
// bytes, and what a tree means is computed the way the OpenSSH release named by
// Tree.Version computes it. It knows nothing of how files are read, of hosts,
// of which settings are wise, or of Terraform.
package sshconf

import (
	"fmt"
	"maps"
)

// Dialect says which of OpenSSH's two configuration languages a text is in.
type Dialect int

// The two dialects.
const (
	Server Dialect = iota // sshd_config(5)
	Client                // ssh_config(5)
)

// Pos is where a line stands.
type Pos struct {
	Path string
	Line int // counted from 1
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d", p.Path, p.Line) }

// IsZero reports whether p names no line.
func (p Pos) IsZero() bool { return p == Pos{} }

// Tree is one configuration as it stands on a host: the main file and every
// file that an Include could reach.
type Tree struct {
	Dialect Dialect
	Version Version
	// Main is the absolute path of the main file (sshd -f, ssh -F).
	Main string
	// System is the system-wide file that ssh reads after Main, "" if it reads
	// none, as with -F. sshd has no such file.
	System string
	// Dir is where relative Include patterns are looked up: the compiled-in
	// configuration directory, /etc/ssh on most systems, whatever Main is. In
	// ssh_config this holds for System only, Main's are looked up in ~/.ssh.
	Dir string
	// NoGSSAPI says that the program was built without GSSAPI, as Debian's since
	// 10.4: it takes lines with keywords of GSSAPI and ignores them ("Unsupported
	// option"). Its dump then has no line for GSSAPIAuthentication.
	NoGSSAPI bool
	// Files holds the bytes of Main and of every regular file an Include
	// pattern may match, by absolute path.
	Files map[string][]byte
	// Parsed holds what Parse made of some of the Files, in this dialect and
	// version, for those who evaluate the same text many times. It is only read.
	Parsed map[string]*File
}

// Clone returns a tree that shares no map with t.
func (t Tree) Clone() Tree {
	files := make(map[string][]byte, len(t.Files))
	maps.Copy(files, t.Files)
	t.Files, t.Parsed = files, nil
	return t
}

// Context is a connection as sshd's Match criteria see it, one field for each
// item of sshd -T -C. An empty field is "not given", which no pattern matches.
//
// A LocalPort that is not given matches no Match LocalPort here. sshd -T itself
// fails then, with or without -C, in every release up to 10.0 at least, although
// the daemon would run: always give it lport.
type Context struct {
	User         string
	Host         string
	Address      string
	LocalAddress string
	LocalPort    int // 0 is not given
}

// IsZero reports whether the context gives nothing: sshd -T without -C.
func (c Context) IsZero() bool { return c == Context{} }
