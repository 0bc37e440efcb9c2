package sshserver

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func ownerOf(dropInName string) string {
	if dropInName == "" {
		return DefaultDropIn
	}
	return dropInName
}

func takeoverMark(owner string) string { return "#sshkeepalive " + owner + "# " }

// repeatedMark stands above the Match blocks that repeat global settings. By it an
// import tells them from those that the user declared.
const repeatedMark = "# For the declared contexts, which Match blocks of others would override:"

// matchLines renders the Match blocks, and after them those that repeat settings
// which would lose to a Match of others.
func matchLines(blocks, repeats []Match) []string {
	var lines []string
	for i, b := range slices.Concat(blocks, repeats) {
		if i == len(blocks) {
			lines = append(lines, repeatedMark)
		}
		lines = append(lines, "Match "+b.Criteria)
		lines = append(lines, sshfile.Indented(b.Settings)...)
	}
	return lines
}

// WantedTexts returns what Plan and Observe need judged: the global
// settings and, behind them, the Match lines, then each Match block's settings as if
// they were global.
func WantedTexts(want Want) []keepalive.Wanted {
	first := sshfile.WantedText(want.Settings)
	texts := []keepalive.Wanted{{}}
	for i, m := range want.Match {
		first.Lines = append(first.Lines, "Match "+m.Criteria)
		first.Attributes = append(first.Attributes, fmt.Sprintf("match[%d].criteria", i))
		texts = append(texts, sshfile.WantedText(m.Settings))
	}
	texts[0] = first
	return texts
}

// WithoutOthers returns the text of a file of sshd_config without what other resources
// than the one with this drop-in name put there; nil for a drop-in of another one. What
// differs then was changed by others than this provider, or is the resource's own.
func WithoutOthers(name string, text []byte, dropInName string) []byte {
	own := ownerOf(dropInName)
	if bytes.HasPrefix(text, []byte(sshfile.Header)) {
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
		if other, ok := sshfile.BlockOwner(l); ok && strings.TrimSuffix(other, " Match") != own {
			f.RemoveBlock(sshfile.GlobalMarks(other))
		}
		if other, ok := takeoverOwner(l); ok && other != own {
			f.Restore(takeoverMark(other))
		}
	}
	return f.Bytes()
}

// takeoverOwner reads the owner from a line that was taken over.
func takeoverOwner(l sshconf.Line) (owner string, ok bool) {
	rest, ok := strings.CutPrefix(l.Text(), "#sshkeepalive ")
	if !ok {
		return "", false
	}
	owner, _, ok = strings.Cut(rest, "# ")
	return owner, ok
}
