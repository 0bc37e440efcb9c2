package host

import (
	"fmt"
	"strings"
)

// LoginFacts is what a login was tried with and what the server said, for advice.
type LoginFacts struct {
	Offers  []Offer
	Allowed []string // methods, as the server said last
	Passed  []string // methods that the server accepted and that were not enough
	// Unused says of keys and passwords that were not offered why.
	Unused []string
	// Exhausted says that the server ended the connection after too many attempts.
	Exhausted bool
	// CertProblem is why the server may have refused a certificate, "" if nothing speaks
	// against those that it refused.
	CertProblem string
}

// Offer is one thing that was tried in order to log in.
type Offer struct {
	Method    string
	Key       string // type and fingerprint
	Algorithm string // of the signature
	From      string // where the key is from
	Agent     bool   // the agent holds the key
	Outcome   OfferOutcome
	Reason    string // why there was no signature or no answer
}

// OfferOutcome is what became of an Offer.
type OfferOutcome string

// The outcomes.
const (
	OfferRefused  OfferOutcome = "refused"       // by the server
	OfferPartial  OfferOutcome = "accepted"      // and the server wants more
	OfferUnsigned OfferOutcome = "not completed" // the server would go on, and we could not
	OfferWithheld OfferOutcome = "not offered"   // the server takes nothing of the kind
)

func (o Offer) String() string {
	text := o.Method
	if o.Key != "" {
		text = o.Key
		if !strings.HasPrefix(o.Key, o.Algorithm+" ") {
			text += " signed with " + o.Algorithm
		}
		text += " (" + o.From + ")"
	}
	return text
}

// String says what was offered, what came of it, and what the server allows.
func (f *LoginFacts) String() string {
	var parts []string
	for _, group := range []struct {
		outcome OfferOutcome
		begin   string
	}{{OfferPartial, "accepted "}, {OfferRefused, "offered "}} {
		if list := f.with(group.outcome); len(list) > 0 {
			parts = append(parts, group.begin+strings.Join(list, ", "))
		}
	}
	for _, o := range f.Offers {
		switch {
		case o.Outcome == OfferUnsigned && o.Method == MethodPublicKey:
			parts = append(parts, fmt.Sprintf("the server would accept %s, but %s", o, o.Reason))
		case o.Outcome == OfferUnsigned:
			parts = append(parts, o.Method+": "+o.Reason)
		case o.Outcome == OfferWithheld:
			parts = append(parts, fmt.Sprintf("not offered %s (%s): %s", o.Key, o.From, o.Reason))
		}
	}
	return strings.Join(append(parts, f.server()), "; ")
}

func (f *LoginFacts) with(outcome OfferOutcome) (list []string) {
	for _, o := range f.Offers {
		if o.Outcome == outcome {
			list = append(list, o.String())
		}
	}
	return list
}

func (f *LoginFacts) server() string {
	switch {
	case len(f.Passed) > 0:
		return fmt.Sprintf("the server accepted %s and wants %s besides", strings.Join(f.Passed, ", "), strings.Join(f.Allowed, " or "))
	case len(f.Allowed) > 0:
		return "the server allows " + strings.Join(f.Allowed, ", ")
	}
	return "the server did not say what it allows"
}

// Names of methods in the protocol.
const (
	MethodPublicKey   = "publickey"
	MethodInteractive = "keyboard-interactive"
	MethodPassword    = "password"
)

// HostKeyFacts is what a refused host key was compared with, for advice.
type HostKeyFacts struct {
	Name         string // under which the machine is recorded: "[web1]:2222"
	OfferedType  string
	RecordedType string // "" if nothing is recorded, or only a fingerprint
	File         string // that has the recorded key, "" if none does
	// Given is where the user gives the host keys of this machine: a setting, or a file;
	// "" if the user does not. Lines says that it takes lines of known_hosts, and Shared
	// that it counts for other machines too.
	Given         string
	Lines, Shared bool
	Record        bool // the recorded key is the one that the machine showed under accept-new
	JumpHost      bool
	Place         string // how the user wrote the jump host, "" for one of an ssh_config
}
