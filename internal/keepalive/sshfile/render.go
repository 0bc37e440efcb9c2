package sshfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Render writes settings below opening, in the order of the keywords: the same
// settings are always the same text.
func (g Language) Render(opening []string, settings []keepalive.Setting) (string, []keepalive.Problem) {
	indent := strings.Repeat("\t", len(opening))
	lines := opening
	var of []keepalive.Setting // of each line
	for range opening {
		of = append(of, keepalive.Setting{})
	}
	var problems []keepalive.Problem
	for _, s := range alphabetical(settings) {
		kw, known := sshconf.Lookup(g.Dialect, s.Keyword)
		if known {
			s.Keyword = kw.Name
		}
		if !kw.RemovedSince.IsZero() {
			problems = append(problems, keepalive.Problem{Code: keepalive.Removed, Attribute: s.Attribute, Text: fmt.Sprintf("%s was removed in OpenSSH %s", kw.Name, kw.RemovedSince)})
		}
		for _, line := range Lines([]keepalive.Setting{s}) {
			lines, of = append(lines, indent+line), append(of, s)
			problems = append(problems, g.reread(s, line)...)
		}
	}
	if problems = append(problems, g.refused(lines, of)...); len(problems) > 0 {
		return "", problems
	}
	return Join(lines), nil
}

func alphabetical(settings []keepalive.Setting) []keepalive.Setting {
	return slices.SortedFunc(slices.Values(settings), func(a, b keepalive.Setting) int {
		return cmp.Compare(strings.ToLower(a.Keyword), strings.ToLower(b.Keyword))
	})
}

// reread finds values that mean something else once they stand in a file, as
// those with a comment at their end.
func (g Language) reread(s keepalive.Setting, line string) []keepalive.Problem {
	f := sshconf.Parse(g.Dialect, sshconf.Version{}, []byte(line+"\n"))
	if l := f.Lines[0]; l.Err != nil || s.Keyword+" "+l.Rest == line {
		return nil // a line that cannot be read is refused anyway
	}
	return []keepalive.Problem{{Code: keepalive.BadValue, Attribute: s.Attribute, Text: fmt.Sprintf("%q is read as %q", line, s.Keyword+" "+f.Lines[0].Rest)}}
}

// closedWords is the last release that has no words unknown here; what a newer one says
// of another word is left open.
var closedWords = sshconf.Newest()

// refused returns what the newest release has against the lines, and that one
// against words of keywords that it knows.
func (g Language) refused(lines []string, of []keepalive.Setting) []keepalive.Problem {
	found := g.complaints(lines, sshconf.Version{})
	for _, p := range g.complaints(lines, closedWords) {
		kw, _ := sshconf.Lookup(g.Dialect, of[p.Pos.Line-1].Keyword)
		same := func(x sshconf.Problem) bool { return x.Pos == p.Pos }
		if kw.Known(closedWords) && !slices.ContainsFunc(found, same) {
			found = append(found, p)
		}
	}
	var problems []keepalive.Problem
	for _, p := range found {
		problems = append(problems, keepalive.Problem{Code: keepalive.BadValue, Attribute: of[p.Pos.Line-1].Attribute,
			Text: fmt.Sprintf("%s refuses %q: %s", g.Program, strings.TrimSpace(lines[p.Pos.Line-1]), p.Text)})
	}
	return problems
}

// complaints returns the lines that release v would refuse.
func (g Language) complaints(lines []string, v sshconf.Version) []sshconf.Problem {
	const main = "/rendered"
	tree := sshconf.Tree{Dialect: g.Dialect, Version: v, Main: main, Dir: "/", Files: map[string][]byte{main: []byte(Join(lines))}}
	var found []sshconf.Problem
	if g.Dialect == sshconf.Client {
		found = sshconf.EvaluateClient(tree, sshconf.ClientQuery{Host: "sample", Home: "/"}).Problems
	} else {
		found = sshconf.Evaluate(tree, sshconf.Context{}).Problems
	}
	return slices.DeleteFunc(found, func(p sshconf.Problem) bool { return !p.Fatal || p.Pos.Line == 0 })
}
