package sshserver

import (
	"maps"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// What a Match does in a context, where the text does not tell: Match Group hangs on
// the groups of the user, invalid-user on the accounts of the host. sshd -T -C
// resolves both on the host, and its answer for the configuration as it stands is
// among the facts. From that it is inferred which of these lines applied. What the
// answer leaves open, as where all lines say the same, is taken to be possible.

// mostOpen is how many open criteria are tried in all their combinations, mostAlone
// how many one by one.
const (
	mostOpen  = 6
	mostAlone = 30
)

// verdicts says by criteria whether a Match applies in a context; what is not there
// is open.
type verdicts map[string]bool

// verdictsIn infers what applied on the host in the context at.
func verdictsIn(have Facts, at sshconf.Context) verdicts {
	i := slices.Index(have.Contexts, at)
	plain := sshconf.Evaluate(have.Tree, at)
	open := openOf(plain)
	if len(open) == 0 || len(open) > mostOpen || i < 0 || i >= len(have.Effective) {
		return nil
	}
	tree := have.Tree
	tree.Parsed = map[string]*sshconf.File{}
	for name, data := range tree.Files {
		tree.Parsed[name] = sshconf.Parse(tree.Dialect, tree.Version, data)
	}
	keywords := openKeywords(plain)
	var known verdicts
	for bits := range 1 << len(open) {
		assumed := verdicts{}
		for n, criteria := range open {
			assumed[criteria] = bits>>n&1 == 1
		}
		if !explained(have, sshconf.EvaluateAssuming(tree, at, assumed), i, keywords) {
			continue
		}
		if known == nil {
			known = assumed
		} else {
			maps.DeleteFunc(known, func(criteria string, applies bool) bool { return assumed[criteria] != applies })
		}
	}
	return known
}

// openOf lists the criteria whose verdict is open in a reading.
func openOf(r sshconf.Result) []string {
	var open []string
	for _, d := range r.Depends {
		if !slices.Contains(open, d.Criteria) {
			open = append(open, d.Criteria)
		}
	}
	return open
}

// openKeywords lists the keywords that some line sets whose effect is open.
func openKeywords(r sshconf.Result) []string {
	return slices.DeleteFunc(r.Keywords(), func(name string) bool {
		return !slices.ContainsFunc(r.Settings(name), func(s sshconf.Setting) bool { return s.Depends != "" })
	})
}

// explained reports whether what the host printed of keywords in its context i is
// what a reading comes to.
func explained(have Facts, r sshconf.Result, i int, keywords []string) bool {
	for _, name := range keywords {
		if _, ok := optionFor(have.Daemon.Options, name); ok {
			continue
		}
		printed, known := r.Printed(name)
		if len(r.Winners(name)) == 0 {
			printed, known = unset(have, name)
		}
		if known && !sshconf.Same(sshconf.Server, name, have.Effective[i][dumpName(have.Version, name)], printed, have.Version) {
			return false
		}
	}
	return true
}

// unset is what this sshd prints of a keyword that no line sets, if the default
// context is such a case.
func unset(have Facts, keyword string) ([]string, bool) {
	i := slices.Index(have.Contexts, sshconf.Context{})
	if i < 0 || i >= len(have.Effective) || len(sshconf.Evaluate(have.Tree, sshconf.Context{}).Winners(keyword)) > 0 {
		return nil, false
	}
	values, ok := have.Effective[i][dumpName(have.Version, keyword)]
	return values, ok
}

// readings are what sshd may make of a tree in a context: the first takes none of
// the open lines to apply, each further one a single one of them, or all where there
// are too many.
func readings(t sshconf.Tree, at sshconf.Context, known verdicts) []sshconf.Result {
	list := []sshconf.Result{sshconf.EvaluateAssuming(t, at, known)}
	open := openOf(list[0])
	for len(open) > 0 {
		n := 1
		if len(open) > mostAlone {
			n = len(open)
		}
		assumed := verdicts{}
		maps.Copy(assumed, known)
		for _, criteria := range open[:n] {
			assumed[criteria] = true
		}
		list, open = append(list, sshconf.EvaluateAssuming(t, at, assumed)), open[n:]
	}
	return list
}
