package keepalive

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Source says what gave a keyword its effective value.
type Source string

// The sources of a value.
const (
	FromFile        Source = "file"
	FromCommandLine Source = "command line"
	FromDefault     Source = "default" // no line that applies sets it
	FromUnknown     Source = "unknown" // the text of the files does not tell
)

// Origin is one line, or one option, that contributes to a value.
type Origin struct {
	Source  Source
	Keyword string      // as in the manual page
	Block   string      // the line that opens the block: Match User bob, Host db*; "" outside
	Written string      // the arguments, or the option, as written
	Pos     sshconf.Pos // zero unless a file is the source
}

// ContextValues is what a program reads from its files in one context.
type ContextValues struct {
	Context sshconf.Context
	// Effective holds what the program prints, one line for each value. Its keys,
	// and those of Origins, are the keywords as they were asked for, else as in
	// the manual page.
	Effective map[string]string
	Origins   map[string][]Origin
}

// EffectiveConfig is what a program reads from its files, managed by us or not.
type EffectiveConfig struct {
	Problems []Problem       // why there is nothing else here
	Contexts []ContextValues // one for each context that was asked about
	Files    []string        // that are read in some context, in the order of their reading
	// Overrides are the lines of sshd's Match blocks that have another value than the
	// one that is effective in the default context, Shadowed the lines that apply there
	// and lose. Both are in the order in which they are read.
	Overrides []Origin
	Shadowed  []Origin
}
