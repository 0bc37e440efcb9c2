package sshserver

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func ownerOf(dropInName string) string {
	if dropInName == "" {
		return DefaultDropIn
	}
	return dropInName
}

// matchLines renders the Match blocks, and after them those that repeat settings
// which would lose to a Match of others.
func matchLines(blocks, repeats []Match) []string {
	var lines []string
	for i, b := range slices.Concat(blocks, repeats) {
		if i == len(blocks) {
			lines = append(lines, marks.Repeated)
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
	if bytes.HasPrefix(text, []byte(marks.ServerHeader)) {
		if path.Base(name) != own {
			return nil
		}
		return text
	}
	if !marks.Mentions(string(text), "") {
		return text
	}
	f := sshconf.Parse(sshconf.Server, sshconf.Newest(), text)
	sshfile.RemoveOthers(f, func(owner string) bool { return strings.TrimSuffix(owner, " Match") == own })
	return f.Bytes()
}

// ownedLines finds the lines under a drop-in name.
func ownedLines(t sshconf.Tree, owner string) (h keepalive.OwnedLines) {
	for _, name := range slices.Sorted(maps.Keys(t.Files)) {
		data := t.Files[name]
		if isOurDropIn(name, data, owner) {
			sshfile.CollectLines(&h, name, sshconf.Parse(t.Dialect, t.Version, data).Lines, 0)
			continue
		}
		sshfile.CollectBlocks(&h, t, name, marks.Block, marks.MatchBlock, owner)
	}
	return h
}

// Holder is the id of the resource whose lines stand under a drop-in name, "" if
// none do or they have none.
func Holder(dropInName string, have Facts) string {
	return ownedLines(have.Tree, ownerOf(dropInName)).ID
}
