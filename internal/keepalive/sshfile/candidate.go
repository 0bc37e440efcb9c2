package sshfile

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Global is the block of lines that stand outside Match.
const Global = -1

// Candidate is a configuration with our lines in it.
type Candidate struct {
	File   string              // the file our lines are in
	Kind   string              // drop_in, before_include, in_place, ...
	Blocks map[string][][2]int // of ours in the files as they are now, see blocksOf
	Tree   sshconf.Tree
	Origin map[int]int // line of File -> index of our Match block, or global
}

// Ours reports whether one of our lines stands at p.
func (c Candidate) Ours(p sshconf.Pos) bool {
	_, ok := c.Origin[p.Line]
	return ok && p.Path == c.File
}

// OwnLine is one of our lines and the Match block its value comes from.
type OwnLine struct {
	text  string
	block int
}

// OwnLines returns lines of ours whose values come from one block.
func OwnLines(lines []string, block int) []OwnLine {
	own := make([]OwnLine, len(lines))
	for i, text := range lines {
		own[i] = OwnLine{text, block}
	}
	return own
}

// Texts returns the texts of the lines.
func Texts(lines []OwnLine) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.text
	}
	return out
}

// Parent returns the directory of an absolute path.
func Parent(file string) string {
	return file[:max(strings.LastIndexByte(file, '/'), 1)]
}

// Find notes the lines between the marks in f as ours.
func (c *Candidate) Find(f *sshconf.File, lines []OwnLine, begin, end string) {
	if from, _, ok := f.FindBlock(begin, end); ok {
		c.Note(from+2, lines) // from counts from 0 and is the mark
	}
}

// Note records that lines stand in the managed file from line first on.
func (c *Candidate) Note(first int, lines []OwnLine) {
	for i, l := range lines {
		c.Origin[first+i] = l.block
	}
}

// IsComment reports whether the line is a comment.
func IsComment(l sshconf.Line) bool {
	return bytes.HasPrefix(bytes.TrimLeft(l.Raw, " \t"), []byte("#"))
}

// AboveComment returns the place over line at that does not separate the line from its
// comment and is not in one of sections. ours are the lines that do not count as its
// comment; nil is none. The end of the file is its own place.
func AboveComment(f *sshconf.File, ours []bool, sections []sshconf.Section, at int) int {
	if at == len(f.Lines) {
		return at
	}
	for {
		from := at
		for at > 0 && (ours == nil || !ours[at-1]) && IsComment(f.Lines[at-1]) && !f.Lines[at-1].EndsSection() {
			at--
		}
		if at = sshconf.Outside(sections, at); at == from {
			return at
		}
	}
}

// Changes lists the files in which to differs from from, in the order of paths.
func Changes(from, to sshconf.Tree) []keepalive.Change {
	var list []keepalive.Change
	for name, old := range from.Files {
		if now, ok := to.Files[name]; !ok {
			list = append(list, keepalive.Change{Path: name, Old: old})
		} else if !bytes.Equal(old, now) {
			list = append(list, keepalive.Change{Path: name, Old: old, New: now})
		}
	}
	for name, now := range to.Files {
		if _, ok := from.Files[name]; !ok {
			list = append(list, keepalive.Change{Path: name, New: now})
		}
	}
	slices.SortFunc(list, func(a, b keepalive.Change) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// Content returns our lines as they stand in the managed file, but for the id of the
// resource, which is random.
func (c Candidate) Content() string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(string(c.Tree.Files[c.File])) {
		n++
		if _, isID := marks.ResourceID(line); isID {
			continue
		}
		if _, ok := c.Origin[n]; ok {
			out.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	return out.String()
}

// OverrideWords names the files in which a line loses to ours.
func OverrideWords(lines []sshconf.Pos) []string {
	var words []string
	for _, p := range lines {
		words = append(words, "overrides="+p.Path)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// SortPositions sorts by file, then by line.
func SortPositions(list []sshconf.Pos) {
	slices.SortFunc(list, func(a, b sshconf.Pos) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

// LosingLines lists the lines of others for keyword that apply and lose, as they stood
// before our lines came.
func LosingLines(r sshconf.Result, c interface {
	Ours(sshconf.Pos) bool
	Before(sshconf.Pos) sshconf.Pos
}, keyword string) []sshconf.Pos {
	var list []sshconf.Pos
	for _, s := range r.Settings(keyword) {
		if s.Active && !s.Wins && !c.Ours(s.Pos) {
			list = append(list, c.Before(s.Pos))
		}
	}
	return list
}

// SameMeaning reports whether a line of others says just what s wants, so that it may win.
func SameMeaning(w sshconf.Setting, s keepalive.Setting, t sshconf.Tree) bool {
	kw, _ := sshconf.Lookup(t.Dialect, s.Keyword)
	if kw.Merge(t.Version) == sshconf.Append || len(s.Values) != 1 {
		return false
	}
	theirs, known := sshconf.Canonical(t.Dialect, s.Keyword, w.Rest, t.Version)
	ours, also := sshconf.Canonical(t.Dialect, s.Keyword, s.Values[0], t.Version)
	if known && also {
		return theirs == ours
	}
	return w.Rest == s.Values[0]
}

// Before returns where a line of others stood before our lines came.
func (c Candidate) Before(p sshconf.Pos) sshconf.Pos {
	if p.Path != c.File {
		return p
	}
	added := 0
	for own := range c.Origin {
		if own < p.Line {
			added++
			if _, continues := c.Origin[own-1]; !continues {
				added += 2 // the marks around this block
			}
		}
	}
	p.Line -= added
	return p
}

// Now returns where a line of others stands on the host as it is.
func (c Candidate) Now(p sshconf.Pos) sshconf.Pos { return c.OnHost(c.Before(p)) }

// OnHost returns where a line that stands at p without anything of ours stands now.
func (c Candidate) OnHost(p sshconf.Pos) sshconf.Pos {
	for _, b := range c.Blocks[p.Path] {
		if b[0] < p.Line {
			p.Line += b[1] - b[0]
		}
	}
	return p
}
