package sshclient

import (
	"bytes"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// ownedLines finds the block of owner's in file.
func ownedLines(t sshconf.Tree, file, owner string) (h keepalive.OwnedLines) {
	sshfile.CollectBlocks(&h, t, file, marks.Block, nil, owner)
	return h
}

// Holder is sshserver.Holder for a block of ssh_config.
func Holder(block string, have Facts) string {
	return ownedLines(have.Tree, have.File, block).ID
}

// The text we put into ssh_config. A block stands between marks that name its
// owner, and ends by opening the scope of all hosts again: whatever follows, now
// or by a later edit, is never captured by our Host line. A file that was not
// there starts with marks.ClientHeader. Directories that were made are written down
// where they are needed, in the file or in the block, so that destroy can remove
// them without any record elsewhere.

// everyHost ends a block. Match all would do as well, from OpenSSH 6.5 on.
const everyHost = "Host *"

// blockLines renders the block without its marks.
func blockLines(want Want, made []string) []string {
	lines := append(marks.IDLines(want.Claim.ID), marks.MadeDirLines(made)...)
	lines = append(lines, want.Block())
	lines = append(lines, sshfile.Indented(inOrder(want.Settings))...)
	return append(lines, everyHost)
}

// madeIn reads the directories back from lines.
func madeIn(lines []sshconf.Line) []string {
	var h keepalive.OwnedLines
	sshfile.CollectLines(&h, "", lines, 0)
	return h.Made
}

// heading returns the number of lines with which we opened a file that was not
// there; 0 if it was.
func heading(f *sshconf.File) int {
	if len(f.Lines) == 0 || f.Lines[0].Text() != marks.ClientHeader {
		return 0
	}
	n := 1
	for n < len(f.Lines) && strings.HasPrefix(f.Lines[n].Text(), marks.MadeDir) {
		n++
	}
	return n
}

// Heading is what a file that we create starts with, and has before anything
// else is in it; nil for a file that we did not create.
func Heading(text []byte) []byte {
	f := sshconf.Parse(sshconf.Client, sshconf.Newest(), text)
	f.Lines = f.Lines[:heading(f)]
	return bytes.Clone(f.Bytes())
}

// marked says of each line of a file whether one of our resources wrote it: the
// heading, and everything from a begin mark to the next end mark.
func marked(f *sshconf.File) []bool {
	ours := make([]bool, len(f.Lines))
	inside := false
	for i, l := range f.Lines {
		text := l.Text()
		inside = inside || strings.HasPrefix(text, marks.BeginPrefix)
		ours[i] = inside || i < heading(f)
		inside = inside && !strings.HasPrefix(text, marks.EndPrefix)
	}
	return ours
}

// WithoutOthers returns text without what other resources than owner's put there. If that
// differs, another author changed the file. Two resources that share a file do not see
// each other's work as a conflict.
func WithoutOthers(text []byte, owner string) []byte {
	if text == nil || !marks.Mentions(string(text), "") {
		return withoutHeading(text)
	}
	f := sshconf.Parse(sshconf.Client, sshconf.Newest(), text)
	sshfile.RemoveOthers(f, func(other string) bool { return other == owner })
	f.Lines = slices.DeleteFunc(f.Lines, func(l sshconf.Line) bool { return strings.HasPrefix(l.Text(), marks.MadeDir) })
	return withoutHeading(f.Bytes())
}

// withoutHeading lets a file count as absent that is empty, or empty but for our heading.
func withoutHeading(text []byte) []byte {
	rest := bytes.TrimPrefix(text, Heading(text))
	if len(rest) == 0 {
		return nil
	}
	return rest
}

// leftover is what our lines in a tree said beside the settings.
type leftover struct {
	heading []string // directories made for a file that we created
	block   []string // directories made for sockets
}

// strip returns the tree as it would be without owner's block in file, and with the
// lines that owner adopted. A
// file that we created goes with its last line.
func strip(t sshconf.Tree, file, owner string) (base sshconf.Tree, was leftover) {
	base = t.Clone()
	data, ok := t.Files[file]
	if !ok {
		return base, was
	}
	f := sshconf.Parse(t.Dialect, t.Version, data)
	if from, to, ok := f.FindBlock(marks.Block(owner)); ok {
		was.block = madeIn(f.Lines[from:to])
		f.RemoveBlock(marks.Block(owner))
	}
	f.Restore(marks.Takeover(owner))
	if n := heading(f); n > 0 && n == len(f.Lines) {
		was.heading = madeIn(f.Lines)
		delete(base.Files, file)
		return base, was
	}
	base.Files[file] = f.Bytes()
	return base, was
}

// dropHeading removes the heading from a file in which nothing else of ours is
// left.
func dropHeading(t sshconf.Tree, file string) {
	f := sshconf.Parse(t.Dialect, t.Version, t.Files[file])
	if n := heading(f); n > 0 && !slices.Contains(marked(f)[n:], true) {
		f.Delete(0, n)
		t.Files[file] = f.Bytes()
	}
}

// transferDirNote notes dir in the first block of ours that needs it, so that the
// resource that is removed last removes the directory. It reports whether there is one.
func transferDirNote(t sshconf.Tree, file, dir string, needs func(sshconf.Line) bool) bool {
	f := sshconf.Parse(t.Dialect, t.Version, t.Files[file])
	ours := marked(f)
	for _, b := range renderedBlocks(f) {
		clear(ours[b[0]:b[1]]) // nothing notes or removes a directory there
	}
	at := slices.IndexFunc(f.Lines, needs)
	if at < 0 || !ours[at] {
		return false
	}
	for !strings.HasPrefix(f.Lines[at].Text(), marks.BeginPrefix) {
		at--
	}
	f.Insert(at+1, []string{marks.MadeDir + dir})
	t.Files[file] = f.Bytes()
	return true
}
