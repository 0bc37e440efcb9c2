package keepalive

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The codes of problems, by which the provider chooses its advice.
const (
	UnknownKeyword  Code = "unknown keyword"
	TypedKeyword    Code = "typed keyword"
	NoSetting       Code = "no setting"
	RepeatedKeyword Code = "repeated keyword"
	BadValue        Code = "bad value"
	NotInMatch      Code = "not in match"
	TooNew          Code = "too new"
	Deprecated      Code = "deprecated"
	Removed         Code = "removed"
	RefusedByHost   Code = "refused by host"
	InvalidHost     Code = "invalid host configuration"
	InvalidClient   Code = "invalid configuration of ssh"
	NoInclude       Code = "no include"
	Shadowed        Code = "shadowed"
	CommandLine     Code = "command line"
	NeverDrops      Code = "never drops"
	DropsAtOnce     Code = "drops at once"
	CountWithout    Code = "count without interval"
	NoMultiplexing  Code = "no multiplexing"
	IdleLimit       Code = "idle limit"
	DoubleInterval  Code = "double interval"
	LongestTask     Code = "longest task"
	Drifted         Code = "drifted"
	NothingWanted   Code = "nothing wanted"
	BadDropInName   Code = "bad drop-in name"
	BadContext      Code = "bad context"
	UncertainGroup  Code = "depends on group"
	BlockGone       Code = "block gone"
	MatchOverrides  Code = "match overrides"
	TimeMisread     Code = "time is read differently"
	IgnoredByBuild  Code = "ignored by this build"
	OtherTool       Code = "section of another tool"
	BadCriteria     Code = "bad criteria"
	EndlessIncludes Code = "endless includes"
)

// CheckServer says what is wrong with want that can be known without a host:
// unknown and repeated keywords, keywords that belong to a typed attribute,
// values that no release accepts, Match blocks with keywords no release allows
// there.
func CheckServer(want Server) []Problem {
	problems := checkSettingsAndMatch(want)
	if len(want.Settings)+len(want.Match) == 0 && want.Profile == "" {
		problems = append(problems, Problem{Code: NothingWanted, Text: "no setting is declared, so there is nothing to manage"})
	}
	problems = append(problems, checkProfile(want.Profile)...)
	problems = append(problems, checkContexts(want.Contexts)...)
	return append(problems, checkDropInName(want.DropInName)...)
}

func checkSettingsAndMatch(want Server) []Problem {
	g := serverLanguage()
	problems := g.checkSettings(want.Settings, false)
	for i, m := range want.Match {
		at := fmt.Sprintf("match[%d].", i)
		if len(m.Settings) == 0 {
			problems = append(problems, Problem{Code: NothingWanted, Attribute: fmt.Sprintf("match[%d]", i),
				Text: "the Match block sets nothing"})
		}
		problems = append(problems, g.checkMatch(at+"criteria", m.Criteria)...)
		problems = append(problems, unreached(want.Match[:i], m)...)
		problems = append(problems, g.checkSettings(m.Settings, true)...)
	}
	return problems
}

func (g language) checkSettings(settings []Setting, inMatch bool) []Problem {
	var problems []Problem
	seen := map[string]Setting{}
	for _, s := range settings {
		kw, known := sshconf.Lookup(g.Dialect, s.Keyword)
		if !known {
			problems = append(problems, g.unknownKeyword(s))
			continue
		}
		if text := g.repeated(seen, s); text != "" {
			problems = append(problems, Problem{Code: RepeatedKeyword, Attribute: s.Attribute, Text: text})
			continue
		}
		problems = append(problems, g.checkOne(s, kw, inMatch)...)
	}
	return problems
}

// repeated says what is wrong with s beside those seen, and notes it. A keyword may
// stand there by two names, for old and new releases, if both say the same.
func (g language) repeated(seen map[string]Setting, s Setting) string {
	name := strings.ToLower(s.Keyword)
	if kw, _ := sshconf.Lookup(g.Dialect, s.Keyword); g.Dialect == sshconf.Server && kw.AliasOf != "" {
		name = strings.ToLower(kw.AliasOf)
	}
	first, dup := seen[name]
	switch {
	case !dup:
		seen[name] = s
		return ""
	case strings.EqualFold(first.Keyword, s.Keyword):
		return fmt.Sprintf("%s is already set by %s", s.Keyword, first.Attribute)
	case !slices.Equal(first.Values, s.Values):
		return fmt.Sprintf("%s is another name of %s, to which %s gives another value", s.Keyword, first.Keyword, first.Attribute)
	}
	return ""
}

