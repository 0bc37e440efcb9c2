package reconcile

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Kind is one sort of configuration that is managed on a host. W is what is wanted, F
// the facts that decisions depend on, and D what else the kind's own steps need to know
// of a look: struct{} where that is nothing.
type Kind[W, F, D any] struct {
	// Check returns what is wrong with a target, before a host is reached.
	Check func(Target) []keepalive.Problem

	// Script looks at the host, and Parse reads what it printed. The text of the script
	// is the question: two wants with the same text get the same answer.
	Script func(Target, W) host.Script
	Parse  func(t Target, want W, stdout string) (Seen[F, D], error)
	// Batch replaces Script and Parse where one look answers several wants.
	Batch *Batch[W, F, D]
	// Keep reports whether facts hold for those who ask later in the same run; nil: yes.
	// What a host refused, another resource of the run may have repaired since.
	Keep func(F) bool

	// Plan decides how want becomes true, Restore how everything of ours is taken back.
	Plan, Restore func(W, F) keepalive.Plan
	// Nothing is what the look for a removal of W wants.
	Nothing func(W) W
	// Holder is the id of the resource whose lines are there, and Claim says which ids
	// W may take for its own.
	Holder func(W, F) string
	Claim  func(W) keepalive.Claim
	// Digests are those of the files, by path, as far as they are the business of W:
	// what other resources of this provider have there is left out.
	Digests func(W, F) map[string]string
	// Same reports whether two plans, made before and after a change of another run,
	// come to the same for the user; nil: see samePlan.
	Same func(want W, before, after Decision[F, D]) bool
	// Stale reports whether something has to be done where plan changes no file.
	Stale func(t Target, plan keepalive.Plan, have F) bool
	// Verify returns what of want is not so where plan has nothing to do.
	Verify func(W, keepalive.Plan, F) error

	// Endpoints is the connection to a machine that may answer elsewhere once the plan
	// is in force; nil: where it answers now.
	Endpoints func(*Change[W, F, D]) host.Spec
	// RootDirs has root make the directories that a plan needs, and remove those that it
	// no longer needs. One that is not empty stays.
	RootDirs bool
	// Prepare lays the change out for the commit, and makes on the host what the commit
	// needs besides. On an error nothing of that is left, and step says where it ended.
	Prepare func(context.Context, *Change[W, F, D]) (req commit.Request, step string, err error)
	// Owner makes a script run as the account that the files belong to; nil: root.
	Owner func(Target, host.Script) host.Script
	// Confirm returns what speaks against the look after the change. Where Fresh is set
	// that look is made over a new connection.
	Confirm func(c *Change[W, F, D], after Seen[F, D], live commit.Pending) error
	Fresh   bool
	// Tidy takes back what Prepare made for a change that did not come about, Finish
	// what is not needed after one that did.
	Tidy   func(context.Context, *Change[W, F, D], Outcome)
	Finish func(context.Context, *Change[W, F, D])
}

// Batch looks at a host for several wants at once.
type Batch[W, F, D any] struct {
	// Scope tells apart what one look cannot tell of together on one machine.
	Scope func(Target) string
	// Gather looks.
	Gather func(context.Context, Connection, Target, Query[W, F, D]) (Seen[F, D], error)
	// Answer is what want needs to know of a look; false if the look did not tell.
	Answer func(Seen[F, D], W) (Seen[F, D], bool, error)
	// WithoutRefusals is a look without what the host said no to, false if nothing of it
	// is left. Another resource of the same run may have repaired that since.
	WithoutRefusals func(Seen[F, D]) (Seen[F, D], bool)
}

// Query is what a look is to find out.
type Query[W, F, D any] struct {
	Wants []W
	// Last is the look before; its facts hold if Valid is set.
	Last  Seen[F, D]
	Valid bool
	// Confirming says that a change of ours is pending, which holds the lock: none of
	// another run can be.
	Confirming bool
}

// Connection is one to a host. Renew makes another, and is nil if it was made for
// this look.
type Connection struct {
	host.Host
	Renew func(context.Context) (host.Host, error)
}

// Snapshot is what one look saw.
type Snapshot[F any] struct {
	Facts     F
	Identity  host.Identity
	MachineID string    // of /etc/machine-id; "" where the system has none
	Pending   []Pending // changes of other runs that are not confirmed yet
	Began     time.Time // no fact is older
}

func (s Snapshot[F]) machine(spec host.Spec) machineName {
	return nameOf(s.MachineID, s.Identity, spec)
}

// Seen is a snapshot with what the kind's own steps need to know besides.
type Seen[F, D any] struct {
	Snapshot[F]
	Detail D
}

// Decision is what a host was seen to have, and the plan that was made of it.
type Decision[F, D any] struct {
	Seen Seen[F, D]
	Plan keepalive.Plan
}

// Change is a plan on its way onto a machine.
type Change[W, F, D any] struct {
	Host   host.Host
	Target Target
	Want   W
	Before Seen[F, D]
	Plan   keepalive.Plan
}
