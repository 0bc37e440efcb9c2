package sshfile

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

const idMark = "# sshkeepalive resource "

var idForm = regexp.MustCompile(`^(image|[0-9a-f]{16})$`)

func IDLines(c keepalive.Claim) []string {
	if c.ID == "" {
		return nil
	}
	return []string{idMark + c.ID}
}

// idOf reads the id of a resource from a line.
func idOf(text string) (id string, ok bool) {
	id, ok = strings.CutPrefix(strings.TrimSpace(text), idMark)
	return id, ok && idForm.MatchString(id)
}

// CollectLines adds lines of a file, the first of which has the index from.
func CollectLines(h *keepalive.OwnedLines, file string, lines []sshconf.Line, from int) {
	h.Found = true
	for i, l := range lines {
		text := strings.TrimRight(string(l.Raw), "\r\n")
		if id, ok := idOf(text); ok {
			// Of two, the one that is not ours to take counts.
			if keepalive.AnonymousID(h.ID) {
				h.ID = id
			}
			continue
		}
		if text == Header || strings.HasPrefix(text, MadeDirMark) {
			continue
		}
		h.Lines = append(h.Lines, keepalive.OwnedLine{Text: text, Pos: sshconf.Pos{Path: file, Line: from + i + 1}})
	}
}

func CollectBlocks(h *keepalive.OwnedLines, t sshconf.Tree, name string, first, second func(string) (string, string), owner string) {
	if !bytes.Contains(t.Files[name], []byte(BeginPrefix)) {
		return
	}
	f := sshconf.Parse(t.Dialect, t.Version, t.Files[name])
	for _, marks := range []func(string) (string, string){first, second} {
		if marks == nil {
			continue
		}
		if from, to, ok := f.FindBlock(marks(owner)); ok {
			CollectLines(h, name, f.Lines[from+1:to-1], from+1)
		}
	}
}

const MadeDirMark = "# sshkeepalive made the directory "

const (
	BeginPrefix = "# BEGIN sshkeepalive "
	EndPrefix   = "# END sshkeepalive "
)

func MadeDirLines(made []string) []string {
	lines := make([]string, len(made))
	for i, dir := range made {
		lines[i] = MadeDirMark + dir
	}
	return lines
}

// BlockOwner reads the owner from a begin mark.
func BlockOwner(l sshconf.Line) (owner string, ok bool) {
	text := l.Text()
	owner, ok = strings.CutPrefix(text, BeginPrefix)
	if !ok {
		return "", false
	}
	owner = strings.TrimSuffix(owner, " (managed by Terraform)")
	begin, _ := GlobalMarks(owner)
	return owner, begin == text
}

// OwnBlocks lists the blocks of owner's in each file that has some: from a line, up to
// and not including another, counted from 0.
func OwnBlocks(t sshconf.Tree, owner string) map[string][][2]int {
	list := map[string][][2]int{}
	for name, data := range t.Files {
		if !bytes.Contains(data, []byte(BeginPrefix+owner)) {
			continue
		}
		f := sshconf.Parse(t.Dialect, t.Version, data)
		for _, marks := range []func(string) (string, string){GlobalMarks, MatchMarks} {
			if from, to, ok := f.FindBlock(marks(owner)); ok {
				list[name] = append(list[name], [2]int{from, to})
			}
		}
		slices.SortFunc(list[name], func(a, b [2]int) int { return a[0] - b[0] })
	}
	return list
}

// The text we put on a host. Every mark names its owner, the drop-in name of
// the resource, so that two resources on one host never undo each other.
//
// A drop-in that is ours alone starts with header. In a file that belongs to
// somebody else our lines stand between begin and end marks: one block for
// global settings and one for Match blocks. A line that was taken over is kept
// behind takenMark. What stands in the files is therefore all that is needed to
// restore them; no record is kept elsewhere.
//
// Two states may use one name. So the first line of ours in a file, or between two marks,
// is the random id of the resource, see Claim.
const Header = "# Managed by Terraform: sshkeepalive_server. A change made here by hand is drift."

func GlobalMarks(owner string) (begin, end string) {
	return "# BEGIN sshkeepalive " + owner + " (managed by Terraform)", "# END sshkeepalive " + owner
}

func MatchMarks(owner string) (begin, end string) {
	return "# BEGIN sshkeepalive " + owner + " Match (managed by Terraform)", "# END sshkeepalive " + owner + " Match"
}
