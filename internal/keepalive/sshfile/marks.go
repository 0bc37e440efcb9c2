package sshfile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// CollectLines adds lines of a file; from is the index of the first.
func CollectLines(h *keepalive.OwnedLines, file string, lines []sshconf.Line, from int) {
	h.Found = true
	for i, l := range lines {
		h.Add(strings.TrimRight(string(l.Raw), "\r\n"), sshconf.Pos{Path: file, Line: from + i + 1})
	}
}

// CollectBlocks adds the lines between each of two pairs of marks in a file; second may
// be nil.
func CollectBlocks(h *keepalive.OwnedLines, t sshconf.Tree, name string, first, second func(string) (string, string), owner string) {
	if !bytes.Contains(t.Files[name], []byte(marks.BeginPrefix)) {
		return
	}
	f := sshconf.Parse(t.Dialect, t.Version, t.Files[name])
	for _, around := range []func(string) (string, string){first, second} {
		if around == nil {
			continue
		}
		if from, to, ok := f.FindBlock(around(owner)); ok {
			CollectLines(h, name, f.Lines[from+1:to-1], from+1)
		}
	}
}

// OwnBlocks lists the blocks of owner's in each file that has some: from a line, up to
// and not including another, counted from 0.
func OwnBlocks(t sshconf.Tree, owner string) map[string][][2]int {
	list := map[string][][2]int{}
	for name, data := range t.Files {
		if !bytes.Contains(data, []byte(marks.BeginPrefix+owner)) {
			continue
		}
		f := sshconf.Parse(t.Dialect, t.Version, data)
		for _, around := range []func(string) (string, string){marks.Block, marks.MatchBlock} {
			if from, to, ok := f.FindBlock(around(owner)); ok {
				list[name] = append(list[name], [2]int{from, to})
			}
		}
		slices.SortFunc(list[name], func(a, b [2]int) int { return a[0] - b[0] })
	}
	return list
}
