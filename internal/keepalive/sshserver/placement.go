package sshserver

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Where our lines go in a configuration that has other authors.
//
// sshd keeps the first value it reads for a keyword, and any value of a matching
// Match block beats every global one. So the least intrusive place that wins is
// a drop-in of our own that sorts before the others, if an Include outside Match
// reads it and nothing above that Include sets one of our keywords. Else it is a
// block at the head of the main file, below the file's own heading comment and
// above everything that sshd reads. Match blocks of ours stand before the first
// Match of the file they are in, because among matching blocks the first one
// wins; without a Match they stand at the end.
//
// A keyword that a Match of others overrides in a declared context is repeated in a
// Match of ours behind our own Match blocks, with the criteria that the context
// gives: User deploy. So no other user loses a value. Where no criteria say just
// that, as for the default context, it is a Match all, and a warning names each
// block that loses. If a Match depends on more than text, as on groups, the host's
// answer for the context tells whether it applies; if the answer leaves that open, ours
// stands before it as well. A setting that still loses, and one of a keyword that
// accumulates, is effective only if the winner is commented out, which takeover
// allows.
//
// Of several directories that Includes look into, ours is the first one that is not
// the vendor's: what lies under /usr is replaced with the package, or read-only. A
// directory that an Include names beside the main configuration and that is not
// there yet is made; the drop-in says so, and it goes again on destroy.
//
// The candidate is always computed from the files without our marks, so the same
// wanted settings give the same bytes, whatever the files have now.

// candidate is one way to place the wanted settings.
type candidate struct {
	sshfile.Candidate
	at           insertionPoint
	repeats      []Match           // blocks that repeat global settings
	commentedOut []sshconf.Setting // lines of others commented out
}

// Before returns where a line of others stood before our lines came, the Include that
// reads our drop-in among them.
func (c candidate) Before(p sshconf.Pos) sshconf.Pos {
	if c.at.adds && p.Path == c.at.include.Path && p.Line > c.at.include.Line {
		p.Line -= 3 // the Include between its marks
	}
	return c.Candidate.Before(p)
}

// Now returns where a line of others stands on the host as it is.
func (c candidate) Now(p sshconf.Pos) sshconf.Pos { return c.OnHost(c.Before(p)) }

// insertionPoint is where our lines may stand.
type insertionPoint struct {
	file    string      // the file our lines are in
	kind    string      // drop_in, before_include, in_place
	include sshconf.Pos // the Include that reads a drop-in
	make    string      // the directory that has to be made
	made    bool        // the directory was, or has to be, made by us
	adds    bool        // the Include is a line of ours at the head of the main file

	blocks map[string][][2]int // of ours in the files as they are now, see blocksOf
}

func globalOwn(settings []keepalive.Setting) []sshfile.OwnLine {
	return sshfile.OwnLines(sshfile.Lines(settings), sshfile.Global)
}

func matchOwn(blocks, repeats []Match) []sshfile.OwnLine {
	var lines []sshfile.OwnLine
	for i, b := range blocks {
		lines = append(lines, sshfile.OwnLines(matchLines([]Match{b}, nil), i)...)
	}
	return append(lines, sshfile.OwnLines(matchLines(nil, repeats), sshfile.Global)...)
}

// strip returns the tree as it would be without anything of owner's, and the
// path of the drop-in that is wholly ours, if there is one.
func strip(t sshconf.Tree, owner string) (base sshconf.Tree, dropIn string) {
	base = t.Clone()
	for name, data := range t.Files {
		if isOurDropIn(name, data, owner) {
			delete(base.Files, name)
			dropIn = name
			continue
		}
		if text, changed := stripFile(t, data, owner); changed {
			base.Files[name] = text
		}
	}
	return base, dropIn
}

func isOurDropIn(name string, data []byte, owner string) bool {
	return path.Base(name) == owner && bytes.HasPrefix(data, []byte(marks.ServerHeader))
}

func stripFile(t sshconf.Tree, data []byte, owner string) (text []byte, changed bool) {
	if !bytes.Contains(data, []byte("sshkeepalive "+owner)) {
		return data, false
	}
	f := sshconf.Parse(t.Dialect, t.Version, data)
	f.Restore(marks.Takeover(owner))
	f.RemoveBlock(marks.MatchBlock(owner))
	f.RemoveBlock(marks.Block(owner))
	text = f.Bytes()
	return text, !bytes.Equal(text, data)
}

