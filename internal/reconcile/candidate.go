package reconcile

import (
	"fmt"
	"strings"

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

// ReadVersion reads what a program of OpenSSH said of its version: text is what of that is
// shown.
func ReadVersion(program, said string) (v sshconf.Version, text string, err error) {
	if v, err = sshconf.ParseVersion(said); err != nil {
		return v, "", fmt.Errorf("%s did not tell its version: %w", program, err)
	}
	text, _, _ = strings.Cut(said, ",")
	return v, text, nil
}
