package sshclient

import (
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Where our block goes in an ssh_config that has other authors.
//
// ssh keeps the first value it reads for a keyword, the user's file before the
// system's, and a Host line reaches to the next one. So the least intrusive
// place that wins is before the first Host or Match of the file, and before the
// comment attached to that: what stands above, the preamble, applies to all
// hosts and keeps doing so. If the preamble, or a file that it includes, sets one
// of our keywords, our block goes above everything. In both places the scope is
// that of all hosts, so the Host * that ends our block changes nothing for the
// lines below it.
//
// Blocks of other resources of ours are one line to us, so to speak: we go below
// them, and above them only if they win over us otherwise. A block that stands
// somewhere and wins there stays there, so that neither the order of two applies
// nor text that others add moves it.
//
// Lines that another tool keeps between two marks, and rewrites, get none of ours
// between them either: what would stand there goes above the marks.
//
// What cannot win in the file, because a file that is read before sets it, is not
// forced: lines of others are commented out in the managed file only, where they are
// adopted.

// insertionPoints lists where the block may stand in base, best first. old is where
// it stands now, negative if nowhere.
func insertionPoints(f *sshconf.File, old int) []insertionPoint {
	ours := marked(f)
	sections := foreignSections(f, ours)
	first := firstOutside(f, ours, func(l sshconf.Line) bool { return l.Is("Host") || l.Is("Match") })
	set := firstOutside(f, ours, func(l sshconf.Line) bool { return l.Keyword != "" || l.Err != nil })
	points := []insertionPoint{
		{sshfile.AboveComment(f, ours, sections, first), "before_first_host"},
		{sshfile.AboveComment(f, ours, sections, set), "top"},
	}
	if other := slices.Index(ours[heading(f):], true); other >= 0 {
		points = append(points, insertionPoint{min(other+heading(f), sshfile.AboveComment(f, ours, sections, set)), "above_others"})
	}
	if old >= 0 && sshconf.Outside(sections, old) == old && (old <= first || neutral(f, ours, old)) {
		points = slices.Insert(points, 0, insertionPoint{old, "kept"})
		for _, s := range points[1:] {
			if s.line == old {
				points[0].kind = s.kind
			}
		}
	}
	return points
}

type insertionPoint struct {
	line int
	kind string
}

func firstOutside(f *sshconf.File, ours []bool, is func(sshconf.Line) bool) int {
	for i, l := range f.Lines {
		if !ours[i] && is(l) {
			return i
		}
	}
	return len(f.Lines)
}

// foreignSections lists the marked sections of others.
func foreignSections(f *sshconf.File, ours []bool) []sshconf.Section {
	return slices.DeleteFunc(f.Sections(), func(s sshconf.Section) bool { return ours[s.Begin] })
}

// neutral reports whether Host * before line at changes the scope of nothing.
func neutral(f *sshconf.File, ours []bool, at int) bool {
	for i := at; i < len(f.Lines); i++ {
		if l := f.Lines[i]; !ours[i] && (l.Keyword != "" || l.Err != nil) {
			return l.Is("Host") || l.Is("Match")
		}
	}
	return true
}

// blockAt returns the line at which owner's block begins in the managed file.
func blockAt(have Facts, owner string) int {
	f := sshconf.Parse(sshconf.Client, have.Version, have.Tree.Files[have.File])
	if from, _, ok := f.FindBlock(marks.Block(owner)); ok {
		return from
	}
	return -1
}

// place writes the block into the managed file of base.
func place(base sshconf.Tree, want Want, have Facts, at insertionPoint, sockets, parents []string) sshfile.Candidate {
	c := sshfile.Candidate{File: have.File, Kind: at.kind, Blocks: removedFrom(have.Tree, have.File, want), Tree: base.Clone(), Origin: map[int]int{}}
	lines := sshfile.OwnLines(blockLines(want, sockets), sshfile.Global)
	begin, end := marks.Block(want.Block())
	old, exists := base.Files[have.File]
	if !exists {
		old = []byte(sshfile.Join(append([]string{marks.ClientHeader}, marks.MadeDirLines(parents)...)))
	}
	f := sshconf.Parse(base.Dialect, base.Version, old)
	if !exists {
		at.line = len(f.Lines)
	}
	f.InsertBlock(at.line, begin, end, sshfile.Texts(lines))
	c.Tree.Files[have.File] = f.Bytes()
	c.Find(f, lines, begin, end)
	return c
}

// chooseAs is chooseAs for a block of ssh_config.
func chooseAs(base sshconf.Tree, was leftover, want Want, have Facts) (sshfile.Candidate, []obstacle) {
	if held := ownedLines(have.Tree, have.File, want.Block()); held.Keeps(want.Claim) {
		as := want
		as.Claim.ID = held.ID
		if c, lost := choose(base, was, as, have); len(sshfile.Changes(have.Tree, c.Tree)) == 0 {
			return c, lost
		}
	}
	return choose(base, was, want, have)
}

// choose returns the first candidate in which every setting wins for every
// probe, or the one that loses least and what it loses.
func choose(base sshconf.Tree, was leftover, want Want, have Facts) (sshfile.Candidate, []obstacle) {
	sockets := sshfile.Union(was.block, missing(have, socketDirs(have)))
	parents := sshfile.Union(was.heading, missing(have, []string{path.Dir(have.File)}))
	points := []insertionPoint{{0, "new_file"}}
	if text, exists := base.Files[have.File]; exists {
		points = insertionPoints(sshconf.Parse(sshconf.Client, have.Version, text), blockAt(have, want.Block()))
	}
	var best sshfile.Candidate
	var lost []obstacle
	for i, at := range points {
		c := place(base, want, have, at, sockets, parents)
		l := obstacles(c, want, have)
		if i == 0 || len(l) < len(lost) {
			best, lost = c, l
		}
	}
	return best, lost
}

// missing returns the directories that have to be made for dirs to exist,
// outermost first.
func missing(have Facts, dirs []string) []string {
	var list []string
	for _, dir := range dirs {
		var chain []string
		for d := dir; d != "/" && d != "."; d = path.Dir(d) {
			if _, ok := have.Stats[d]; ok {
				break
			}
			chain = append(chain, d)
		}
		slices.Reverse(chain)
		list = sshfile.Union(list, chain)
	}
	return list
}

// socketDirs returns the directories of the wanted control sockets, for each
// probe as its own ssh spells them.
func socketDirs(have Facts) []string {
	var dirs []string
	for _, p := range socketPaths(have) {
		dirs = sshfile.Union(dirs, []string{path.Dir(p)})
	}
	return dirs
}

// socketPaths returns the path of the wanted control socket of each probe.
func socketPaths(have Facts) []string {
	var list []string
	for i := range have.Contexts {
		for _, p := range have.dumped(have.Canonical, i, "ControlPath") {
			if strings.HasPrefix(p, "/") {
				list = sshfile.Union(list, []string{p})
			}
		}
	}
	return list
}
