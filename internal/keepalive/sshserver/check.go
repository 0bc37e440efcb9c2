package sshserver

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Check says what is wrong with want that can be known without a host:
// unknown and repeated keywords, keywords that belong to a typed attribute,
// values that no release accepts, Match blocks with keywords no release allows
// there.
func Check(want Want) []keepalive.Problem {
	problems := checkSettingsAndMatch(want)
	if len(want.Settings)+len(want.Match) == 0 && want.Profile == "" {
		problems = append(problems, keepalive.Problem{Code: keepalive.NothingWanted, Text: "no setting is declared, so there is nothing to manage"})
	}
	problems = append(problems, checkProfile(want.Profile)...)
	problems = append(problems, checkContexts(want.Contexts)...)
	return append(problems, checkDropInName(want.DropInName)...)
}

func checkSettingsAndMatch(want Want) []keepalive.Problem {
	g := language()
	problems := g.CheckSettings(want.Settings, false)
	for i, m := range want.Match {
		at := fmt.Sprintf("match[%d].", i)
		if len(m.Settings) == 0 {
			problems = append(problems, keepalive.Problem{Code: keepalive.NothingWanted, Attribute: fmt.Sprintf("match[%d]", i),
				Text: "the Match block sets nothing"})
		}
		problems = append(problems, g.CheckMatch(at+"criteria", m.Criteria)...)
		problems = append(problems, unreachable(want.Match[:i], m)...)
		problems = append(problems, g.CheckSettings(m.Settings, true)...)
	}
	return problems
}

// unreachable finds settings of a Match block that one with the same criteria sets
// before it: sshd keeps the first.
func unreachable(before []Match, m Match) []keepalive.Problem {
	var problems []keepalive.Problem
	for i, b := range before {
		if !sameCriteria(b.Criteria, m.Criteria) {
			continue
		}
		for _, s := range m.Settings {
			if slices.ContainsFunc(b.Settings, func(x keepalive.Setting) bool { return sameKeyword(x.Keyword, s.Keyword) }) {
				problems = append(problems, keepalive.Problem{Code: keepalive.RepeatedKeyword, Attribute: s.Attribute,
					Text: fmt.Sprintf("%s is already set by match[%d], which has the same criteria", s.Keyword, i)})
			}
		}
	}
	return problems
}

// checkContexts finds what sshd -T -C would not take, and addresses that no pattern
// can match: with those, the check that the context asks for would check nothing.
func checkContexts(contexts []sshconf.Context) []keepalive.Problem {
	var problems []keepalive.Problem
	for i, c := range contexts {
		bad := func(name, value, text string) {
			problems = append(problems, keepalive.Problem{Code: keepalive.BadContext, Attribute: fmt.Sprintf("contexts[%d].%s", i, name), Text: fmt.Sprintf("%s of contexts[%d] is %q, which %s", name, i, value, text)})
		}
		for name, value := range map[string]string{"user": c.User, "host": c.Host} {
			if strings.ContainsFunc(value, func(r rune) bool { return r == ',' || r < ' ' || r == 0x7f }) {
				bad(name, value, "has a comma or a control character, and sshd -T -C takes neither")
			}
		}
		for name, value := range map[string]string{"address": c.Address, "local_address": c.LocalAddress} {
			if _, err := netip.ParseAddr(value); err != nil && value != "" {
				bad(name, value, "is not an IP address")
			}
		}
	}
	return problems
}

// dropInPattern keeps a drop-in name inside its directory, readable by Include
// *.conf, and one word in our marks.
var dropInPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\.conf$`)

func checkDropInName(name string) []keepalive.Problem {
	if name == "" || dropInPattern.MatchString(name) {
		return nil
	}
	return []keepalive.Problem{{Code: keepalive.BadDropInName, Attribute: "drop_in_name",
		Text: fmt.Sprintf("%q is not a valid file name; use letters, digits, dots, hyphens and underscores, and end it in .conf", name)}}
}

// CheckKeywords says which of the keywords no sshd -T ever prints.
func CheckKeywords(keywords []string) []keepalive.Problem { return language().CheckNames(keywords) }
