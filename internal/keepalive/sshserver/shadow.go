package sshserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// shadow is a wanted setting that loses in a context, or may lose there by a Match
// that may apply.
type shadow struct {
	setting  keepalive.Setting
	context  sshconf.Context
	winner   sshconf.Setting
	possible bool
}

// shadows lists what keeps c's settings from being effective in the contexts.
func shadows(c candidate, want Want, contexts []checkContext) []shadow {
	var list []shadow
	for _, at := range contexts {
		for n, r := range readings(c.Tree, at.Context, at.known) {
			for _, s := range settingsIn(want, at) {
				for _, w := range c.competing(r, s, at.block) {
					known := slices.ContainsFunc(list, func(x shadow) bool {
						return x.setting.Attribute == s.Attribute && x.context == at.Context && x.winner.Pos == w.Pos
					})
					if !known {
						list = append(list, shadow{s, at.Context, w, n > 0})
					}
				}
			}
		}
	}
	return list
}

// competing lists the lines of others that are in force in place of s, or beside it.
func (c candidate) competing(r sshconf.Result, s keepalive.Setting, block int) []sshconf.Setting {
	winners := slices.Concat(r.Winners(s.Keyword), rejectedBeside(r, s, c))
	if byteOnlyLimit(s, block) && slices.ContainsFunc(winners, func(w sshconf.Setting) bool { return c.Ours(w.Pos) && c.Origin[w.Pos.Line] == block }) {
		return nil
	}
	return slices.DeleteFunc(winners, func(w sshconf.Setting) bool { return c.Ours(w.Pos) || w.Wins && sshfile.SameMeaning(w, s, c.Tree) })
}

// rejectedBeside lists the lines of others that sshd does not accept beside s: up to 9.4
// no Subsystem may be named twice.
func rejectedBeside(r sshconf.Result, s keepalive.Setting, c candidate) []sshconf.Setting {
	if sshconf.CurrentName(sshconf.Server, s.Keyword) != "Subsystem" || c.Tree.Version.AtLeast(9, 5) {
		return nil
	}
	named := func(x sshconf.Setting) bool {
		return len(x.Args) > 0 && slices.ContainsFunc(s.Values, func(v string) bool { return strings.Fields(v)[0] == x.Args[0] })
	}
	return slices.DeleteFunc(slices.Clone(r.Settings(s.Keyword)), func(x sshconf.Setting) bool { return x.Wins || c.Ours(x.Pos) || !named(x) })
}

// settingsIn returns the settings that must hold in a context: the global ones
// in the default and the declared contexts, and a Match block's own in the
// context that is a sample of it.
func settingsIn(want Want, at checkContext) []keepalive.Setting {
	if at.block == sshfile.Global {
		return want.Settings
	}
	return want.Match[at.block].Settings
}

// byteOnlyLimit reports whether s is a RekeyLimit of a Match block of ours that says
// how much and not for how long: sshd takes the time from the global line.
func byteOnlyLimit(s keepalive.Setting, block int) bool {
	if block == sshfile.Global || sshconf.CurrentName(sshconf.Server, s.Keyword) != "RekeyLimit" || len(s.Values) != 1 {
		return false
	}
	words := strings.Fields(s.Values[0])
	return len(words) == 1 || len(words) == 2 && words[1] == "none"
}

// takeOver comments out, one after the other, the lines that win over ours. A line that
// is commented out now stays so as long as it may win: the host cannot tell whether a
// line in a comment would apply.
func takeOver(base sshconf.Tree, want Want, have Facts, at insertionPoint, contexts []checkContext) (candidate, []keepalive.Problem) {
	old := takeoverLines(have.Tree, ownerOf(want.DropInName))
	base = base.Clone()
	var commentedOut []sshconf.Setting
	var rewritten []keepalive.Problem
	for {
		c := place(base, want, at, nil)
		if repeats := repeatInMatch(shadows(c, want, contexts), want, base.Version); len(repeats) > 0 {
			c = place(base, want, at, repeats)
		}
		c.commentedOut = commentedOut
		list := slices.DeleteFunc(shadows(c, want, contexts), func(s shadow) bool { return s.possible && !old[c.lineOf(s.winner)] })
		if len(list) == 0 {
			return c, rewritten
		}
		if !want.Takeover {
			return c, c.shadowProblems(list)
		}
		rewritten = append(rewritten, c.inSection(base, list[0])...)
		if !sshfile.CommentOut(base, list[0].winner, c.Before(list[0].winner.Pos), ownerOf(want.DropInName)) {
			return c, c.shadowProblems(list[:1])
		}
		commentedOut = append(commentedOut, list[0].winner)
	}
}

