package process

// shell runs every script. Its path is spelled out because login files may have
// changed PATH, or made an alias of the name.
const Shell = "/bin/sh"

// ending is how a process ended.
type Exit struct {
	Code   int
	Signal string
}
