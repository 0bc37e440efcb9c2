// Package process starts programs of this machine in process groups of their own, ends
// them, and keeps what they print within limits.
//
// It must not know what the programs are for.
package process

// Shell runs every script. Its path is spelled out because login files may have
// changed PATH, or made an alias of the name.
const Shell = "/bin/sh"

// Exit is how a process ended.
type Exit struct {
	Code   int
	Signal string
}
