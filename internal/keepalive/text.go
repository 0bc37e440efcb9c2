package keepalive

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

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
const header = "# Managed by Terraform: sshkeepalive_server. A change made here by hand is drift."

func ownerOf(dropInName string) string {
	if dropInName == "" {
		return DefaultDropIn
	}
	return dropInName
}

func globalMarks(owner string) (begin, end string) {
	return "# BEGIN sshkeepalive " + owner + " (managed by Terraform)", "# END sshkeepalive " + owner
}

func matchMarks(owner string) (begin, end string) {
	return "# BEGIN sshkeepalive " + owner + " Match (managed by Terraform)", "# END sshkeepalive " + owner + " Match"
}

func takenMark(owner string) string { return "#sshkeepalive " + owner + "# " }

// globalLines renders the settings that stand outside Match.
func globalLines(settings []Setting) []string {
	var lines []string
	for _, s := range settings {
		for _, v := range s.Values {
			lines = append(lines, s.Keyword+" "+spelled(s.Keyword, v))
		}
	}
	return lines
}

// forcedMark stands above the Match blocks that repeat global settings. By it an
// import tells them from those that the user declared.
const forcedMark = "# For the declared contexts, which Match blocks of others would override:"

// matchLines renders the Match blocks, and after them those that repeat settings
// which would lose to a Match of others.
func matchLines(blocks, forced []Match) []string {
	var lines []string
	for i, b := range slices.Concat(blocks, forced) {
		if i == len(blocks) {
			lines = append(lines, forcedMark)
		}
		lines = append(lines, "Match "+b.Criteria)
		lines = append(lines, indented(b.Settings)...)
	}
	return lines
}

func indented(settings []Setting) []string {
	lines := globalLines(settings)
	for i := range lines {
		lines[i] = "\t" + lines[i]
	}
	return lines
}

// Wanted is a text of wanted settings for the host's own sshd to judge.
type Wanted struct {
	Lines      []string
	Attributes []string // of the setting each line comes from
}

// WantedTexts returns what PlanServer and ObserveServer need judged: the global
// settings and, behind them, the Match lines, then each Match block's settings as if
// they were global.
func WantedTexts(want Server) []Wanted {
	first := wantedText(want.Settings)
	texts := []Wanted{{}}
	for i, m := range want.Match {
		first.Lines = append(first.Lines, "Match "+m.Criteria)
		first.Attributes = append(first.Attributes, fmt.Sprintf("match[%d].criteria", i))
		texts = append(texts, wantedText(m.Settings))
	}
	texts[0] = first
	return texts
}

func wantedText(settings []Setting) Wanted {
	var w Wanted
	for _, s := range settings {
		for _, line := range globalLines([]Setting{s}) {
			w.Lines = append(w.Lines, line)
			w.Attributes = append(w.Attributes, s.Attribute)
		}
	}
	return w
}

// ForeignServer returns the text of a file of sshd_config without what other resources
// than the one with this drop-in name put there; nil for a drop-in of another one. What
// differs then was changed by others than this provider, or is the resource's own.
func ForeignServer(name string, text []byte, dropInName string) []byte {
	own := ownerOf(dropInName)
	if bytes.HasPrefix(text, []byte(header)) {
		if path.Base(name) != own {
			return nil
		}
		return text
	}
	if !bytes.Contains(text, []byte("sshkeepalive ")) {
		return text
	}
	f := sshconf.Parse(sshconf.Server, sshconf.Newest(), text)
	for _, l := range slices.Clone(f.Lines) {
		if other, ok := blockOwner(l); ok && strings.TrimSuffix(other, " Match") != own {
			f.RemoveBlock(globalMarks(other))
		}
		if other, ok := takenBy(l); ok && other != own {
			f.Restore(takenMark(other))
		}
	}
	return f.Bytes()
}

// takenBy reads the owner from a line that was taken over.
func takenBy(l sshconf.Line) (owner string, ok bool) {
	rest, ok := strings.CutPrefix(l.Text(), "#sshkeepalive ")
	if !ok {
		return "", false
	}
	owner, _, ok = strings.Cut(rest, "# ")
	return owner, ok
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
