// Package sshserver decides about one sshd. From the settings that are wanted of it
// and the facts that were observed on its host it computes which lines of sshd_config
// change, what sshd -T must print afterwards, and why.
//
// It knows placement, Match blocks, profiles and what a good value is. It must not
// know how facts are got, how a plan is carried out, or that Terraform exists.
package sshserver

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Plan decides how want becomes effective on the host that have describes.
// have must have been gathered for the same want. A plan with a Problem that is
// not a warning must not be carried out.
func Plan(want Want, have Facts) keepalive.Plan {
	if have.Invalid != "" {
		return keepalive.Plan{Problems: []keepalive.Problem{language().InvalidHost(have.Invalid)}}
	}
	if r := sshconf.Evaluate(have.Tree, sshconf.Context{}); r.Endless {
		return keepalive.Plan{Problems: []keepalive.Problem{sshfile.EndlessProblem(have.Tree.Main)}}
	}
	profile := want.Profile
	want, problems := want.onHost(have)
	problems = slices.Concat(problems, checkVersion(want, have.Version))
	problems = slices.Concat(problems, refusals(want, have, problems), checkCanonical(want, have), commandLine(want, have), noReader(have))
	if keepalive.HasErrors(problems) {
		return keepalive.Plan{Problems: problems}
	}
	base, dropIn := bare(have.Tree, want)
	base, adopted := adoptLines(base, want)
	checks := checksOf(want, have)
	c, more := chooseAs(base, dropIn, want, have, checks)
	list := sshfile.Changes(have.Tree, c.Tree)
	held := ownedLines(have.Tree, ownerOf(want.DropInName))
	problems = slices.Concat(problems, more, held.Problems(want.Claim, c.Content(), ownerOf(want.DropInName)), keepalive.MountProblems(keepalive.Plan{Changes: list}.Paths(), have.Mounts))
	if keepalive.HasErrors(problems) {
		return keepalive.Plan{Problems: problems}
	}
	expect, overridden, more := expectations(c, want, have, checks)
	problems = slices.Concat(problems, more, othersLosingValue(c, base, want), c.NewlyAdopted(adopted, have.Tree, ownerOf(want.DropInName)), firstBoot(c, want, have), Warnings(want, have), lockouts(c, want, have), profileRisks(profile, want, have))
	return keepalive.Plan{
		Changes:        list,
		MakeDirs:       c.makes(),
		Expect:         expect,
		ManagedFile:    c.File,
		ManagedContent: c.Content(),
		Effective:      effectiveOf(want, have.Version, expect),
		Overrides:      c.overrides(want),
		Trail:          strings.Join(append([]string{c.trail(have, overridden)}, takeoverWords(have.Tree, want)...), " "),
		Problems:       problems,
	}
}

// Restore decides how everything that we put on the host is taken back, so
// that each file has the bytes it had before, or is absent as it was.
func Restore(dropInName string, have Facts) keepalive.Plan {
	base, dropIn := strip(have.Tree, ownerOf(dropInName))
	list := sshfile.Changes(have.Tree, base)
	trail := fmt.Sprintf("version=%s restore files=%d", have.Version, len(list))
	var made []string
	if dropIn != "" {
		trail += " drop_in=" + dropIn
		if dir := path.Dir(dropIn); madeByUs(have.Tree, dir) {
			made = append(made, dir)
			trail += " removes-if-empty=" + dir
		}
	}
	return keepalive.Plan{Changes: list, RemoveDirs: made, ManagedFile: dropIn, Trail: trail}
}

// chooseAs is choose for lines that keep the id that they have, if that is of no other
// resource and nothing else about them changes: an upgrade of the provider, or the first
// apply on a machine that was made of an image, rewrites no file.
func chooseAs(base sshconf.Tree, dropIn string, want Want, have Facts, checks []checkContext) (candidate, []keepalive.Problem) {
	if held := ownedLines(have.Tree, ownerOf(want.DropInName)); held.Keeps(want.Claim) {
		as := want
		as.Claim.ID = held.ID
		if c, problems := choose(base, dropIn, as, have, checks); len(sshfile.Changes(have.Tree, c.Tree)) == 0 {
			return c, problems
		}
	}
	return choose(base, dropIn, want, have, checks)
}

