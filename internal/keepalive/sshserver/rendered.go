package sshserver

import (
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Render writes the settings and Match blocks of want as the text of an
// sshd_config, for images and cloud-init, between marks by which Plan takes it
// over. What the newest OpenSSH would refuse or read as something else is a problem,
// and then there is no text.
func Render(want Want) (string, []keepalive.Problem) {
	if len(want.Settings)+len(want.Match) == 0 {
		return "", nil
	}
	language := language()
	if problems := checkSettingsAndMatch(want); keepalive.HasErrors(problems) {
		return "", problems
	}
	text, problems := language.Render(nil, want.Settings)
	for _, m := range want.Match {
		block, more := language.Render([]string{"Match " + m.Criteria}, m.Settings)
		text, problems = text+block, append(problems, more...)
	}
	if len(problems) > 0 {
		return "", problems
	}
	return marks.RenderedBegin + "\n" + text + marks.RenderedEnd + "\n", nil
}

// The text of render_sshd_config stands between marks of its own, so that it is
// recognised in whatever file cloud-init, Packer or a person put it. It belongs to
// every resource that declares the same keywords: such a resource takes those lines
// out as it writes its own, and leaves the others. A file in which nothing else stood
// goes with them. The marks do not belong to an owner: no drop_in_name is spelled like
// theirs.

// bare returns the tree without anything of want's owner, and without the rendered
// lines that want declares; dropIn is as in strip.
func bare(t sshconf.Tree, want Want) (base sshconf.Tree, dropIn string) {
	base, dropIn = strip(t, ownerOf(want.DropInName))
	for name, data := range base.Files {
		sshfile.TakeLines(base, name, renderedLines(base, data, want), name != base.Main)
	}
	return base, dropIn
}

// renderedLines lists the lines of a file, counted from 0, that want takes over: the
// rendered ones that it declares, a Match that they leave without any, and the marks
// between which nothing remains.
func renderedLines(t sshconf.Tree, data []byte, want Want) []int {
	var taken []int
	f := sshconf.Parse(t.Dialect, t.Version, data)
	for _, block := range sshfile.RenderedBlocks(f, marks.RenderedBegin, marks.RenderedEnd) {
		from, to := block[0], block[1]
		inner := declaredLines(f.Lines[from+1:to-1], want)
		if continues(f.Lines[to:]) {
			inner = slices.DeleteFunc(inner, func(i int) bool { return i == lastMatch(f.Lines[from+1:to-1]) })
		}
		if len(inner) == to-from-2 {
			inner = append(inner, -1, to-from-2) // the marks
		}
		for _, i := range inner {
			taken = append(taken, from+1+i)
		}
	}
	slices.Sort(taken)
	return taken
}

// continues reports whether a line below a block of rendered text belongs to the last Match
// in it, which then has to stay.
func continues(below []sshconf.Line) bool {
	i := slices.IndexFunc(below, func(l sshconf.Line) bool { return l.Keyword != "" || l.Err != nil })
	return i >= 0 && !below[i].Is("Match")
}

// lastMatch is the line of the last Match, negative without one.
func lastMatch(lines []sshconf.Line) int {
	for i, l := range slices.Backward(lines) {
		if l.Is("Match") {
			return i
		}
	}
	return -1
}

// declaredLines lists which lines of one rendered block want takes over.
func declaredLines(lines []sshconf.Line, want Want) []int {
	var taken []int
	settings, header, left := want.Settings, -1, 0
	closeMatch := func() {
		if header >= 0 && left == 0 {
			taken = append(taken, header)
		}
	}
	for i, l := range lines {
		switch {
		case l.Is("Match"):
			closeMatch()
			settings, header, left = matchSettings(want.Match, l.Rest), i, 0
		case l.Keyword == "" && l.Err == nil && strings.TrimSpace(l.Text()) == "",
			slices.ContainsFunc(settings, func(s keepalive.Setting) bool { return sameKeyword(s.Keyword, l.Keyword) }):
			taken = append(taken, i)
		default:
			left++
		}
	}
	closeMatch()
	return taken
}

// matchSettings are those of all the blocks with these criteria.
func matchSettings(blocks []Match, criteria string) (settings []keepalive.Setting) {
	for _, m := range blocks {
		if sameCriteria(m.Criteria, criteria) {
			settings = append(settings, m.Settings...)
		}
	}
	return settings
}

func sameCriteria(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// removedFrom lists the lines that bare removes from each file that remains: from a
// line, up to and not including another, counted from 0.
func removedFrom(t sshconf.Tree, want Want) map[string][][2]int {
	list := sshfile.OwnBlocks(t, ownerOf(want.DropInName))
	for name, data := range t.Files {
		list[name] = sshfile.AlsoRemoved(list[name], renderedLines(t, data, want))
	}
	return list
}

// takeoverWords names the files from which rendered lines are taken over.
func takeoverWords(t sshconf.Tree, want Want) []string {
	var words []string
	for name, data := range t.Files {
		if len(renderedLines(t, data, want)) > 0 {
			words = append(words, "takes-rendered="+name)
		}
	}
	slices.Sort(words)
	return words
}

// readRendered reads the rendered text of all files into want.
func (want *Want) readRendered(t sshconf.Tree) {
	names := make([]string, 0, len(t.Files))
	for name := range t.Files {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	for _, name := range names {
		f := sshconf.Parse(t.Dialect, t.Version, t.Files[name])
		for _, b := range sshfile.RenderedBlocks(f, marks.RenderedBegin, marks.RenderedEnd) {
			want.read(f.Lines[b[0]:b[1]], t.Version)
		}
	}
}
