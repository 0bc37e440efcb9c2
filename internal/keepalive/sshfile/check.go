package sshfile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// CheckSettings finds unknown and repeated keywords, keywords that have an attribute of
// their own, and values that no release accepts.
func (g Language) CheckSettings(settings []keepalive.Setting, inMatch bool) []keepalive.Problem {
	var problems []keepalive.Problem
	seen := map[string]keepalive.Setting{}
	for _, s := range settings {
		kw, known := sshconf.Lookup(g.Dialect, s.Keyword)
		if !known {
			problems = append(problems, g.unknownKeyword(s))
			continue
		}
		if text := g.repeated(seen, s); text != "" {
			problems = append(problems, keepalive.Problem{Code: keepalive.RepeatedKeyword, Attribute: s.Attribute, Text: text})
			continue
		}
		problems = append(problems, g.checkOne(s, kw, inMatch)...)
	}
	return problems
}

// repeated says what is wrong with s beside those seen, and notes it. A keyword may
// stand there by two names, for old and new releases, if both say the same.
func (g Language) repeated(seen map[string]keepalive.Setting, s keepalive.Setting) string {
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

func (g Language) checkOne(s keepalive.Setting, kw sshconf.Keyword, inMatch bool) []keepalive.Problem {
	var problems []keepalive.Problem
	bad := func(code keepalive.Code, format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: code, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	name := kw.Name
	if g.Dialect == sshconf.Server {
		name = sshconf.CurrentName(sshconf.Server, name)
	}
	if typed, ok := g.typed(name); ok && s.ByKeyword {
		bad(keepalive.TypedKeyword, "%s belongs to the attribute `%s`", kw.Name, typed.Name)
	}
	if kw.Type == sshconf.Block {
		bad(keepalive.NoSetting, "%s is not a setting", kw.Name)
		return problems
	}
	if inMatch && kw.MatchSince.IsZero() {
		bad(keepalive.NotInMatch, "no release of %s allows %s in a Match block", g.Program, kw.Name)
	}
	if len(s.Values) == 0 {
		bad(keepalive.BadValue, "%s has no value", kw.Name)
	}
	if len(s.Values) > 1 && !accumulates(kw) {
		bad(keepalive.BadValue, "%s takes one line, not %d: %s would use the first only", kw.Name, len(s.Values), g.Program)
	}
	for _, v := range s.Values {
		if text := BadText(v); text != "" {
			bad(keepalive.BadValue, "%s %s", kw.Name, text)
			continue
		}
		if text := g.badTyped(kw.Name, v); text != "" {
			bad(keepalive.BadValue, "%s", text)
		}
		if g.isBoolean(kw.Name, v) {
			bad(keepalive.BooleanValue, "%s refuses %q: write \"yes\" or \"no\"", g.Program, kw.Name+" "+v)
		}
	}
	return problems
}

// isBoolean reports whether v is true or false, as a language of configurations writes
// it, where the keyword takes yes and no and not this.
func (g Language) isBoolean(keyword, v string) bool {
	word, boolean := yesOrNo[strings.ToLower(v)]
	refuses := func(word string) bool { return len(g.complaints([]string{keyword + " " + word}, closedWords)) > 0 }
	return boolean && refuses(v) && !refuses(word)
}

// accumulates reports whether a second line of kw adds to the first, in any
// release, as one of another name does for a Subsystem.
func accumulates(kw sshconf.Keyword) bool {
	merge := kw.Merge(sshconf.Version{Major: 10, Minor: 0})
	return merge == sshconf.Append || merge == sshconf.ByName
}

// BadText says what is wrong with v as the text of one line, "" if nothing is.
func BadText(v string) string {
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
func (g Language) badTyped(keyword, v string) string {
	a, ok := g.typed(keyword)
	if !ok || slices.Contains(a.Words, v) {
		return ""
	}
	//exhaustive:enforce
	switch a.Kind {
	case keepalive.Time:
		if v == "none" && g.Dialect == sshconf.Client {
			return `"none" means "not set" to ssh, so a later line would decide; use 0 to turn it off`
		}
		if _, err := sshconf.ParseTime(v); errors.Is(err, sshconf.ErrTooLong) {
			return fmt.Sprintf("%q is too long; the longest time is 2147483647 seconds (68 years)", v)
		} else if err != nil {
			return fmt.Sprintf("%q is not a valid time; use whole seconds or numbers with units, such as 120, \"2m\" or \"1h30m\"", v)
		}
	case keepalive.Count:
		return a.BadCount(v)
	case keepalive.Pairs:
		return badPairs(v)
	case keepalive.Text:
		if a.Words != nil {
			return fmt.Sprintf("%q is not one of %s", v, strings.Join(a.Words, ", "))
		}
		if a.Keyword == "MaxStartups" && !startupsPattern.MatchString(v) {
			return fmt.Sprintf("%q is neither \"start\" nor \"start:rate:full\"", v)
		}
	case keepalive.Flag, keepalive.Names: // always yes or no, and of no keyword here
	}
	return ""
}

func badPairs(v string) string {
	for item := range strings.FieldsSeq(v) {
		if !channelPattern.MatchString(item) {
			return fmt.Sprintf("%q is not type=interval", item)
		}
		_, interval, _ := strings.Cut(item, "=")
		if _, err := sshconf.ParseTime(interval); err != nil {
			return fmt.Sprintf("%q in %q is not a valid time", interval, item)
		}
	}
	return ""
}

// CheckCriteria finds criteria that are not one line or that are read as something
// else.
func CheckCriteria(attribute, criteria string) []keepalive.Problem {
	if text := BadText(criteria); text != "" {
		return []keepalive.Problem{{Code: keepalive.BadValue, Attribute: attribute, Text: "Match " + text}}
	}
	f := sshconf.Parse(sshconf.Server, sshconf.Version{}, []byte("Match "+criteria+"\n"))
	if l := f.Lines[0]; l.Err == nil && l.Rest != strings.TrimSpace(criteria) {
		return []keepalive.Problem{{Code: keepalive.BadValue, Attribute: attribute, Text: fmt.Sprintf("%q is read as %q", "Match "+criteria, "Match "+l.Rest)}}
	}
	return nil
}

// CheckMatch is checkCriteria, and lets the evaluator read the line.
func (g Language) CheckMatch(attribute, criteria string) []keepalive.Problem {
	if problems := CheckCriteria(attribute, criteria); len(problems) > 0 {
		return problems
	}
	for _, p := range g.complaints([]string{"Match " + criteria}, sshconf.Newest()) {
		return []keepalive.Problem{{Code: keepalive.BadCriteria, Attribute: attribute, Text: fmt.Sprintf("no release of %s accepts Match %s: %s", g.Program, criteria, p.Text)}}
	}
	return nil
}

func (g Language) unknownKeyword(s keepalive.Setting) keepalive.Problem {
	text := fmt.Sprintf("unknown keyword %s in %s_config", s.Keyword, g.Program)
	if near := g.nearest(s.Keyword); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	return keepalive.Problem{Code: keepalive.UnknownKeyword, Attribute: s.Attribute, Text: text}
}

// nearest returns the keyword that word may have been meant for.
func (g Language) nearest(word string) string {
	var names []string
	for _, kw := range sshconf.Keywords(g.Dialect) {
		names = append(names, kw.Name)
	}
	return keepalive.Nearest(word, names)
}
