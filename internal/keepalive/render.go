package keepalive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// RenderServer writes the settings and Match blocks of want as the text of an
// sshd_config, for images and cloud-init, between marks by which PlanServer takes it
// over. What the newest OpenSSH would refuse or read as something else is a problem,
// and then there is no text.
func RenderServer(want Server) (string, []Problem) {
	if len(want.Settings)+len(want.Match) == 0 {
		return "", nil
	}
	language := serverLanguage()
	if problems := checkSettingsAndMatch(want); failed(problems) {
		return "", problems
	}
	text, problems := language.render(nil, want.Settings)
	for _, m := range want.Match {
		block, more := language.render([]string{"Match " + m.Criteria}, m.Settings)
		text, problems = text+block, append(problems, more...)
	}
	if len(problems) > 0 {
		return "", problems
	}
	return renderedBegin + "\n" + text + renderedEnd + "\n", nil
}

// RenderClient writes one block of an ssh_config.
func RenderClient(want Client) (string, []Problem) {
	problems := slices.DeleteFunc(CheckClient(want), func(p Problem) bool { return p.Warning })
	if len(problems) > 0 {
		return "", problems
	}
	return clientLanguage().render([]string{want.Block()}, want.Settings)
}

// render writes settings below opening, in the order of the keywords: the same
// settings are always the same text.
func (g language) render(opening []string, settings []Setting) (string, []Problem) {
	indent := strings.Repeat("\t", len(opening))
	lines := opening
	var of []Setting // of each line
	for range opening {
		of = append(of, Setting{})
	}
	var problems []Problem
	for _, s := range alphabetical(settings) {
		kw, known := sshconf.Lookup(g.Dialect, s.Keyword)
		if known {
			s.Keyword = kw.Name
		}
		if !kw.RemovedSince.IsZero() {
			problems = append(problems, Problem{Code: Removed, Attribute: s.Attribute, Text: fmt.Sprintf("%s is gone since OpenSSH %s", kw.Name, kw.RemovedSince)})
		}
		for _, line := range globalLines([]Setting{s}) {
			lines, of = append(lines, indent+line), append(of, s)
			problems = append(problems, g.reread(s, line)...)
		}
	}
	if problems = append(problems, g.refused(lines, of)...); len(problems) > 0 {
		return "", problems
	}
	return joinLines(lines), nil
}

func alphabetical(settings []Setting) []Setting {
	return slices.SortedFunc(slices.Values(settings), func(a, b Setting) int {
		return cmp.Compare(strings.ToLower(a.Keyword), strings.ToLower(b.Keyword))
	})
}

// reread finds values that mean something else once they stand in a file, as
// those with a comment at their end.
func (g language) reread(s Setting, line string) []Problem {
	f := sshconf.Parse(g.Dialect, sshconf.Version{}, []byte(line+"\n"))
	if l := f.Lines[0]; l.Err != nil || s.Keyword+" "+l.Rest == line {
		return nil // a line that cannot be read is refused anyway
	}
	return []Problem{{Code: BadValue, Attribute: s.Attribute, Text: fmt.Sprintf("%q is read as %q", line, s.Keyword+" "+f.Lines[0].Rest)}}
}

// closedWords is the last release of which every word is known here; what a
// newer one says of another word is left open.
var closedWords = sshconf.Version{Major: 10, Minor: 0}

// refused returns what the newest release has against the lines, and that one
// against words of keywords that it knows.
func (g language) refused(lines []string, of []Setting) []Problem {
	found := g.complaints(lines, sshconf.Version{})
	for _, p := range g.complaints(lines, closedWords) {
		kw, _ := sshconf.Lookup(g.Dialect, of[p.Pos.Line-1].Keyword)
		same := func(x sshconf.Problem) bool { return x.Pos == p.Pos }
		if kw.Known(closedWords) && !slices.ContainsFunc(found, same) {
			found = append(found, p)
		}
	}
	var problems []Problem
	for _, p := range found {
		problems = append(problems, Problem{Code: BadValue, Attribute: of[p.Pos.Line-1].Attribute,
			Text: fmt.Sprintf("%s refuses %q: %s", g.program, strings.TrimSpace(lines[p.Pos.Line-1]), p.Text)})
	}
	return problems
}

// complaints returns the lines that release v would refuse.
func (g language) complaints(lines []string, v sshconf.Version) []sshconf.Problem {
	const main = "/rendered"
	tree := sshconf.Tree{Dialect: g.Dialect, Version: v, Main: main, Dir: "/", Files: map[string][]byte{main: []byte(joinLines(lines))}}
	var found []sshconf.Problem
	if g.Dialect == sshconf.Client {
		found = sshconf.EvaluateClient(tree, sshconf.ClientQuery{Host: "sample", Home: "/"}).Problems
	} else {
		found = sshconf.Evaluate(tree, sshconf.Context{}).Problems
	}
	return slices.DeleteFunc(found, func(p sshconf.Problem) bool { return !p.Fatal || p.Pos.Line == 0 })
}
