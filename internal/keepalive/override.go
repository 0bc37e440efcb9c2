package keepalive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// NewOverride is a Match of others that was added or removed since the last apply.
const NewOverride Code = "new match override"

// Override is a line of a Match block of others by which a managed keyword has
// another value than the wanted one, for the connections that the block applies to. No
// declared context is among these, or our block would stand before it.
type Override struct {
	Criteria string // what follows the word Match
	Keyword  string // as in the manual page
	Value    string // as written
	Pos      sshconf.Pos
	Now      sshconf.Pos // where the line stands before the plan
}

// Same reports whether two lines say the same in the same file, wherever they stand
// there: lines that others add above an override do not make it a new one.
func (o Override) Same(other Override) bool {
	return o.Criteria == other.Criteria && o.Keyword == other.Keyword && o.Value == other.Value && o.Pos.Path == other.Pos.Path
}

// SameOverrides reports whether two lists have the same lines in the same order.
func SameOverrides(a, b []Override) bool { return slices.EqualFunc(a, b, Override.Same) }

// OverrideProblems warns of the overrides that are not among those accepted by an
// earlier apply, and of accepted ones that are gone. Nothing was accepted if applied is
// false.
func OverrideProblems(found, accepted []Override, applied bool, attributes map[string]string) []Problem {
	var problems []Problem
	warn := func(code Code, o Override, at sshconf.Pos, format string, args ...any) {
		problems = append(problems, Problem{Code: code, Warning: true, Attribute: attributes[strings.ToLower(o.Keyword)], Pos: at, Text: fmt.Sprintf(format, args...)})
	}
	for _, o := range found {
		switch {
		case !applied:
			warn(MatchOverrides, o, o.Now, "%s stays %s in Match %s, at %s", o.Keyword, o.Value, o.Criteria, o.Now)
		case !slices.ContainsFunc(accepted, o.Same):
			warn(NewOverride, o, o.Now, "%s is %s in Match %s since the last apply, at %s", o.Keyword, o.Value, o.Criteria, o.Now)
		}
	}
	for _, o := range accepted {
		if !slices.ContainsFunc(found, o.Same) {
			warn(NewOverride, o, sshconf.Pos{}, "%s is no longer %s in Match %s, as it was at %s at the last apply", o.Keyword, o.Value, o.Criteria, o.Pos)
		}
	}
	return problems
}
