package sshconf

import "strings"

// Rebase returns the text of f with every Include pattern made absolute, a
// relative one against dir, and put below prefix, so that a copy of the tree
// laid out under prefix means what the tree does. All other bytes stay.
//
// A pattern that begins with a tilde stays in ssh_config, where it means the
// user's home; sshd takes it for a name in the directory that it runs in.
func Rebase(f *File, dir, prefix string) []byte {
	out := &File{Lines: append([]Line(nil), f.Lines...), lexer: f.lexer}
	for i, l := range out.Lines {
		if !l.Is("Include") || l.Err != nil || len(l.Args) == 0 {
			continue
		}
		patterns := make([]string, len(l.Args))
		for n, p := range l.Args {
			patterns[n] = f.lexer.rebased(p, dir, prefix)
		}
		out.replace(i, strings.Join(patterns, " "))
	}
	return out.Bytes()
}

func (x lexer) rebased(pattern, dir, prefix string) string {
	if !strings.HasPrefix(pattern, "~") && pattern != "" {
		pattern = escapeGlob(prefix) + absolute(pattern, dir)
	}
	quoted, err := Quote(x.dialect, x.version, pattern)
	if err != nil {
		return pattern // its like was read from a line, so only prefix can be at fault
	}
	return quoted
}

// escapeGlob keeps glob(3) from seeing wildcards in a name.
func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
