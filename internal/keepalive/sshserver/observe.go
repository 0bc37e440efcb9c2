package sshserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Observe says which wanted settings are effective on the host. have must have been gathered
// for the same want, and the host's configuration must be valid.
func Observe(want Want, have Facts) keepalive.Observed {
	want, _ = want.onHost(have)
	base, dropIn := strip(have.Tree, ownerOf(want.DropInName))
	o := keepalive.Observed{
		Values:    map[string][]string{},
		Effective: map[string]string{},
		Managed:   dropIn != "" || len(sshfile.Changes(base, have.Tree)) > 0,
	}
	o.Overrides = overridesIn(have.Tree, want)
	checks := checksOf(want, have)
	for _, s := range want.Settings {
		observe(&o, s, sshfile.Global, want, have, checks)
		if values, ok := effective(have, sshconf.Context{}, s.Keyword); ok {
			o.Effective[s.Keyword] = shown(values)
		}
	}
	for i, m := range want.Match {
		for _, s := range m.Settings {
			observe(&o, s, i, want, have, checks)
		}
	}
	return o
}

// observe looks at one setting in every context that block decides. The
// first context that differs gives the value to show.
func observe(o *keepalive.Observed, s keepalive.Setting, block int, want Want, have Facts, checks []checkContext) {
	wanted, known := canonical(have, block, s.Keyword)
	if !known {
		wanted = s.Values
	}
	looked := false
	for _, at := range checks {
		if at.block != block || overriddenByOurs(s, at, want, have) {
			continue
		}
		values, printed := effective(have, at.Context, s.Keyword)
		if !known && !printed {
			continue // sshd -T does not tell
		}
		looked = true
		if byteOnlyLimit(s, block) {
			values, wanted = firstWords(values), firstWords(wanted)
		}
		if !sshconf.Same(sshconf.Server, s.Keyword, values, wanted, have.Version) {
			differs(o, s, values, at, want, have)
			return
		}
	}
	if !looked && !written(have.Tree, want, block, s) {
		o.Drift = append(o.Drift, goneProblem(s, want, block))
		return
	}
	o.Values[s.Attribute] = s.Values
}

func goneProblem(s keepalive.Setting, want Want, block int) keepalive.Problem {
	if block == sshfile.Global {
		return keepalive.Problem{Code: keepalive.Drifted, Warning: true, Attribute: s.Attribute, Text: "our line " + strings.Join(sshfile.Lines([]keepalive.Setting{s}), ", ") + " was removed"}
	}
	return keepalive.Problem{Code: keepalive.BlockGone, Warning: true, Attribute: s.Attribute,
		Text: fmt.Sprintf("our Match %s no longer sets %s", want.Match[block].Criteria, s.Keyword)}
}

func firstWords(lines []string) []string {
	var words []string
	for _, line := range lines {
		word, _, _ := strings.Cut(line, " ")
		words = append(words, word)
	}
	return words
}

// overriddenByOurs reports whether a Match block of ours decides s in a declared
// context, so that the global value need not hold there, or one that stands before
// the block that the context is a sample of.
func overriddenByOurs(s keepalive.Setting, at checkContext, want Want, have Facts) bool {
	if at.IsZero() {
		return false
	}
	blocks := want.Match
	if at.block != sshfile.Global {
		blocks = blocks[:at.block]
	}
	for _, m := range blocks {
		sets := slices.ContainsFunc(m.Settings, func(x keepalive.Setting) bool { return sameKeyword(x.Keyword, s.Keyword) })
		if !sets {
			continue
		}
		if applies, open := criteria.Judge(m.Criteria, at.Context, at.known, have.Version); applies || open {
			return true
		}
	}
	return false
}

