package reconcile

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// CandidateTree returns the running tree with changes.
func CandidateTree(running sshconf.Tree, changes []keepalive.Change) sshconf.Tree {
	tree := running.Clone()
	for _, c := range changes {
		if c.New == nil {
			delete(tree.Files, c.Path)
			continue
		}
		tree.Files[c.Path] = c.New
	}
	return tree
}