// dropIns lists where a drop-in called name would be read outside any Match, best
// first: in the directory of the one that there is, else in those that are not the
// vendor's. dirs are the directories that exist.
func dropIns(have Facts, base sshconf.Tree, dropIn, name string) []insertionPoint {
	var own, vendors []insertionPoint
	seen := map[string]bool{}
	add := func(dir string) {
		at := insertionPoint{file: path.Join(dir, name), kind: string(DropIn), made: madeByUs(have.Tree, dir)}
		include, read := sshconf.Included(base, at.file)
		if !slices.Contains(have.IncludeDirs, dir) {
			at.make, at.made = dir, true
		}
		if seen[dir] || !read || at.make != "" && (path.Dir(dir) != base.Dir || path.Clean(dir) != dir) {
			return
		}
		seen[dir], at.include = true, include
		if isVendors(dir) && at.file != dropIn {
			vendors = append(vendors, at)
		} else {
			own = append(own, at)
		}
	}
	if dropIn != "" {
		add(path.Dir(dropIn))
	}
	for _, pattern := range sshconf.Evaluate(base, sshconf.Context{}).Includes {
		if dir := sshfile.Parent(pattern); !strings.ContainsAny(dir, `*?[\`) {
			add(dir)
		}
	}
	return append(own, vendors...)
}

// replaceable leaves out the places whose file cannot be replaced, if any other is left.
func replaceable(places []insertionPoint, mounts []string) []insertionPoint {
	left := slices.DeleteFunc(slices.Clone(places), func(s insertionPoint) bool {
		return slices.Contains(mounts, s.file) || s.adds && slices.Contains(mounts, s.include.Path)
	})
	if len(left) == 0 {
		return places
	}
	return left
}

// isVendors reports whether a file or directory belongs to the distribution and not to
// the administrator of the host.
func isVendors(name string) bool {
	return strings.HasPrefix(name, "/usr/") && !strings.HasPrefix(name, "/usr/local/")
}

// madeByUs reports whether a drop-in of this or another resource says that its
// directory was made for it.
func madeByUs(t sshconf.Tree, dir string) bool {
	for name, data := range t.Files {
		if path.Dir(name) == dir && bytes.HasPrefix(data, []byte(marks.ServerHeader+"\n"+marks.MadeDir)) {
			return true
		}
	}
	return false
}

// place writes the wanted lines into the file at of base.
func place(base sshconf.Tree, want Want, at insertionPoint, repeats []Match) candidate {
	c := candidate{Candidate: sshfile.Candidate{File: at.file, Kind: at.kind, Blocks: at.blocks, Tree: base.Clone(), Origin: map[int]int{}}, at: at, repeats: repeats}
	if at.adds {
		c.addInclude(base, ownerOf(want.DropInName))
	}
	old, exists := base.Files[at.file]
	globals, blocks := globalOwn(want.Settings), matchOwn(want.Match, repeats)
	id := sshfile.OwnLines(marks.IDLines(want.Claim.ID), sshfile.Global)
	if !exists {
		globals = slices.Concat(id, globals)
		head := []string{marks.ServerHeader}
		if at.made {
			head = append(head, marks.MadeDirLines([]string{path.Dir(at.file)})...)
		}
		c.Tree.Files[at.file] = []byte(sshfile.Join(slices.Concat(head, sshfile.Texts(globals), sshfile.Texts(blocks))))
		c.Note(len(head)+1, slices.Concat(globals, blocks))
		return c
	}
	globals, blocks = identified(id, globals), identified(id, blocks)
	owner := ownerOf(want.DropInName)
	f := sshconf.Parse(base.Dialect, base.Version, old)
	sections := f.Sections()
	atMatch := matchPlace(f, sections)
	atHead := min(headPlace(f, sections), atMatch)
	begin, end := marks.MatchBlock(owner)
	insert(f, atMatch, begin, end, blocks)
	begin, end = marks.Block(owner)
	insert(f, atHead, begin, end, globals)
	c.Tree.Files[at.file] = f.Bytes()
	c.Find(f, globals, begin, end)
	begin, end = marks.MatchBlock(owner)
	c.Find(f, blocks, begin, end)
	return c
}

// identified puts the id of the resource over its lines, if there are any.
func identified(id, lines []sshfile.OwnLine) []sshfile.OwnLine {
	if len(lines) == 0 {
		return nil
	}
	return slices.Concat(id, lines)
}

func insert(f *sshconf.File, at int, begin, end string, lines []sshfile.OwnLine) {
	if len(lines) > 0 {
		f.InsertBlock(at, begin, end, sshfile.Texts(lines))
	}
}

// headPlace is above everything that sshd reads, and below the heading.
func headPlace(f *sshconf.File, sections []sshconf.Section) int {
	for i := range f.Lines {
		if reads(f.Lines[i]) {
			return sshfile.AboveComment(f, nil, sections, i)
		}
	}
	return len(f.Lines)
}

// matchPlace is above the first Match over which lines of a Match of ours can stand
// without taking any line of others in.
func matchPlace(f *sshconf.File, sections []sshconf.Section) int {
	for i, l := range f.Lines {
		if !l.Is("Match") {
			continue
		}
		if at := sshfile.AboveComment(f, nil, sections, i); !slices.ContainsFunc(f.Lines[at:i], reads) {
			return at
		}
	}
	return len(f.Lines)
}

// reads reports whether sshd reads a keyword or an error from the line.
func reads(l sshconf.Line) bool { return l.Keyword != "" || l.Err != nil }

// trail is the decision in one line. It names files and not lines: a resource that
// is applied earlier can move lines, and an apply must have the trail of its plan.
func (c candidate) trail(have Facts, overridden []sshconf.Pos) string {
	words := []string{"version=" + have.Version.String(), "placement=" + c.Kind, "file=" + c.File}
	if c.Kind == "drop_in" {
		words = append(words, "include="+c.at.include.Path)
	}
	if c.at.make != "" {
		words = append(words, "makes="+c.at.make)
	}
	if c.at.adds {
		words = append(words, "adds-include="+have.Tree.Main)
	}
	words = append(words, sshfile.OverrideWords(overridden)...)
	for _, b := range c.repeats {
		word := "for-contexts="
		if b.Criteria == "all" {
			word = "match-all="
		}
		for _, s := range b.Settings {
			words = append(words, word+s.Keyword)
		}
	}
	for _, s := range c.commentedOut {
		words = append(words, "takes-over="+s.Keyword+"@"+s.Pos.Path)
	}
	return strings.Join(words, " ")
}
