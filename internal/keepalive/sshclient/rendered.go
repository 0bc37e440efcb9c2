package sshclient

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Render writes one block of an ssh_config.
func Render(want Want) (string, []keepalive.Problem) {
	problems := slices.DeleteFunc(Check(want), func(p keepalive.Problem) bool { return p.Warning })
	if len(problems) > 0 {
		return "", problems
	}
	return language().Render([]string{want.Block()}, want.Settings)
}

// Rendered puts blocks that Render wrote between marks by which Plan takes them over.
func Rendered(blocks []string) string {
	if len(blocks) == 0 {
		return ""
	}
	return marks.RenderedSSHBegin + "\n" + strings.Join(blocks, "\n") + everyHost + "\n" + marks.RenderedSSHEnd + "\n"
}

// The text of render_ssh_config stands between marks of its own, and ends like a block of
// ours, with the scope of all hosts. A resource whose file has it takes those lines out
// that it declares, of a block that opens with the same line, and leaves the others. A
// file in which nothing else stood becomes one that we made, which goes with the last of
// our lines. Rendered text in other files is left alone: that of the system counts for
// other users too.

// bare returns the tree without want's own block, as strip does, and without the rendered
// lines that want declares.
func bare(t sshconf.Tree, file string, want Want) (base sshconf.Tree, was leftover) {
	base, was = strip(t, file, want.Block())
	taken := renderedLines(base, file, want)
	sshfile.TakeLines(base, file, taken, true)
	if left := sshconf.Parse(base.Dialect, base.Version, base.Files[file]); len(taken) > 0 && onlyRendered(left) {
		left.Insert(0, []string{marks.ClientHeader})
		base.Files[file] = left.Bytes()
	}
	return base, was
}

// onlyRendered reports whether a file has rendered text and nothing else.
func onlyRendered(f *sshconf.File) bool {
	lines := 0
	for _, b := range renderedBlocks(f) {
		lines += b[1] - b[0]
	}
	return lines > 0 && lines == len(f.Lines)
}

// removedFrom lists the lines that bare removes from each file: from a line, up to and not
// including another, counted from 0.
func removedFrom(t sshconf.Tree, file string, want Want) map[string][][2]int {
	list := sshfile.OwnBlocks(t, want.Block())
	list[file] = sshfile.AlsoRemoved(list[file], renderedLines(t, file, want))
	return list
}

// renderedLines lists the lines of file, counted from 0, that want takes over.
func renderedLines(t sshconf.Tree, file string, want Want) (taken []int) {
	f := sshconf.Parse(t.Dialect, t.Version, t.Files[file])
	ours := marked(f)
	for _, b := range renderedBlocks(f) {
		from, to := b[0], b[1]
		end := to - 1 // of what counts for some hosts
		if l := f.Lines[end-1]; l.Is("Host") && l.Rest == "*" {
			end--
		}
		inner := declaredLines(f, from+1, end, want)
		if len(inner) == end-from-1 && !reopens(f, ours, from, to) {
			inner = lineNumbers(from, to)
		}
		taken = append(taken, inner...)
	}
	return taken
}

func renderedBlocks(f *sshconf.File) [][2]int {
	return sshfile.RenderedBlocks(f, marks.RenderedSSHBegin, marks.RenderedSSHEnd)
}

// reopens reports whether lines below to count for all hosts only because the text that
// starts at from ends with that scope.
func reopens(f *sshconf.File, ours []bool, from, to int) bool {
	return !neutral(f, ours, to) && firstOutside(f, ours, opens) < from
}

func opens(l sshconf.Line) bool { return l.Is("Host") || l.Is("Match") }

// declaredLines lists which of the lines from and up to to want takes over: in blocks that
// open as its own does, those that it declares, and the whole block if no other is in it.
func declaredLines(f *sshconf.File, from, to int, want Want) (taken []int) {
	for at := from; at < to; {
		next := at + 1
		for next < to && !opens(f.Lines[next]) {
			next++
		}
		if want.opensWith(f.Lines[at]) {
			taken = append(taken, declaredOf(f, at, next, want)...)
		}
		at = next
	}
	return taken
}

// declaredOf is declaredLines for one block, which opens at from.
func declaredOf(f *sshconf.File, from, to int, want Want) (taken []int) {
	whole := true
	for i := from + 1; i < to; i++ {
		switch l := f.Lines[i]; {
		case want.declares(l.Keyword):
			taken = append(taken, i)
		case strings.TrimSpace(l.Text()) != "":
			whole = false
		}
	}
	if whole {
		return lineNumbers(from, to)
	}
	return taken
}

func lineNumbers(from, to int) (list []int) {
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// opensWith reports whether l opens a block for exactly the hosts of want's.
func (c Want) opensWith(l sshconf.Line) bool {
	opened, ok := ParseBlock(l.Keyword + " " + l.Rest)
	return ok && (opened.Block() == c.Block() || opened.everywhere() && c.everywhere())
}

func (c Want) declares(keyword string) bool {
	return slices.ContainsFunc(c.Settings, func(s keepalive.Setting) bool { return sshconf.SameKeyword(sshconf.Client, s.Keyword, keyword) })
}
