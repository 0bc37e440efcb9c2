// Package keepalive decides. From the settings that are wanted and the facts
// that were observed on a host it computes which files change and to what, what
// must be effective afterwards, and why: a pure function of its arguments that
// leaves the trail of its reasons.
//
// It knows the settings, effective against written values, placement and what
// a good value is. It must not know how facts are got, how a plan is carried
// out, or that Terraform exists.
package keepalive

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Setting is one wanted keyword.
type Setting struct {
	// Attribute names the setting in the user's configuration, for messages:
	// client_alive_interval, settings["PermitRootLogin"], match[0].settings["Banner"].
	Attribute string
	// Keyword is spelled as in sshd_config(5).
	Keyword string
	// Values holds the argument text of each line; more than one only for
	// keywords that accumulate.
	Values []string
}

// Match is one wanted Match block.
type Match struct {
	Criteria string // what follows the word Match
	Settings []Setting
}

// Placement says where the managed lines go.
type Placement string

// The placements of the placement attribute.
const (
	Auto    Placement = "auto"
	DropIn  Placement = "drop_in"
	InPlace Placement = "in_place"
)

// DefaultDropIn is the file name of our drop-in unless the user names another.
// sshd reads drop-ins in the order of their bytes and keeps the first value, so
// the name must sort before 50-cloud-init.conf and its like.
const DefaultDropIn = "00-sshkeepalive.conf"

// Server is what a user wants of one sshd.
type Server struct {
	Settings   []Setting
	Profile    string // the name of a Baseline whose values are under Settings; "" is none
	Match      []Match
	Contexts   []sshconf.Context // besides the default context
	Placement  Placement         // "" is Auto
	DropInName string            // "" is DefaultDropIn
	Takeover   bool              // comment out earlier values that shadow ours
	// Claim says which lines on the host are the resource's own.
	Claim Claim
	// LongestTask is how long, in seconds, a client may stay silent while it
	// works elsewhere; 0 is not declared.
	LongestTask int64
	// IdleLimit is after how many seconds of silence the path to the host forgets a
	// connection; 0 is not declared.
	IdleLimit int64
	// ConnectingUser is as whom we log in, and ConnectingBy the methods that the
	// user can authenticate by: whom a change must not shut out. Empty is not known.
	ConnectingUser string
	ConnectingBy   []string
}

// Facts is everything a decision may depend on.
type Facts struct {
	Version     sshconf.Version
	VersionText string // as the program prints it: OpenSSH_9.2p1 Debian-2+deb12u6
	Tree        sshconf.Tree
	// IncludeDirs are the existing directories that Include patterns look into,
	// in the order of the patterns.
	IncludeDirs []string
	// Mounts are the files of Tree on which something is mounted.
	Mounts []string
	// CloudInit says that cloud-init is installed, which edits files of sshd at the
	// first boot of each instance.
	CloudInit bool
	Daemon    Daemon
	// Effective is what sshd -T prints in each of Contexts, which is what
	// ContextsOf returned for the wanted settings, the default context first.
	Contexts  []sshconf.Context
	Effective []sshconf.Dump
	// Canonical is what the host's own sshd prints for the wanted global
	// settings alone; MatchCanonical the same for each Match block: see
	// WantedTexts.
	Canonical      sshconf.Dump
	MatchCanonical []sshconf.Dump
	// Refused is what sshd says against each of the WantedTexts, Invalid what it
	// says against the running configuration; "" is no complaint.
	Refused []string
	Invalid string
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
	// Edits are changes of files of which only a masked copy is known.
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

// Code says what kind of problem it is; advice for each is the provider's.
type Code string

// Problem is something the user must (error) or should (warning) know.
type Problem struct {
	Code      Code
	Warning   bool
	Attribute string      // as in Setting.Attribute; "" is the whole resource
	Text      string      // what is so, lower case, no final period
	Pos       sshconf.Pos // the line it is about; zero if none
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
