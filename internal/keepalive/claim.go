package keepalive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The codes of problems with lines that are on the host already.
const (
	AdoptsLines    Code = "adopts lines"
	HandWritten    Code = "written by hand"
	NotDeclared    Code = "line that is not imported"
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
	// Adopt lets the resource replace lines of another one, and comment out all those
	// written by hand that set a wanted keyword where it does, those too that lose.
	Adopt bool
	// OnlyWarns makes lines of another resource a warning, in a plan that an apply will
	// judge again.
	OnlyWarns bool
}

// ImageID is the id of every resource that writes into an image: an image is baked once,
// and its lines are managed later, on each machine that was made of it.
const ImageID = "image"

// AnonymousID reports whether lines with this id belong to no resource that still exists:
// they are in an image, or an earlier version of the provider wrote them.
func AnonymousID(id string) bool { return id == "" || id == ImageID }

// Covers reports whether the resource may take lines with this id for its own.
func (c Claim) Covers(id string) bool {
	return AnonymousID(id) || id == c.ID || id == c.Former
}

// OwnedLine is a line of a resource as it stands on the host.
type OwnedLine struct {
	Text string
	Pos  sshconf.Pos
}

// OwnedLines is what stands on a host under the name of a resource.
type OwnedLines struct {
	Found  bool
	ID     string            // "" if no line tells
	Made   []string          // directories that were made for the lines
	Before map[string]string // values that were in use before the lines came, by keyword
	Lines  []OwnedLine
}

// Add takes a line that stands at pos: a note, or one of those that the resource wrote.
func (h *OwnedLines) Add(text string, pos sshconf.Pos) {
	if id, ok := marks.ResourceID(text); ok {
		if AnonymousID(h.ID) { // of two, the one that is not ours to take counts
			h.ID = id
		}
	} else if dir, ok := strings.CutPrefix(text, marks.MadeDir); ok {
		h.Made = append(h.Made, dir)
	} else if note, ok := strings.CutPrefix(text, marks.FoundValue); ok {
		keyword, value, _ := strings.Cut(note, " = ")
		if h.Before == nil {
			h.Before = map[string]string{}
		}
		h.Before[keyword] = value
	} else if text != marks.ServerHeader {
		h.Lines = append(h.Lines, OwnedLine{text, pos})
	}
}

// Keeps reports whether the lines may keep another id than that of the resource, as long
// as nothing else about them changes.
func (h OwnedLines) Keeps(c Claim) bool { return h.Found && c.Covers(h.ID) && h.ID != c.ID }

// Problems says what happens to the lines of another resource when content replaces
// them. name is what both resources call their lines.
func (h OwnedLines) Problems(c Claim, content, name string) []Problem {
	gone := h.without(content)
	same := len(gone) == 0 && len(h.Lines) == len(strings.Split(strings.TrimSuffix(content, "\n"), "\n"))
	switch {
	case !h.Found || h.ID == ImageID || c.Covers(h.ID) && (!c.New || h.ID != ""):
		return nil
	case c.Covers(h.ID) && len(gone) == 0:
		return nil
	case c.Covers(h.ID):
		return []Problem{{Code: OlderLines, Warning: true, Text: "lines of an earlier version of this provider are replaced, those of " + name + disappearing(gone)}}
	case same:
		return []Problem{{Code: Adopted, Warning: true, Text: "another resource wrote the same lines, those of " + name + ", and this resource takes them over"}}
	}
	return []Problem{{Code: OtherResources, Warning: c.Adopt || c.OnlyWarns, Attribute: "adopt",
		Text: "the lines of " + name + " belong to another resource" + disappearing(gone)}}
}

// AdoptsLinesProblems warns of the lines that an apply adopts.
func AdoptsLinesProblems(lines []string) []Problem {
	if len(lines) == 0 {
		return nil
	}
	return []Problem{{Code: AdoptsLines, Warning: true, Attribute: "adopt",
		Text: "lines that were written by hand are adopted:\n" + strings.Join(lines, "\n")}}
}

// HandWrittenProblems says what the first apply after an import does beside lines that
// were imported and are not ours: file is where it writes.
func HandWrittenProblems(lines []string, file string) []Problem {
	if len(lines) == 0 {
		return nil
	}
	return []Problem{{Code: HandWritten, Warning: true, Attribute: "adopt",
		Text: "lines that this provider did not write were imported, and the first apply writes lines of its own to " + file + ":\n" + strings.Join(lines, "\n")}}
}

// Declarable returns the settings that a resource can be declared with, and those with which
// something is wrong. problems is what a check of all that were found says.
func Declarable(found []Setting, problems []Problem) (kept, left []Setting) {
	for _, s := range found {
		wrong := func(p Problem) bool { return !p.Warning && p.Attribute == s.Attribute }
		if slices.ContainsFunc(problems, wrong) {
			left = append(left, s)
		} else {
			kept = append(kept, s)
		}
	}
	return kept, left
}

// NotDeclaredProblems warns of the lines that an import leaves out.
func NotDeclaredProblems(lines []string) []Problem {
	if len(lines) == 0 {
		return nil
	}
	return []Problem{{Code: NotDeclared, Warning: true,
		Text: "lines were not imported, because no attribute takes them as they stand:\n" + strings.Join(lines, "\n")}}
}

// without lists the lines that are not in content.
func (h OwnedLines) without(content string) []OwnedLine {
	left := map[string]int{}
	for line := range strings.Lines(content) {
		left[strings.TrimSpace(line)]++
	}
	var gone []OwnedLine
	for _, l := range h.Lines {
		text := strings.TrimSpace(l.Text)
		if left[text]--; left[text] < 0 {
			gone = append(gone, l)
		}
	}
	return gone
}

// disappearing lists the lines that would be removed, for the text of a problem.
func disappearing(gone []OwnedLine) string {
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
		fmt.Fprintf(&b, "\n  %s (%s)", strings.TrimSpace(l.Text), l.Pos)
	}
	return b.String()
}