// placedLine is the text of a line, and the file that it is in.
type placedLine struct{ file, text string }

// takeoverLines are the lines that owner has taken over.
func takeoverLines(t sshconf.Tree, owner string) map[placedLine]bool {
	list := map[placedLine]bool{}
	for name, data := range t.Files {
		for line := range strings.Lines(string(data)) {
			if text, ok := strings.CutPrefix(line, marks.Takeover(owner)); ok {
				list[placedLine{name, strings.TrimSpace(text)}] = true
			}
		}
	}
	return list
}

func (c candidate) lineOf(s sshconf.Setting) placedLine {
	f := sshconf.Parse(c.Tree.Dialect, c.Tree.Version, c.Tree.Files[s.Pos.Path])
	return placedLine{s.Pos.Path, strings.TrimSpace(f.Lines[s.Pos.Line-1].Text())}
}

// inSection warns of a line that is taken over although another tool writes it
// again.
func (c candidate) inSection(base sshconf.Tree, s shadow) []keepalive.Problem {
	at := c.Before(s.winner.Pos)
	f := sshconf.Parse(base.Dialect, base.Version, base.Files[at.Path])
	sections := f.Sections()
	begin := sshconf.Outside(sections, at.Line-1)
	if begin == at.Line-1 {
		return nil
	}
	return []keepalive.Problem{{Code: keepalive.OtherTool, Warning: true, Attribute: s.setting.Attribute, Pos: c.Now(s.winner.Pos),
		Text: fmt.Sprintf("%s %s at %s is taken over, and stands in the section of another tool, which may write it again: %s", s.setting.Keyword, s.winner.Rest, c.Now(s.winner.Pos), strings.TrimSpace(f.Lines[begin].Text()))}}
}

func (c candidate) shadowProblems(list []shadow) []keepalive.Problem {
	var problems []keepalive.Problem
	seen := map[string]bool{}
	for _, s := range list {
		key := s.setting.Attribute + s.winner.Pos.String()
		if seen[key] {
			continue
		}
		seen[key] = true
		problems = append(problems, keepalive.Problem{Code: keepalive.Shadowed, Attribute: s.setting.Attribute, Pos: c.Now(s.winner.Pos),
			Text: fmt.Sprintf("%s would %s %s because %s", s.setting.Keyword, c.verb(s), s.winner.Rest, c.because(s))})
	}
	return problems
}

// verb is what would become of a value of others beside ours.
func (c candidate) verb(s shadow) string {
	if kw, _ := sshconf.Lookup(c.Tree.Dialect, s.winner.Keyword); kw.Merge(c.Tree.Version) == sshconf.Append {
		return "also be"
	}
	return "stay"
}

func (c candidate) because(s shadow) string {
	w := s.winner
	w.Pos = c.Now(w.Pos)
	kw, _ := sshconf.Lookup(c.Tree.Dialect, w.Keyword)
	switch {
	case !w.Wins:
		return w.Pos.String() + " names it as well, which this release refuses"
	case kw.Merge(c.Tree.Version) == sshconf.Append:
		return w.Pos.String() + " adds it" + sshfile.InContext(s.context)
	}
	return because(w, s.context)
}

// because says why a written value is the effective one.
func because(w sshconf.Setting, at sshconf.Context) string {
	switch {
	case w.Match != "":
		return fmt.Sprintf("%s sets it in Match %s, which beats every line outside Match%s", w.Pos, w.Match, sshfile.InContext(at))
	default:
		return fmt.Sprintf("%s is read first%s", w.Pos, sshfile.InContext(at))
	}
}
