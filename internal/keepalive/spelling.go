package keepalive

import (
	"maps"
	"slices"
	"strings"
)

// SpellFlag is b as sshd_config spells it.
func SpellFlag(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// SpellPairs is the argument of a keyword of name=value items, in the order of the names.
func SpellPairs(pairs map[string]string) string {
	items := []string{}
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		items = append(items, name+"="+pairs[name])
	}
	return strings.Join(items, " ")
}

// SpellNames is the argument of a keyword of names, in their order.
func SpellNames(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), " ")
}

// Lines splits the value of a keyword that may be repeated. A last line break,
// which a heredoc leaves, is not a further value.
func Lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
