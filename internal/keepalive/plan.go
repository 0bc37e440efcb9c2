package keepalive

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Edit is a change of a file that is known only as a masked copy.
type Edit struct {
	Path   string
	Pieces []dotenv.Piece
}

// Paths returns the files that the plan changes.
func (p Plan) Paths() []string {
	var list []string
	for _, c := range p.Changes {
		list = append(list, c.Path)
	}
	for _, e := range p.Edits {
		list = append(list, e.Path)
	}
	return list
}

// Change is one file's old and new text. A nil text is an absent file.
type Change struct {
	Path string
	Old  []byte
	New  []byte
}

// Expectation is one value that must be effective after the change.
type Expectation struct {
	Context sshconf.Context
	Keyword string   // lower case, as sshd -T prints it up to 10.3
	Values  []string // as sshd -T prints them, one per line
}

// Plan is a decided edit.
type Plan struct {
	Changes []Change // empty: nothing to do
	// Edits are changes of files that are known only as masked copies.
	Edits []Edit
	// MakeDirs are directories that must be made first, outermost first, for
	// ssh_config open to their owner only; RemoveDirs are ours and go afterwards if
	// they are empty.
	MakeDirs   []string
	RemoveDirs []string
	Expect     []Expectation
	// ManagedFile is the file our lines are in, ManagedContent exactly those lines.
	ManagedFile    string
	ManagedContent string
	// Effective and Overrides are what Observed's will be.
	Effective map[string]string
	Overrides []Override
	// Trail is the decision in one line, for debug logs and bug reports.
	Trail    string
	Problems []Problem
}

// Observed is what a host says of managed settings.
type Observed struct {
	// Values holds for each wanted setting, by Attribute, the effective argument
	// text of each line; in the wanted spelling when it means the same. A
	// setting that is no longer effective anywhere is absent.
	Values map[string][]string
	// Drift says for each attribute whose value is not the wanted one, why.
	Drift []Problem
	// Effective is the managed keywords as sshd -T prints them, in the default
	// context, spelled as in sshd_config(5).
	Effective map[string]string
	// Overrides are the lines of others by which a wanted value does not hold
	// everywhere.
	Overrides []Override
	// Managed says whether our lines are still in the managed file.
	Managed bool
}

// Wanted is a text of wanted settings for the host's own sshd to judge.
type Wanted struct {
	Lines      []string
	Attributes []string // of the setting each line comes from
}
