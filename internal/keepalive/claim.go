package keepalive

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The codes of what is said about lines that another resource put on the host.
const (
	Adopted        Code = "adopted"
	OtherResources Code = "lines of another resource"
	OlderLines     Code = "lines of an earlier version"
)

// Claim says which of our lines on a host a resource may take for its own. A resource
// has a random id, which is written beside its lines.
type Claim struct {
	ID string // "" writes none
	// Former is the id under which the resource was imported, "" if it was not.
	Former string
	// New says that the resource does not exist yet.
	New bool
	// Adopt lets the resource replace lines of another one.
	Adopt bool
}

// ImageID is the id of every resource that writes into an image: an image is baked once,
// and its lines are managed later, on each machine that was made of it.
const ImageID = "image"

const idMark = "# sshkeepalive resource "

var idForm = regexp.MustCompile(`^(image|[0-9a-f]{16})$`)

// anonymous reports whether lines with this id are of no resource that still exists:
// they are in an image, or an earlier version of the provider wrote them.
func anonymous(id string) bool { return id == "" || id == ImageID }

// Covers reports whether the resource may take lines with this id for its own.
func (c Claim) Covers(id string) bool {
	return anonymous(id) || id == c.ID || id == c.Former
}

func idLines(c Claim) []string {
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

// ownedLine is a line of a resource as it stands on the host.
type ownedLine struct {
	text string
	pos  sshconf.Pos
}

// holding is what stands on a host under the name of a resource.
type holding struct {
	found bool
	id    string // "" if no line tells
	lines []ownedLine
}

// hold adds lines of a file, the first of which has the index from.
func hold(h *holding, file string, lines []sshconf.Line, from int) {
	h.found = true
	for i, l := range lines {
		text := strings.TrimRight(string(l.Raw), "\r\n")
		if id, ok := idOf(text); ok {
			// Of two, the one that is not ours to take counts.
			if anonymous(h.id) {
				h.id = id
			}
			continue
		}
		if text == header || strings.HasPrefix(text, madeMark) {
			continue
		}
		h.lines = append(h.lines, ownedLine{text, sshconf.Pos{Path: file, Line: from + i + 1}})
	}
}

// holdingServer finds the lines under a drop-in name.
func holdingServer(t sshconf.Tree, owner string) (h holding) {
	for _, name := range sortedFiles(t) {
		data := t.Files[name]
		if isOurDropIn(name, data, owner) {
			hold(&h, name, sshconf.Parse(t.Dialect, t.Version, data).Lines, 0)
			continue
		}
		holdBlocks(&h, t, name, globalMarks, matchMarks, owner)
	}
	return h
}

// holdingClient finds the block of owner's in file.
func holdingClient(t sshconf.Tree, file, owner string) (h holding) {
	holdBlocks(&h, t, file, globalMarks, nil, owner)
	return h
}

func holdBlocks(h *holding, t sshconf.Tree, name string, first, second func(string) (string, string), owner string) {
	if !bytes.Contains(t.Files[name], []byte(beginPrefix)) {
		return
	}
	f := sshconf.Parse(t.Dialect, t.Version, t.Files[name])
	for _, marks := range []func(string) (string, string){first, second} {
		if marks == nil {
			continue
		}
		if from, to, ok := f.FindBlock(marks(owner)); ok {
			hold(h, name, f.Lines[from+1:to-1], from+1)
		}
	}
}

func sortedFiles(t sshconf.Tree) []string {
	var names []string
	for name := range t.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// HolderServer is the id of the resource whose lines stand under a drop-in name, "" if
// none do or they have none.
func HolderServer(dropInName string, have Facts) string {
	return holdingServer(have.Tree, ownerOf(dropInName)).id
}

// HolderClient is HolderServer for a block of ssh_config.
func HolderClient(block string, have ClientFacts) string {
	return holdingClient(have.Tree, have.File, block).id
}

// keeps reports whether the lines may keep another id than that of the resource, as long
// as nothing else about them changes.
func (h holding) keeps(c Claim) bool { return h.found && c.Covers(h.id) && h.id != c.ID }

// problems says what becomes of the lines of another resource once content is in their
// place. name is what both resources call their lines.
func (h holding) problems(c Claim, content, name string) []Problem {
	gone := h.without(content)
	same := len(gone) == 0 && len(h.lines) == len(strings.Split(strings.TrimSuffix(content, "\n"), "\n"))
	switch {
	case !h.found || h.id == ImageID || c.Covers(h.id) && (!c.New || h.id != ""):
		return nil
	case c.Covers(h.id) && len(gone) == 0:
		return nil
	case c.Covers(h.id):
		return []Problem{{Code: OlderLines, Warning: true, Text: "lines of an earlier version of this provider are replaced, those of " + name + disappearing(gone)}}
	case same:
		return []Problem{{Code: Adopted, Warning: true, Text: "another resource has put the same lines there, those of " + name + ", and this one takes them over"}}
	}
	return []Problem{{Code: OtherResources, Warning: c.Adopt, Attribute: "adopt",
		Text: "the lines of " + name + " belong to another resource" + disappearing(gone)}}
}

// without lists the lines that are not in content.
func (h holding) without(content string) []ownedLine {
	left := map[string]int{}
	for line := range strings.Lines(content) {
		left[strings.TrimSpace(line)]++
	}
	var gone []ownedLine
	for _, l := range h.lines {
		text := strings.TrimSpace(l.text)
		if left[text]--; left[text] < 0 {
			gone = append(gone, l)
		}
	}
	return gone
}

// disappearing is what follows the first line of a problem about lines that go.
func disappearing(gone []ownedLine) string {
	const most = 20
	if len(gone) == 0 {
		return "\nNone of its lines would disappear, and others would be added beside them."
	}
	var b strings.Builder
	b.WriteString("\nThese lines would disappear:")
	for i, l := range gone {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more", len(gone)-most)
			break
		}
		fmt.Fprintf(&b, "\n  %s (%s)", strings.TrimSpace(l.text), l.pos)
	}
	return b.String()
}
