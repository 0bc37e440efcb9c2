package sshserver

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Attributes maps the keywords that are managed, in lower case, to the attributes
// that declare them.
func (want Want) Attributes(v sshconf.Version) map[string]string {
	of := map[string]string{}
	for _, x := range want.ForRelease(v).Settings {
		kw, _ := sshconf.Lookup(sshconf.Server, x.Keyword)
		of[strings.ToLower(cmp.Or(kw.Name, x.Keyword))] = x.Attribute
	}
	return of
}

// overridesIn lists the overrides in a tree, in the order in which they are read.
func overridesIn(t sshconf.Tree, want Want) []keepalive.Override {
	var list []keepalive.Override
	ours := ownLines(t)
	r := sshconf.Evaluate(t, sshconf.Context{})
	for _, l := range inMatchBlocks(r, t.Version, keywordsOf(want.Settings)) {
		i := slices.IndexFunc(want.Settings, func(s keepalive.Setting) bool { return sameKeyword(s.Keyword, l.Keyword) })
		if ours[l.Pos] || agrees(r, l, want.Settings[i], t) {
			continue
		}
		list = append(list, keepalive.Override{Criteria: l.Match, Keyword: sshfile.ManualName(sshconf.Server, l.Keyword), Value: l.Rest, Pos: l.Pos, Now: l.Pos})
	}
	return list
}

func keywordsOf(settings []keepalive.Setting) []string {
	var names []string
	for _, s := range uniqueKeywords(settings) {
		names = append(names, s.Keyword)
	}
	return names
}

// agrees reports whether the lines of l's block for its keyword give the value that s
// wants.
func agrees(r sshconf.Result, l sshconf.Setting, s keepalive.Setting, t sshconf.Tree) bool {
	if kw, _ := sshconf.Lookup(t.Dialect, s.Keyword); kw.Merge(t.Version) != sshconf.Append {
		return sshfile.SameMeaning(l, s, t)
	}
	var theirs, ours []string
	for _, other := range r.Settings(l.Keyword) {
		if other.Match == l.Match && other.Pos.Path == l.Pos.Path {
			theirs = append(theirs, other.Args...)
		}
	}
	for _, v := range s.Values {
		ours = append(ours, strings.Fields(v)...)
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	return slices.Equal(theirs, ours)
}

// inMatchBlocks lists the lines that set the keywords in Match blocks and are in
// force for some connection: not those that always lose to another block. They come
// in the order of their reading; a file that several blocks include is read for each
// of them.
func inMatchBlocks(r sshconf.Result, v sshconf.Version, keywords []string) []sshconf.Setting {
	var list []sshconf.Setting
	for _, keyword := range keywords {
		kw, _ := sshconf.Lookup(sshconf.Server, keyword)
		lines := slices.DeleteFunc(slices.Clone(r.Settings(keyword)), func(l sshconf.Setting) bool { return l.Match == "" })
		for i, l := range lines {
			if !slices.ContainsFunc(competitorsOf(kw, v, lines, i), func(other sshconf.Setting) bool { return criteria.Narrower(l.Match, other.Match) }) {
				list = append(list, l)
			}
		}
	}
	sortByReading(list)
	return list
}

// competitorsOf are the lines that win over line i where both apply. If there are more
// lines than an honest file has, all are taken to be in force.
func competitorsOf(kw sshconf.Keyword, v sshconf.Version, lines []sshconf.Setting, i int) []sshconf.Setting {
	const many = 300
	switch {
	case len(lines) > many:
		return nil
	case kw.Merge(v) == sshconf.First:
		return lines[:i]
	case kw.Merge(v) == sshconf.Last:
		return lines[i+1:]
	}
	return nil // what adds up, or has parts, is in force beside the others
}

func sortByReading(list []sshconf.Setting) {
	slices.SortStableFunc(list, func(a, b sshconf.Setting) int { return cmp.Compare(a.Order, b.Order) })
}
