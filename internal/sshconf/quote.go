package sshconf

import (
	"fmt"
	"strings"
)

// Quote returns the text that the release reads back as exactly the argument
// arg, anywhere among the arguments of a line.
func Quote(d Dialect, v Version, arg string) (string, error) {
	x := newLexer(d, v)
	if i := strings.IndexAny(arg, "\x00\n"); i >= 0 {
		return "", fmt.Errorf("quote %q: no line can hold a line break or NUL", arg)
	}
	for _, text := range []string{arg, `"` + arg + `"`, `"` + argvEscaper.Replace(arg) + `"`} {
		if x.readsAs(text, arg) {
			return text, nil
		}
	}
	return "", fmt.Errorf("quote %q: OpenSSH %s has no way to write it", arg, v)
}

var argvEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// readsAs reports whether text is the one argument arg as the first, as a
// middle and as the last argument.
func (x lexer) readsAs(text, arg string) bool {
	if arg == "" {
		return x.argv && text == `""`
	}
	alone := x.line([]byte("Keyword " + text + "\n"))
	among := x.line([]byte("Keyword " + text + " x " + text + " y\n"))
	return alone.Err == nil && len(alone.Args) == 1 && alone.Args[0] == arg &&
		among.Err == nil && len(among.Args) == 4 && among.Args[0] == arg && among.Args[1] == "x" && among.Args[2] == arg
}