// choose tries the placements from the least intrusive on and returns the first
// in which every wanted setting wins in every context.
func choose(base sshconf.Tree, dropIn string, want Want, have Facts, checks []checkContext) (candidate, []keepalive.Problem) {
	places, problem := places(base, dropIn, want, have)
	if problem != nil {
		return candidate{}, []keepalive.Problem{*problem}
	}
	places = replaceable(places, have.Mounts)
	blocks := removedFrom(have.Tree, want)
	for i := range places {
		places[i].blocks = blocks
	}
	c, problems := prefer(base, want, have, places, checks)
	return c, append(problems, siblingConflicts(place(base, want, places[0], nil), want, checks)...)
}

// prefer returns the first of places that will do: as it is, with Match blocks of
// ours for the declared contexts, with a Match all.
func prefer(base sshconf.Tree, want Want, have Facts, places []insertionPoint, checks []checkContext) (candidate, []keepalive.Problem) {
	nothing := func([]shadow, Want, sshconf.Version) []Match { return nil }
	for i, repeats := range []func([]shadow, Want, sshconf.Version) []Match{nothing, repeatInContexts, repeatInMatchAll} {
		for _, at := range places {
			c := place(base, want, at, nil)
			blocks := repeats(shadows(c, want, checks), want, base.Version)
			if len(blocks) > 0 {
				c = place(base, want, at, blocks)
			}
			if (i == 0 || len(blocks) > 0) && len(shadows(c, want, checks)) == 0 {
				return c, nil
			}
		}
	}
	return takeOver(base, want, have, places[0], checks)
}

// places lists where want.Placement allows our lines, best first.
func places(base sshconf.Tree, dropIn string, want Want, have Facts) ([]insertionPoint, *keepalive.Problem) {
	main := insertionPoint{file: base.Main, kind: string(InPlace)}
	if want.Placement == InPlace {
		return []insertionPoint{main}, nil
	}
	list := dropIns(have, base, dropIn, ownerOf(want.DropInName))
	switch {
	case want.Placement == DropIn && len(list) == 0:
		return nil, &keepalive.Problem{Code: keepalive.NoInclude, Attribute: "placement",
			Text: fmt.Sprintf("no Include outside Match in %s reads a file named %s from a directory that exists or can be made, so a drop-in would be ignored", base.Main, ownerOf(want.DropInName))}
	case want.Placement == DropIn:
		return list, nil
	case len(list) > 0:
		main.kind = "before_include"
	}
	after := len(list)
	if i := slices.IndexFunc(list, func(s insertionPoint) bool { return isVendors(s.file) && s.file != dropIn }); i >= 0 && !isVendors(main.file) {
		after = i
	}
	list = slices.Insert(list, after, main)
	if at, ok := ownInclude(base, dropIn, want, have); ok {
		list = slices.Insert(list, after, at)
	}
	return list, nil
}

// makes lists the directory that has to be made first, if there is one.
func (c candidate) makes() []string {
	if c.at.make == "" {
		return nil
	}
	return []string{c.at.make}
}

