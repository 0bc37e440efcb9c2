package keepalive

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Source says what gave a keyword its effective value.
type Source string

// The sources of a value.
const (
	FromFile        Source = "file"
	FromCommandLine Source = "command line"
	FromDefault     Source = "default" // no line that applies sets it
	FromUnknown     Source = "unknown" // the text of the files does not tell
)

// Origin is one line, or one option, that has a say in a value.
type Origin struct {
	Source  Source
	Keyword string      // as in the manual page
	Block   string      // the line that opens the block: Match User bob, Host db*; "" outside
	Written string      // the arguments, or the option, as written
	Pos     sshconf.Pos // zero unless a file is the source
}

// Reading is what a program makes of its files in one context.
type Reading struct {
	Context sshconf.Context
	// Effective holds what the program prints, one line for each value. Its keys,
	// and those of Origins, are the keywords as they were asked for, else as in
	// the manual page.
	Effective map[string]string
	Origins   map[string][]Origin
}

// Survey is what a program makes of its files, managed by us or not.
type Survey struct {
	Problems []Problem // why there is nothing else here
	Readings []Reading // one for each context that was asked about
	Files    []string  // that are read in some context, in the order of their reading
	// Overrides are the lines of sshd's Match blocks that say something else than
	// what is effective in the default context, Shadowed the lines that apply there
	// and lose. Both are in the order of their reading.
	Overrides []Origin
	Shadowed  []Origin
}

// SurveyServer says what the sshd of have does, of the keywords alone if any are
// given.
func SurveyServer(keywords []string, have Facts) Survey {
	if have.Invalid != "" {
		return Survey{Problems: []Problem{serverLanguage().invalidHost(have.Invalid)}}
	}
	var s Survey
	for i, at := range have.Contexts {
		r := reader{have.Tree, have.Effective[i], sshconf.EvaluateAssuming(have.Tree, at, verdictsIn(have, at)), func(keyword string) (string, bool) {
			return optionFor(have.Daemon.Options, keyword)
		}}
		s.Readings = append(s.Readings, r.read(at, keywords))
		s.Files = union(s.Files, r.result.Read)
		if at.IsZero() {
			s.Overrides = r.differing(slices.DeleteFunc(inMatchBlocks(r.result, have.Version, r.keywords(keywords)), func(l sshconf.Setting) bool { return l.Active }))
			s.Shadowed = r.differing(r.losing(r.keywords(keywords)))
		}
	}
	return s
}

// SurveyClient says what the ssh of have does for each probe.
func SurveyClient(keywords []string, have ClientFacts) Survey {
	if have.Invalid != "" {
		return Survey{Problems: []Problem{invalidClient(have)}}
	}
	var s Survey
	for i, at := range have.Contexts {
		r := reader{have.Tree, have.Effective[i], sshconf.EvaluateClient(have.Tree, have.query(at)), func(keyword string) (string, bool) {
			return at.User, at.User != "" && strings.EqualFold(keyword, "User")
		}}
		s.Readings = append(s.Readings, r.read(at, keywords))
		s.Files = union(s.Files, r.result.Read)
	}
	return s
}

// reader knows what the program printed in a context, and what our evaluator
// makes of the files there.
type reader struct {
	tree   sshconf.Tree
	dump   sshconf.Dump
	result sshconf.Result
	option func(keyword string) (string, bool) // on the command line
}

func (r reader) read(at sshconf.Context, keywords []string) Reading {
	out := Reading{at, map[string]string{}, map[string][]Origin{}}
	for name, printed := range r.names(keywords) {
		values, ok := r.dump[printed]
		if !ok {
			continue
		}
		out.Effective[name] = strings.Join(values, "\n")
		out.Origins[name] = r.origins(name, values)
	}
	return out
}

// names maps each keyword to the name by which this release prints it.
func (r reader) names(keywords []string) map[string]string {
	names := map[string]string{}
	for _, keyword := range keywords {
		if kw, ok := sshconf.Lookup(r.tree.Dialect, keyword); ok {
			names[keyword] = kw.DumpName(r.tree.Dialect, r.tree.Version)
		}
	}
	if len(keywords) > 0 {
		return names
	}
	for printed := range r.dump {
		name := printed // of a patched build
		if kw, ok := sshconf.Lookup(r.tree.Dialect, printed); ok {
			name = kw.Name
		}
		names[name] = printed
	}
	return names
}

