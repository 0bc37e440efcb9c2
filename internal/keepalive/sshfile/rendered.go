package sshfile

import (
	"bytes"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// RenderedBlocks lists the text of a render function in f, by the marks of that function:
// from the begin mark up to, and not including, the line after the end mark.
func RenderedBlocks(f *sshconf.File, begin, end string) (blocks [][2]int) {
	from := -1
	for i, l := range f.Lines {
		switch text := l.Text(); {
		case text == begin:
			from = i
		case text == end && from >= 0:
			blocks = append(blocks, [2]int{from, i + 1})
			from = -1
		}
	}
	return blocks
}

// TakeLines removes lines, counted from 0 and sorted, from a file of base. goes says that
// the file goes too if nothing is left in it.
func TakeLines(base sshconf.Tree, name string, lines []int, goes bool) {
	if len(lines) == 0 {
		return
	}
	f := sshconf.Parse(base.Dialect, base.Version, base.Files[name])
	for _, i := range slices.Backward(lines) {
		f.Delete(i, i+1)
	}
	base.Files[name] = f.Bytes()
	if goes && len(bytes.TrimSpace(f.Bytes())) == 0 {
		delete(base.Files, name)
	}
}

// AlsoRemoved adds lines, counted from 0, to what is removed from a file.
func AlsoRemoved(list [][2]int, lines []int) [][2]int {
	for _, i := range lines {
		list = append(list, [2]int{i, i + 1})
	}
	slices.SortFunc(list, func(a, b [2]int) int { return a[0] - b[0] })
	return list
}