// expectations returns what must be effective once c is in force, and the lines
// of others that lose to ours.
func expectations(c candidate, want Want, have Facts, contexts []checkContext) (expect []keepalive.Expectation, overridden []sshconf.Pos, problems []keepalive.Problem) {
	for _, at := range contexts {
		results := readings(c.Tree, at.Context, at.known)
		for _, s := range uniqueKeywords(settingsIn(want, at)) {
			w, ok := results[0].Winner(s.Keyword)
			if other, open := c.openAlternative(results, s.Keyword); open {
				problems = append(problems, keepalive.Problem{Code: keepalive.UncertainGroup, Warning: true, Attribute: s.Attribute, Pos: c.Now(other.Pos),
					Text: fmt.Sprintf("whether Match %s applies for %s is not known, so %s is not proven there", other.Match, keepalive.ContextSpec(at.Context), s.Keyword)})
				continue
			}
			if !ok {
				continue
			}
			if values, printed := c.expected(results[0], w, s, at, have); printed {
				expect = append(expect, keepalive.Expectation{Context: at.Context, Keyword: dumpName(have.Version, s.Keyword), Values: values})
			}
			overridden = append(overridden, sshfile.LosingLines(results[0], c, s.Keyword)...)
		}
	}
	sshfile.SortPositions(overridden)
	return expect, slices.Compact(overridden), keepalive.UniqueProblems(problems)
}

// openAlternative returns the line that decides a keyword if an open Match applies; false
// if none changes anything.
func (c candidate) openAlternative(results []sshconf.Result, keyword string) (sshconf.Setting, bool) {
	first := results[0].Winners(keyword)
	for _, r := range results[1:] {
		winners := r.Winners(keyword)
		same := slices.EqualFunc(first, winners, func(a, b sshconf.Setting) bool { return a.Pos == b.Pos })
		if !same && len(winners) > 0 {
			return winners[0], true
		}
	}
	return sshconf.Setting{}, false
}

// expected is what sshd prints for s once the line w is in force.
func (c candidate) expected(r sshconf.Result, w sshconf.Setting, s keepalive.Setting, at checkContext, have Facts) ([]string, bool) {
	if byteOnlyLimit(s, at.block) {
		return r.Printed(s.Keyword)
	}
	block := at.block
	if c.Ours(w.Pos) {
		block = c.Origin[w.Pos.Line]
	}
	return canonical(have, block, s.Keyword)
}

// overrides lists the Match blocks of others in which a wanted value will not hold.
// They are left alone unless a declared context meets them.
func (c candidate) overrides(want Want) []keepalive.Override {
	list := overridesIn(c.Tree, want)
	for i := range list {
		list[i].Now = c.Now(list[i].Pos)
	}
	return list
}

func uniqueKeywords(settings []keepalive.Setting) []keepalive.Setting {
	var out []keepalive.Setting
	for _, s := range settings {
		if !slices.ContainsFunc(out, func(x keepalive.Setting) bool { return strings.EqualFold(x.Keyword, s.Keyword) }) {
			out = append(out, s)
		}
	}
	return out
}

// canonical returns what the host's own sshd prints for the value that block
// gives keyword.
func canonical(have Facts, block int, keyword string) ([]string, bool) {
	dump := have.Canonical
	if block != sshfile.Global {
		if block >= len(have.MatchCanonical) {
			return nil, false
		}
		dump = have.MatchCanonical[block]
	}
	values, ok := dump[dumpName(have.Version, keyword)]
	return values, ok
}

// dumpName is the name by which sshd -T of release v prints keyword, in lower
// case: of an old name it prints the new one.
func dumpName(v sshconf.Version, keyword string) string {
	if kw, ok := sshconf.Lookup(sshconf.Server, keyword); ok {
		if name := kw.DumpName(sshconf.Server, v); name != "" {
			return strings.ToLower(name)
		}
	}
	return strings.ToLower(keyword)
}

// effectiveOf returns the managed keywords of the default context, spelled as in
// sshd_config(5).
func effectiveOf(want Want, v sshconf.Version, expect []keepalive.Expectation) map[string]string {
	out := map[string]string{}
	for _, s := range want.Settings {
		for _, e := range expect {
			if e.Context.IsZero() && e.Keyword == dumpName(v, s.Keyword) {
				out[s.Keyword] = shown(e.Values)
			}
		}
	}
	return out
}
