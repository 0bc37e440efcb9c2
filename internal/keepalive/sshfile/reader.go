package sshfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Reader knows what the program printed in a context, and what our evaluator
// makes of the files there.
type Reader struct {
	Tree   sshconf.Tree
	Dump   sshconf.Dump
	Result sshconf.Result
	Option func(keyword string) (string, bool) // on the command line
}

// Read returns what the program printed for the keywords, or for all, and where each
// value comes from.
func (r Reader) Read(at sshconf.Context, keywords []string) keepalive.ContextValues {
	out := keepalive.ContextValues{Context: at, Effective: map[string]string{}, Origins: map[string][]keepalive.Origin{}}
	for name, printed := range r.names(keywords) {
		values, ok := r.Dump[printed]
		if !ok {
			continue
		}
		out.Effective[name] = strings.Join(values, "\n")
		out.Origins[name] = r.origins(name, values)
	}
	return out
}

// names maps each keyword to the name by which this release prints it.
func (r Reader) names(keywords []string) map[string]string {
	names := map[string]string{}
	for _, keyword := range keywords {
		if kw, ok := sshconf.Lookup(r.Tree.Dialect, keyword); ok {
			names[keyword] = kw.DumpName(r.Tree.Dialect, r.Tree.Version)
		}
	}
	if len(keywords) > 0 {
		return names
	}
	for printed := range r.Dump {
		name := printed // of a patched build
		if kw, ok := sshconf.Lookup(r.Tree.Dialect, printed); ok {
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
func (r Reader) origins(keyword string, values []string) []keepalive.Origin {
	if option, ok := r.Option(keyword); ok {
		return []keepalive.Origin{{Source: keepalive.FromCommandLine, Keyword: ManualName(r.Tree.Dialect, keyword), Written: option}}
	}
	winners := r.Result.Winners(keyword)
	if len(winners) > 0 && r.explains(keyword, values) {
		var list []keepalive.Origin
		for _, w := range winners {
			list = append(list, r.origin(w))
		}
		return list
	}
	for _, l := range r.Result.Settings(keyword) {
		if l.Depends != "" && !l.Active && r.says(l, values) {
			return []keepalive.Origin{r.origin(l)}
		}
	}
	source := keepalive.FromDefault
	if len(winners) > 0 {
		source = keepalive.FromUnknown
	}
	return []keepalive.Origin{{Source: source, Keyword: ManualName(r.Tree.Dialect, keyword)}}
}

// explains reports whether the lines in force come to values, as far as that can
// be known.
func (r Reader) explains(keyword string, values []string) bool {
	printed, known := r.Result.Printed(keyword)
	return !known || sshconf.Same(r.Tree.Dialect, keyword, printed, values, r.Tree.Version)
}

// says reports whether a line alone comes to values.
func (r Reader) says(l sshconf.Setting, values []string) bool {
	return sshconf.Same(r.Tree.Dialect, l.Keyword, []string{l.Rest}, values, r.Tree.Version)
}

func (r Reader) origin(l sshconf.Setting) keepalive.Origin {
	block := l.Match
	if block != "" && r.Tree.Dialect == sshconf.Server {
		block = "Match " + block
	}
	return keepalive.Origin{Source: keepalive.FromFile, Keyword: ManualName(r.Tree.Dialect, l.Keyword), Block: block, Written: l.Rest, Pos: l.Pos}
}

// Keywords are those asked for, as this release prints them, or all that some line
// sets.
func (r Reader) Keywords(asked []string) []string {
	if len(asked) > 0 {
		return slices.Collect(maps.Values(r.names(asked)))
	}
	return r.Result.Keywords()
}

// Losing lists the lines of the keywords that apply and lose.
func (r Reader) Losing(keywords []string) []sshconf.Setting {
	var list []sshconf.Setting
	for _, name := range keywords {
		for _, l := range r.Result.Settings(name) {
			if l.Active && !l.Wins {
				list = append(list, l)
			}
		}
	}
	return list
}

// Differing keeps the lines that do not say what is effective, file by file.
func (r Reader) Differing(lines []sshconf.Setting) []keepalive.Origin {
	var list []keepalive.Origin
	// A file that several blocks include is read in the order of these.
	slices.SortStableFunc(lines, func(a, b sshconf.Setting) int {
		return cmp.Or(cmp.Compare(slices.Index(r.Result.Read, a.Pos.Path), slices.Index(r.Result.Read, b.Pos.Path)), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	for _, l := range lines {
		if kw, ok := sshconf.Lookup(r.Tree.Dialect, l.Keyword); !ok || !r.says(l, r.Dump[kw.DumpName(r.Tree.Dialect, r.Tree.Version)]) {
			list = append(list, r.origin(l))
		}
	}
	return slices.Compact(list)
}

// ManualName returns a keyword as the manual page spells it.
func ManualName(d sshconf.Dialect, keyword string) string {
	if kw, ok := sshconf.Lookup(d, keyword); ok {
		return kw.Name
	}
	return keyword
}

// CheckNames finds the names that are not keywords with a value.
func (g Language) CheckNames(keywords []string) []keepalive.Problem {
	var problems []keepalive.Problem
	for i, keyword := range keywords {
		attribute := fmt.Sprintf("keywords[%d]", i)
		kw, known := sshconf.Lookup(g.Dialect, keyword)
		switch {
		case !known:
			problems = append(problems, g.unknownKeyword(keepalive.Setting{Attribute: attribute, Keyword: keyword}))
		case kw.Type == sshconf.Block:
			problems = append(problems, keepalive.Problem{Code: keepalive.UnknownKeyword, Attribute: attribute, Text: kw.Name + " is not a setting, so it has no effective value"})
		}
	}
	return problems
}
