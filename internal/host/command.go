package host

// shell runs every script. Its path is spelled out because login files may have
// changed PATH, or made an alias of the name.
const shell = "/bin/sh"

// ending is how a process ended.
type ending struct {
	exit   int
	signal string
}