// origins says where values come from. Where the evaluator and the program do not
// agree the program is right: a Match Group, a Match exec, a name that had to be
// resolved. A line that may apply for such a reason and says what is effective is
// the origin then.
func (r reader) origins(keyword string, values []string) []Origin {
	if option, ok := r.option(keyword); ok {
		return []Origin{{Source: FromCommandLine, Keyword: manualName(r.tree.Dialect, keyword), Written: option}}
	}
	winners := r.result.Winners(keyword)
	if len(winners) > 0 && r.explains(keyword, values) {
		var list []Origin
		for _, w := range winners {
			list = append(list, r.origin(w))
		}
		return list
	}
	for _, l := range r.result.Settings(keyword) {
		if l.Depends != "" && !l.Active && r.says(l, values) {
			return []Origin{r.origin(l)}
		}
	}
	source := FromDefault
	if len(winners) > 0 {
		source = FromUnknown
	}
	return []Origin{{Source: source, Keyword: manualName(r.tree.Dialect, keyword)}}
}

// explains reports whether the lines in force come to values, as far as that can
// be known.
func (r reader) explains(keyword string, values []string) bool {
	printed, known := r.result.Printed(keyword)
	return !known || sshconf.Same(r.tree.Dialect, keyword, printed, values, r.tree.Version)
}

// says reports whether a line alone comes to values.
func (r reader) says(l sshconf.Setting, values []string) bool {
	return sshconf.Same(r.tree.Dialect, l.Keyword, []string{l.Rest}, values, r.tree.Version)
}

func (r reader) origin(l sshconf.Setting) Origin {
	block := l.Match
	if block != "" && r.tree.Dialect == sshconf.Server {
		block = "Match " + block
	}
	return Origin{FromFile, manualName(r.tree.Dialect, l.Keyword), block, l.Rest, l.Pos}
}

// keywords are those asked for, as this release prints them, or all that some line
// sets.
func (r reader) keywords(asked []string) []string {
	if len(asked) > 0 {
		return slices.Collect(maps.Values(r.names(asked)))
	}
	return r.result.Keywords()
}

// losing lists the lines of the keywords that apply and lose.
func (r reader) losing(keywords []string) []sshconf.Setting {
	var list []sshconf.Setting
	for _, name := range keywords {
		for _, l := range r.result.Settings(name) {
			if l.Active && !l.Wins {
				list = append(list, l)
			}
		}
	}
	return list
}

// differing keeps the lines that do not say what is effective, file by file.
func (r reader) differing(lines []sshconf.Setting) []Origin {
	var list []Origin
	// A file that several blocks include is read in the order of these.
	slices.SortStableFunc(lines, func(a, b sshconf.Setting) int {
		return cmp.Or(cmp.Compare(slices.Index(r.result.Read, a.Pos.Path), slices.Index(r.result.Read, b.Pos.Path)), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	for _, l := range lines {
		if kw, ok := sshconf.Lookup(r.tree.Dialect, l.Keyword); !ok || !r.says(l, r.dump[kw.DumpName(r.tree.Dialect, r.tree.Version)]) {
			list = append(list, r.origin(l))
		}
	}
	return slices.Compact(list)
}

func manualName(d sshconf.Dialect, keyword string) string {
	if kw, ok := sshconf.Lookup(d, keyword); ok {
		return kw.Name
	}
	return keyword
}

// CheckServerKeywords says which of the keywords no sshd -T ever prints.
func CheckServerKeywords(keywords []string) []Problem { return serverLanguage().checkNames(keywords) }

// CheckClientKeywords says which of the keywords no ssh -G ever prints.
func CheckClientKeywords(keywords []string) []Problem { return clientLanguage().checkNames(keywords) }

func (g language) checkNames(keywords []string) []Problem {
	var problems []Problem
	for i, keyword := range keywords {
		attribute := fmt.Sprintf("keywords[%d]", i)
		kw, known := sshconf.Lookup(g.Dialect, keyword)
		switch {
		case !known:
			problems = append(problems, g.unknownKeyword(Setting{Attribute: attribute, Keyword: keyword}))
		case kw.Type == sshconf.Block:
			problems = append(problems, Problem{Code: UnknownKeyword, Attribute: attribute, Text: kw.Name + " is not a setting, so it has no effective value"})
		}
	}
	return problems
}
