package sshclient

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// adoptLines comments out, in place, the lines of file that set a keyword of want's for
// exactly the hosts of its block, so that its line is the only one. They stand in a block
// that opens with the same line; if the block applies to every host, then also above all
// blocks. A line for more hosts or fewer keeps its meaning for them and is left alone, as
// are marked sections of other tools, lines of other resources, and other files.
func adoptLines(base sshconf.Tree, file string, want Want) (sshconf.Tree, []sshconf.Setting) {
	data, exists := base.Files[file]
	if !want.Claim.Adopt || !exists {
		return base, nil
	}
	f := sshconf.Parse(base.Dialect, base.Version, data)
	ours := marked(f)
	sections := foreignSections(f, ours)
	base = base.Clone()
	var adopted []sshconf.Setting
	sameHosts := want.everywhere()
	for i, l := range f.Lines {
		switch {
		case opens(l):
			sameHosts = want.opensWith(l)
		case sameHosts && !ours[i] && want.replaces(l, base.Version) && sshconf.Outside(sections, i) == i:
			w := sshconf.Setting{Keyword: l.Keyword, Rest: l.Rest, Pos: sshconf.Pos{Path: file, Line: i + 1}}
			sshfile.CommentOut(base, w, w.Pos, want.Block())
			adopted = append(adopted, w)
		}
	}
	return base, adopted
}

// ImportProblems says what the first apply of a block that was imported will do beside
// lines that are there and not ours.
func ImportProblems(block string, have Facts) []keepalive.Problem {
	found, left := adopt(block, have)
	problems := keepalive.NotDeclaredProblems(left)
	if ownedLines(have.Tree, have.File, found.Block()).Found {
		return problems
	}
	found.Claim.Adopt = true
	_, imported := adoptLines(have.Tree, have.File, found)
	var lines []string
	for _, w := range imported {
		lines = append(lines, sshfile.WrittenAt(w.Pos, w))
	}
	return append(problems, keepalive.HandWrittenProblems(lines, have.File)...)
}

// replaces reports whether l says nothing beside a setting of ours with the same keyword.
// Lines of keywords that add up do, and IgnoreUnknown counts for the lines below it.
func (c Want) replaces(l sshconf.Line, v sshconf.Version) bool {
	if l.Err != nil || l.Is("IgnoreUnknown") || accumulating(l.Keyword, v) {
		return false
	}
	for _, s := range c.Settings {
		if sshconf.SameKeyword(sshconf.Client, s.Keyword, l.Keyword) {
			return true
		}
	}
	return false
}
