// Package baseline holds published sets of recommendations for sshd_config: what each
// says of a keyword, from which document and rule, and which values satisfy it. It is
// data and pure functions; it knows no host, no plan and no provider.
package baseline

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Baseline is a published set of recommendations, in one version of it.
type Baseline struct {
	Name    string // of the profile
	Title   string
	Version string
	// Recommendations in the order in which they are written.
	Recommendations []Recommendation
	// Omissions are recommendations that no profile can carry out.
	Omissions []Omission
}

// Recommendation is what a baseline says of one keyword.
type Recommendation struct {
	Keyword string
	Value   string // argument text
	Reason  string
	Source  string // the rule, in the document of the baseline
	// Risk names the users that the value may shut out; "" is none.
	Risk string

	bound bound
	also  []string // other values that the rule accepts
}

// Omission is a recommendation that depends on what only its user knows.
type Omission struct {
	Keyword string
	Why     string
}

// bound says which other values a rule accepts.
type bound int

const (
	exactly  bound = iota
	atMost         // any positive number up to the value
	atLeast        // any number from the value on
	positive       // any positive number
	startups       // any start:rate:full that refuses as much
)

// All returns all baselines.
func All() []Baseline {
	return []Baseline{cis(), stig(), devSec(), pciDSS(), sshAudit()}
}

// Names lists the names of the baselines, in their order.
func Names() []string {
	var names []string
	for _, b := range All() {
		names = append(names, b.Name)
	}
	return names
}

// Named returns the baseline with this name.
func Named(name string) (Baseline, bool) {
	if name == "" {
		return Baseline{}, false
	}
	for _, b := range All() {
		if b.Name == name {
			return b, true
		}
	}
	return Baseline{}, false
}

// Accepts reports whether a value, as written or as sshd prints it, satisfies
// the recommendation.
func (r Recommendation) Accepts(value string, v sshconf.Version) bool {
	if sshconf.Same(sshconf.Server, r.Keyword, []string{value}, []string{r.Value}, v) || slices.ContainsFunc(r.also, func(w string) bool { return strings.EqualFold(w, value) }) {
		return true
	}
	kw, _ := sshconf.Lookup(sshconf.Server, r.Keyword)
	if kw.Type == sshconf.Algorithms {
		return acceptsAlgorithms(r.Value, value)
	}
	if r.bound == startups {
		return refusesAsMuch(value, r.Value)
	}
	n, ok := number(value)
	limit, _ := number(r.Value)
	return ok && n > 0 && (r.bound == positive || r.bound == atMost && n <= limit || r.bound == atLeast && n >= limit)
}

// refusesAsMuch compares two values of MaxStartups: refusing begins no later, at no
// lower rate, and is complete no later.
func refusesAsMuch(value, limit string) bool {
	v, l := strings.Split(value, ":"), strings.Split(limit, ":")
	if len(v) != 3 || len(l) != 3 {
		return false
	}
	for i, sign := range []int64{1, -1, 1} {
		n, ok := number(v[i])
		most, _ := number(l[i])
		if !ok || n <= 0 || n*sign > most*sign {
			return false
		}
	}
	return true
}

// acceptsAlgorithms reports whether a list has nothing that the rule forbids. A
// list that changes the default of a release is not known.
func acceptsAlgorithms(rule, list string) bool {
	if list == "" || strings.ContainsAny(list[:1], "+-^") {
		return false
	}
	removed, removes := strings.CutPrefix(rule, "-")
	names := strings.Split(removed, ",")
	for name := range strings.SplitSeq(list, ",") {
		if slices.Contains(names, name) == removes {
			return false
		}
	}
	return true
}

// number reads a count or a time.
func number(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	n, err := sshconf.ParseTime(text)
	return n, err == nil
}

// For returns what release v can do of the baseline, as that release spells it, and the
// keywords that it cannot. Lists of algorithms have only those that the release knows:
// sshd refuses to start with any other.
func (b Baseline) For(v sshconf.Version) (settable []Recommendation, lacking []string) {
	for _, r := range b.Recommendations {
		s := r
		s.Keyword, s.Value = r.spelling(v)
		if kw, _ := sshconf.Lookup(sshconf.Server, s.Keyword); !kw.Known(v) || kw.Deprecated(v) || s.Value == "" {
			lacking = append(lacking, r.Keyword)
			continue
		}
		settable = append(settable, s)
	}
	return settable, lacking
}

// For returns r as release v spells it. The value stays where the release has none for
// it (no removals yet, or none of the algorithms): what is effective there can still be
// compared with the rule.
func (r Recommendation) For(v sshconf.Version) Recommendation {
	keyword, value := r.spelling(v)
	r.Keyword = keyword
	if value != "" {
		r.Value = value
	}
	return r
}

// DisagreesWith reports whether no value can satisfy both.
func (r Recommendation) DisagreesWith(other Recommendation) bool {
	return !r.Accepts(other.Value, sshconf.Newest()) && !other.Accepts(r.Value, sshconf.Newest())
}

// spelling returns the keyword and the value as release v has them. Two
// keywords got other names; ChallengeResponseAuthentication has to be used up to
// 8.6, where it switches KbdInteractiveAuthentication on again.
func (r Recommendation) spelling(v sshconf.Version) (keyword, value string) {
	keyword, value = r.Keyword, r.Value
	old := func(major, minor int) bool { return !v.IsZero() && !v.AtLeast(major, minor) }
	switch {
	case keyword == "KbdInteractiveAuthentication" && old(8, 7):
		keyword = "ChallengeResponseAuthentication"
	case keyword == "PubkeyAcceptedAlgorithms" && old(8, 5):
		keyword = "PubkeyAcceptedKeyTypes"
	case keyword == "HostbasedAcceptedAlgorithms" && old(8, 5):
		keyword = "HostBasedAcceptedKeyTypes"
	}
	if kw, _ := sshconf.Lookup(sshconf.Server, keyword); kw.Type == sshconf.Algorithms {
		value = algorithmsOf(value, v)
	}
	return keyword, value
}

// Conflict is a keyword for which two baselines have values, neither of which
// accepts the other's.
type Conflict struct {
	Keyword string
	Values  map[string]string // by the name of the baseline, all that have one
}

// Conflicts lists the keywords about which the baselines disagree, in the order
// of the alphabet.
func Conflicts() []Conflict {
	said := map[string]map[string]Recommendation{}
	for _, b := range All() {
		for _, r := range b.Recommendations {
			if said[r.Keyword] == nil {
				said[r.Keyword] = map[string]Recommendation{}
			}
			said[r.Keyword][b.Name] = r
		}
	}
	var list []Conflict
	for keyword, by := range said {
		c := Conflict{Keyword: keyword, Values: map[string]string{}}
		for name, r := range by {
			c.Values[name] = r.Value
		}
		if disagree(by) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Conflict) int { return strings.Compare(a.Keyword, b.Keyword) })
	return list
}

func disagree(by map[string]Recommendation) bool {
	for _, a := range by {
		for _, b := range by {
			if a.DisagreesWith(b) {
				return true
			}
		}
	}
	return false
}