func (g language) checkOne(s Setting, kw sshconf.Keyword, inMatch bool) []Problem {
	var problems []Problem
	bad := func(code Code, format string, args ...any) {
		problems = append(problems, Problem{Code: code, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	name := kw.Name
	if g.Dialect == sshconf.Server {
		name = sshconf.CurrentName(sshconf.Server, name)
	}
	if typed, ok := g.typed(name); ok && strings.Contains(s.Attribute, "settings[") {
		bad(TypedKeyword, "%s belongs to the attribute %s", kw.Name, typed.Name)
	}
	if kw.Type == sshconf.Block {
		bad(NoSetting, "%s is not a setting", kw.Name)
		return problems
	}
	if inMatch && kw.MatchSince.IsZero() {
		bad(NotInMatch, "no release of %s allows %s in a Match block", g.program, kw.Name)
	}
	if len(s.Values) == 0 {
		bad(BadValue, "%s has no value", kw.Name)
	}
	if len(s.Values) > 1 && !accumulates(kw) {
		bad(BadValue, "%s takes one line, not %d: %s would use the first only", kw.Name, len(s.Values), g.program)
	}
	for _, v := range s.Values {
		if text := badText(v); text != "" {
			bad(BadValue, "%s %s", kw.Name, text)
			continue
		}
		if text := g.badTyped(kw.Name, v); text != "" {
			bad(BadValue, "%s", text)
		}
	}
	return problems
}

// accumulates reports whether a second line of kw adds to the first, in any
// release, as one of another name does for a Subsystem.
func accumulates(kw sshconf.Keyword) bool {
	merge := kw.Merge(sshconf.Version{Major: 10, Minor: 0})
	return merge == sshconf.Append || merge == sshconf.ByName
}

func badText(v string) string {
	switch {
	case strings.TrimSpace(v) == "":
		return "has an empty value"
	case strings.ContainsAny(v, "\n\r\x00"):
		return "has a line break or NUL in its value"
	case strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }):
		return fmt.Sprintf("has a control character in its value: %q", v)
	}
	return ""
}

var (
	startupsPattern = regexp.MustCompile(`^\d+(:\d+:\d+)?$`)
	channelPattern  = regexp.MustCompile(`^[^\s=]+=\S+$`)
)

// badTyped says what is wrong with the value of a typed attribute's keyword.
func (g language) badTyped(keyword, v string) string {
	a, ok := g.typed(keyword)
	if !ok || slices.Contains(a.Words, v) {
		return ""
	}
	switch a.Kind {
	case Time:
		if v == "none" && g.Dialect == sshconf.Client {
			return "none leaves the value to later lines: write 0 to switch it off"
		}
		if _, err := sshconf.ParseTime(v); errors.Is(err, sshconf.ErrTooLong) {
			return fmt.Sprintf("%q is more than sshd and ssh can count: the longest time is 2147483647 seconds, 68 years", v)
		} else if err != nil {
			return fmt.Sprintf("%q is no time: write whole seconds or numbers with units such as 120, \"2m\" or \"1h30m\"", v)
		}
	case Count:
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < 0 || n > 1<<31-1 {
			return fmt.Sprintf("%q is no whole number from 0 to 2147483647", v)
		}
	case Pairs:
		return badPairs(v)
	case Text:
		if a.Words != nil {
			return fmt.Sprintf("%q is none of %s", v, strings.Join(a.Words, ", "))
		}
		if a.Name == "max_startups" && !startupsPattern.MatchString(v) {
			return fmt.Sprintf("%q is neither \"start\" nor \"start:rate:full\"", v)
		}
	}
	return ""
}

func badPairs(v string) string {
	for _, item := range strings.Fields(v) {
		if !channelPattern.MatchString(item) {
			return fmt.Sprintf("%q is not type=interval", item)
		}
		_, interval, _ := strings.Cut(item, "=")
		if _, err := sshconf.ParseTime(interval); err != nil {
			return fmt.Sprintf("%q of %q is no time", interval, item)
		}
	}
	return ""
}

func checkCriteria(attribute, criteria string) []Problem {
	if text := badText(criteria); text != "" {
		return []Problem{{Code: BadValue, Attribute: attribute, Text: "Match " + text}}
	}
	f := sshconf.Parse(sshconf.Server, sshconf.Version{}, []byte("Match "+criteria+"\n"))
	if l := f.Lines[0]; l.Err == nil && l.Rest != strings.TrimSpace(criteria) {
		return []Problem{{Code: BadValue, Attribute: attribute, Text: fmt.Sprintf("%q is read as %q", "Match "+criteria, "Match "+l.Rest)}}
	}
	return nil
}

// checkMatch is checkCriteria, and lets the evaluator read the line.
func (g language) checkMatch(attribute, criteria string) []Problem {
	if problems := checkCriteria(attribute, criteria); len(problems) > 0 {
		return problems
	}
	for _, p := range g.complaints([]string{"Match " + criteria}, sshconf.Newest()) {
		return []Problem{{Code: BadCriteria, Attribute: attribute, Text: fmt.Sprintf("no release of %s takes Match %s: %s", g.program, criteria, p.Text)}}
	}
	return nil
}

// unreached finds settings of a Match block that one with the same criteria sets
// before it: sshd keeps the first.
func unreached(before []Match, m Match) []Problem {
	var problems []Problem
	for i, b := range before {
		if !sameCriteria(b.Criteria, m.Criteria) {
			continue
		}
		for _, s := range m.Settings {
			if slices.ContainsFunc(b.Settings, func(x Setting) bool { return sameKeyword(x.Keyword, s.Keyword) }) {
				problems = append(problems, Problem{Code: RepeatedKeyword, Attribute: s.Attribute,
					Text: fmt.Sprintf("%s is already set by match[%d], which has the same criteria", s.Keyword, i)})
			}
		}
	}
	return problems
}

// checkContexts finds what sshd -T -C would not take, and addresses that no pattern
// can match: with those, the check that the context asks for would check nothing.
func checkContexts(contexts []sshconf.Context) []Problem {
	var problems []Problem
	for i, c := range contexts {
		bad := func(name, value, text string) {
			problems = append(problems, Problem{Code: BadContext, Attribute: fmt.Sprintf("contexts[%d].%s", i, name), Text: fmt.Sprintf("%s of contexts[%d] is %q, which %s", name, i, value, text)})
		}
		for name, value := range map[string]string{"user": c.User, "host": c.Host} {
			if strings.ContainsFunc(value, func(r rune) bool { return r == ',' || r < ' ' || r == 0x7f }) {
				bad(name, value, "has a comma or a control character, and sshd -T -C takes neither")
			}
		}
		for name, value := range map[string]string{"address": c.Address, "local_address": c.LocalAddress} {
			if _, err := netip.ParseAddr(value); err != nil && value != "" {
				bad(name, value, "is no IP address")
			}
		}
	}
	return problems
}

// dropInPattern keeps a drop-in name inside its directory, readable by Include
// *.conf, and one word in our marks.
var dropInPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\.conf$`)

func checkDropInName(name string) []Problem {
	if name == "" || dropInPattern.MatchString(name) {
		return nil
	}
	return []Problem{{Code: BadDropInName, Attribute: "drop_in_name",
		Text: fmt.Sprintf("%q is no file name of letters, digits, dots, hyphens and underscores that ends in .conf", name)}}
}

func (g language) unknownKeyword(s Setting) Problem {
	text := fmt.Sprintf("%s is no keyword of %s_config", s.Keyword, g.program)
	if near := g.nearest(s.Keyword); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	return Problem{Code: UnknownKeyword, Attribute: s.Attribute, Text: text}
}

// nearest returns the keyword that differs from word by at most two edits.
func (g language) nearest(word string) string {
	best, distance := "", 3
	for _, kw := range sshconf.Keywords(g.Dialect) {
		if d := editDistance(strings.ToLower(word), strings.ToLower(kw.Name)); d < distance {
			best, distance = kw.Name, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