func differs(o *keepalive.Observed, s keepalive.Setting, values []string, at checkContext, want Want, have Facts) {
	text := fmt.Sprintf("%s is %s, not %s", s.Keyword, sshfile.OrUnset(values), strings.Join(s.Values, ", "))
	p := keepalive.Problem{Code: keepalive.Drifted, Warning: true, Attribute: s.Attribute}
	if option, ok := optionFor(have.Daemon.Options, s.Keyword); ok {
		text += fmt.Sprintf(", because sshd was started with %s", option)
	} else if w, reason := decidingLine(s, at, want, have); reason != "" {
		text += ", because " + reason
		p.Pos = w.Pos
	} else {
		text += ", because no file sets it" + sshfile.InContext(at.Context)
	}
	p.Text = text
	o.Drift = append(o.Drift, p)
	if len(values) > 0 {
		o.Values[s.Attribute] = values
	}
}

// decidingLine finds the line that gives s another value, and says why it counts. Of a
// keyword that adds up, ours is in force as well, so another line differs.
func decidingLine(s keepalive.Setting, at checkContext, want Want, have Facts) (w sshconf.Setting, reason string) {
	winners := sshconf.EvaluateAssuming(have.Tree, at.Context, at.known).Winners(s.Keyword)
	kw, _ := sshconf.Lookup(sshconf.Server, s.Keyword)
	if kw.Merge(have.Version) != sshconf.Append {
		if len(winners) == 0 {
			return w, ""
		}
		return winners[0], because(winners[0], at.Context)
	}
	for _, w := range winners {
		if owner, ok := ownerAt(have.Tree, w.Pos); !ok || owner != ownerOf(want.DropInName) {
			return w, fmt.Sprintf("%s adds %s%s", w.Pos, w.Rest, sshfile.InContext(at.Context))
		}
	}
	return w, "our lines were changed" + sshfile.InContext(at.Context)
}

// shown returns the values as an attribute has them: 9.5 and 9.6 print Subsystem with a blank
// at its end.
func shown(values []string) string { return strings.TrimRight(strings.Join(values, "\n"), " ") }

// effective returns what sshd -T printed for keyword in context at.
func effective(have Facts, at sshconf.Context, keyword string) ([]string, bool) {
	i := slices.Index(have.Contexts, at)
	if i < 0 || i >= len(have.Effective) {
		return nil, false
	}
	values, ok := have.Effective[i][dumpName(have.Version, keyword)]
	return values, ok
}

// written reports whether s stands on the host in our Match block, or among our
// global lines.
func written(t sshconf.Tree, want Want, block int, s keepalive.Setting) bool {
	have := adopt(t, ownerOf(want.DropInName))
	stands := func(settings []keepalive.Setting) bool {
		return slices.ContainsFunc(settings, func(x keepalive.Setting) bool {
			return strings.EqualFold(x.Keyword, s.Keyword) && sshfile.SameSpelling(s.Keyword, x.Values, s.Values)
		})
	}
	if block == sshfile.Global {
		return stands(have.Settings)
	}
	return slices.ContainsFunc(have.Match, func(m Match) bool {
		return m.Criteria == want.Match[block].Criteria && stands(m.Settings)
	})
}

// EffectiveConfig says what the sshd of have does, of the keywords alone if any are
// given.
func EffectiveConfig(keywords []string, have Facts) keepalive.EffectiveConfig {
	if have.Invalid != "" {
		return keepalive.EffectiveConfig{Problems: []keepalive.Problem{language().InvalidHost(have.Invalid)}}
	}
	var s keepalive.EffectiveConfig
	for i, at := range have.Contexts {
		r := sshfile.Reader{Tree: have.Tree, Dump: have.Effective[i], Result: sshconf.EvaluateAssuming(have.Tree, at, verdictsIn(have, at)), Option: func(keyword string) (string, bool) {
			return optionFor(have.Daemon.Options, keyword)
		}}
		s.Contexts = append(s.Contexts, r.Read(at, keywords))
		s.Files = sshfile.Union(s.Files, r.Result.Read)
		if at.IsZero() {
			s.Overrides = r.Differing(slices.DeleteFunc(inMatchBlocks(r.Result, have.Version, r.Keywords(keywords)), func(l sshconf.Setting) bool { return l.Active }))
			s.Shadowed = r.Differing(r.Losing(r.Keywords(keywords)))
		}
	}
	return s
}
