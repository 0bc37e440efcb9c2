package sshserver

import (
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// holdingServer finds the lines under a drop-in name.
func holdingServer(t sshconf.Tree, owner string) (h keepalive.Holding) {
	for _, name := range sortedFiles(t) {
		data := t.Files[name]
		if isOurDropIn(name, data, owner) {
			sshfile.AddHeld(&h, name, sshconf.Parse(t.Dialect, t.Version, data).Lines, 0)
			continue
		}
		sshfile.AddHeldBlocks(&h, t, name, sshfile.GlobalMarks, sshfile.MatchMarks, owner)
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
	return holdingServer(have.Tree, ownerOf(dropInName)).ID
}
