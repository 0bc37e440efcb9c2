package sshfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// CommentOut takes over, for owner, the line of base at which w stands; false if it is
// not there.
func CommentOut(base sshconf.Tree, w sshconf.Setting, at sshconf.Pos, owner string) bool {
	data, ok := base.Files[at.Path]
	if !ok {
		return false
	}
	f := sshconf.Parse(base.Dialect, base.Version, data)
	i := at.Line - 1
	if i < 0 || i >= len(f.Lines) || !strings.EqualFold(f.Lines[i].Keyword, w.Keyword) {
		return false
	}
	f.CommentOut(i, marks.Takeover(owner))
	base.Files[at.Path] = f.Bytes()
	return true
}

// NewlyAdopted warns of adopted lines that are still in force on the host. Their
// positions are those without anything of ours.
func (c Candidate) NewlyAdopted(adopted []sshconf.Setting, have sshconf.Tree, owner string) []keepalive.Problem {
	mark := marks.Takeover(owner)
	var lines []string
	for _, w := range adopted {
		at := c.OnHost(w.Pos)
		f := sshconf.Parse(have.Dialect, have.Version, have.Files[at.Path])
		if at.Line >= 1 && at.Line <= len(f.Lines) && !strings.HasPrefix(f.Lines[at.Line-1].Text(), mark) {
			lines = append(lines, WrittenAt(at, w))
		}
	}
	return keepalive.AdoptsLinesProblems(lines)
}

// WrittenAt returns where w is written, and what.
func WrittenAt(at sshconf.Pos, w sshconf.Setting) string {
	return fmt.Sprintf("%s: %s %s", at, w.Keyword, w.Rest)
}

// RemoveOthers takes away what owners put into f of whom own is false: their blocks, and
// the marks before lines that they commented out. Rendered text goes as well: each of
// several resources takes its lines out of it.
func RemoveOthers(f *sshconf.File, own func(owner string) bool) {
	for begin, end := range map[string]string{marks.RenderedBegin: marks.RenderedEnd, marks.RenderedSSHBegin: marks.RenderedSSHEnd} {
		for _, b := range slices.Backward(RenderedBlocks(f, begin, end)) {
			f.Delete(b[0], b[1])
		}
	}
	for _, l := range slices.Clone(f.Lines) {
		if other, ok := marks.BlockOwner(l.Text()); ok && !own(other) {
			f.RemoveBlock(marks.Block(other))
		}
		if other, ok := marks.TakeoverOwner(l.Text()); ok && !own(other) {
			f.Restore(marks.Takeover(other))
		}
	}
}
