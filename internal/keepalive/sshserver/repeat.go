package sshserver

import (
	"fmt"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// OthersLoseValue is a Match block of others that loses its value for connections that are
// not declared.
const OthersLoseValue keepalive.Code = "taken away from others"

// Where a Match of others would win over global settings of ours, Match blocks of
// ours repeat them.

// repeatInMatch returns the blocks that beat the shadows: one for each declared context,
// which applies to its connections only, or, where no criteria say just that, a
// Match all.
func repeatInMatch(list []shadow, want Want, v sshconf.Version) []Match {
	if blocks := repeatInContexts(list, want, v); len(blocks) > 0 {
		return blocks
	}
	return repeatInMatchAll(list, want, v)
}

// repeatInContexts returns nothing if some context cannot be expressed by criteria.
func repeatInContexts(list []shadow, want Want, v sshconf.Version) []Match {
	var blocks []Match
	for _, at := range slices.Concat([]sshconf.Context{{}}, want.Contexts) {
		settings := repeatable(list, want, v, func(s shadow) bool { return s.context == at })
		if len(settings) == 0 {
			continue
		}
		text, ok := criteria.For(at, v)
		if !ok {
			return nil
		}
		blocks = append(blocks, Match{text, settings})
	}
	return blocks
}

func repeatInMatchAll(list []shadow, want Want, v sshconf.Version) []Match {
	if settings := repeatable(list, want, v, func(shadow) bool { return true }); len(settings) > 0 {
		return []Match{{"all", settings}}
	}
	return nil
}

// repeatable returns the global settings that have a shadow of the wanted kind, if
// every shadow of theirs is a Match that loses to a Match of ours before it.
func repeatable(list []shadow, want Want, v sshconf.Version, is func(shadow) bool) []keepalive.Setting {
	var settings []keepalive.Setting
	for _, s := range want.Settings {
		kw, _ := sshconf.Lookup(sshconf.Server, s.Keyword)
		of := slices.DeleteFunc(slices.Clone(list), func(x shadow) bool { return x.setting.Attribute != s.Attribute })
		globally := slices.ContainsFunc(of, func(x shadow) bool { return x.winner.Match == "" })
		if slices.ContainsFunc(of, is) && !globally && kw.MatchLegal(v) && len(s.Values) == 1 {
			settings = append(settings, s)
		}
	}
	return settings
}

// othersLosingValue warns of each Match block of others that no longer has its value for
// connections outside the declared contexts, because a Match all of ours stands
// before it or its line was taken over.
func othersLosingValue(c candidate, base sshconf.Tree, want Want) []keepalive.Problem {
	left := overridesIn(c.Tree, want)
	var problems []keepalive.Problem
	for _, o := range overridesIn(base, want) {
		declared := slices.ContainsFunc(want.Contexts, func(at sshconf.Context) bool {
			text, ok := criteria.For(at, base.Version)
			return ok && criteria.Narrower(o.Criteria, text)
		})
		// A Match all of others is as good as a global line.
		if declared || criteria.Everyone(o.Criteria) || slices.ContainsFunc(left, o.Same) {
			continue
		}
		at := c.OnHost(o.Pos)
		problems = append(problems, keepalive.Problem{Code: OthersLoseValue, Warning: true, Attribute: want.attributeOf(o.Keyword), Pos: at,
			Text: fmt.Sprintf("Match %s loses its %s %s, at %s, also for connections that `contexts` does not name", o.Criteria, o.Keyword, o.Value, at)})
	}
	return problems
}

func (want Want) attributeOf(keyword string) string {
	for _, x := range want.Settings {
		if sameKeyword(x.Keyword, keyword) {
			return x.Attribute
		}
	}
	return ""
}
