package sshserver

import (
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// ownedLines finds the lines under a drop-in name.
func ownedLines(t sshconf.Tree, owner string) (h keepalive.OwnedLines) {
	for _, name := range sortedFiles(t) {
		data := t.Files[name]
		if isOurDropIn(name, data, owner) {
			sshfile.CollectLines(&h, name, sshconf.Parse(t.Dialect, t.Version, data).Lines, 0)
			continue
		}
		sshfile.CollectBlocks(&h, t, name, marks.Block, marks.MatchBlock, owner)
	}
	return h
}

func sortedFiles(t sshconf.Tree) []string {
	var names []string
	for name := range t.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Holder is the id of the resource whose lines stand under a drop-in name, "" if
// none do or they have none.
func Holder(dropInName string, have Facts) string {
	return ownedLines(have.Tree, ownerOf(dropInName)).ID
}
