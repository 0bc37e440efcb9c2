package keepalive

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// PlanServer decides how want becomes effective on the host that have describes.
// have must have been gathered for the same want. A plan with a Problem that is
// no warning must not be carried out.
func PlanServer(want Server, have Facts) Plan {
	if have.Invalid != "" {
		return Plan{Problems: []Problem{serverLanguage().invalidHost(have.Invalid)}}
	}
	profile := want.Profile
	want, problems := want.onHost(have)
	problems = slices.Concat(problems, checkVersion(want, have.Version))
	problems = slices.Concat(problems, refusals(want, have, problems), judgements(want, have), commandLine(want, have))
	if failed(problems) {
		return Plan{Problems: problems}
	}
	base, dropIn := strip(have.Tree, ownerOf(want.DropInName))
	c, more := choose(base, dropIn, want, have)
	list := changes(have.Tree, c.tree)
	problems = slices.Concat(problems, more, mounted(Plan{Changes: list}.Paths(), have.Mounts))
	if failed(problems) {
		return Plan{Problems: problems}
	}
	checks := contextsWithMatch(want)
	expect, overridden, more := expectations(c, want, have, checks)
	problems = slices.Concat(problems, more, exceptions(c, want), Warnings(want, have), lockouts(c, want, have), risks(profile, want, have))
	return Plan{
		Changes:        list,
		MakeDirs:       c.makes(),
		Expect:         expect,
		ManagedFile:    c.file,
		ManagedContent: c.content(),
		Effective:      effectiveOf(want, have.Version, expect),
		Trail:          c.trail(have, overridden),
		Problems:       problems,
	}
}

// RestoreServer decides how everything that we put on the host is taken back, so
// that each file has the bytes it had before, or is absent as it was.
func RestoreServer(dropInName string, have Facts) Plan {
	base, dropIn := strip(have.Tree, ownerOf(dropInName))
	list := changes(have.Tree, base)
	trail := fmt.Sprintf("version=%s restore files=%d", have.Version, len(list))
	var made []string
	if dropIn != "" {
		trail += " drop_in=" + dropIn
		if dir := path.Dir(dropIn); madeByUs(have.Tree, dir) {
			made = append(made, dir)
			trail += " removes-if-empty=" + dir
		}
	}
	return Plan{Changes: list, RemoveDirs: made, ManagedFile: dropIn, Trail: trail}
}

func failed(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// choose tries the placements from the least intrusive on and returns the first
// in which every wanted setting wins in every context.
func choose(base sshconf.Tree, dropIn string, want Server, have Facts) (candidate, []Problem) {
	places, problem := places(base, dropIn, want, have)
	if problem != nil {
		return candidate{}, []Problem{*problem}
	}
	places = movable(places, have.Mounts)
	checks := contextsWithMatch(want)
	c, problems := prefer(base, want, have, places, checks)
	return c, append(problems, rivals(place(base, want, places[0], nil), want, checks)...)
}

// prefer returns the first of places that will do.
func prefer(base sshconf.Tree, want Server, have Facts, places []spot, checks []checkContext) (candidate, []Problem) {
	for _, at := range places {
		if c := place(base, want, at, nil); len(shadows(c, want, checks)) == 0 {
			return c, nil
		}
	}
	for _, at := range places {
		c := place(base, want, at, nil)
		forced := matchable(shadows(c, want, checks), want, have.Version)
		c = place(base, want, at, forced)
		if len(forced) > 0 && len(shadows(c, want, checks)) == 0 {
			return c, nil
		}
	}
	return takeOver(base, want, have.Version, places[0], checks)
}

// places lists where want.Placement allows our lines, best first.
func places(base sshconf.Tree, dropIn string, want Server, have Facts) ([]spot, *Problem) {
	main := spot{file: base.Main, kind: string(InPlace)}
	if want.Placement == InPlace {
		return []spot{main}, nil
	}
	list := dropIns(have, base, dropIn, ownerOf(want.DropInName))
	switch {
	case want.Placement == DropIn && len(list) == 0:
		return nil, &Problem{Code: NoInclude, Attribute: "placement",
			Text: fmt.Sprintf("no Include outside Match in %s reads a file named %s from a directory that exists or can be made, so a drop-in would be ignored", base.Main, ownerOf(want.DropInName))}
	case want.Placement == DropIn:
		return list, nil
	case len(list) > 0:
		main.kind = "before_include"
	}
	after := len(list)
	if i := slices.IndexFunc(list, func(s spot) bool { return isVendors(s.file) && s.file != dropIn }); i >= 0 && !isVendors(main.file) {
		after = i
	}
	return slices.Insert(list, after, main), nil
}

// makes lists the directory that has to be made first, if there is one.
func (c candidate) makes() []string {
	if c.make == "" {
		return nil
	}
	return []string{c.make}
}

// shadow is a wanted setting that loses in a context.
type shadow struct {
	setting Setting
	context sshconf.Context
	winner  sshconf.Setting
}

// shadows lists what keeps c's settings from being effective in the contexts.
func shadows(c candidate, want Server, contexts []checkContext) []shadow {
	var list []shadow
	for _, at := range contexts {
		r := sshconf.Evaluate(c.tree, at.Context)
		for _, s := range settingsIn(want, at) {
			winners := slices.Concat(r.Winners(s.Keyword), unbearable(r, s, c))
			if bytesAlone(s, at.block) && slices.ContainsFunc(winners, func(w sshconf.Setting) bool { return c.ours(w.Pos) && c.origin[w.Pos.Line] == at.block }) {
				continue
			}
			for _, w := range winners {
				if !c.ours(w.Pos) && (!w.Wins || !means(w, s, c.tree)) {
					list = append(list, shadow{s, at.Context, w})
				}
			}
		}
	}
	return list
}

// unbearable lists the lines of others that sshd does not accept beside s: up to 9.4
// no Subsystem may be named twice.
func unbearable(r sshconf.Result, s Setting, c candidate) []sshconf.Setting {
	if targetOf(s.Keyword) != "Subsystem" || c.tree.Version.AtLeast(9, 5) {
		return nil
	}
	named := func(x sshconf.Setting) bool {
		return len(x.Args) > 0 && slices.ContainsFunc(s.Values, func(v string) bool { return strings.Fields(v)[0] == x.Args[0] })
	}
	return slices.DeleteFunc(slices.Clone(r.Settings(s.Keyword)), func(x sshconf.Setting) bool { return x.Wins || c.ours(x.Pos) || !named(x) })
}

// settingsIn returns the settings that must hold in a context: the global ones
// in the default and the declared contexts, and a Match block's own in the
// context that is a sample of it.
func settingsIn(want Server, at checkContext) []Setting {
	if at.block == global {
		return want.Settings
	}
	return want.Match[at.block].Settings
}

// bytesAlone reports whether s is a RekeyLimit of a Match block of ours that says
// how much and not for how long: sshd takes the time from the global line.
func bytesAlone(s Setting, block int) bool {
	if block == global || targetOf(s.Keyword) != "RekeyLimit" || len(s.Values) != 1 {
		return false
	}
	words := strings.Fields(s.Values[0])
	return len(words) == 1 || len(words) == 2 && words[1] == "none"
}

// means reports whether a line of somebody else says just what s wants, so that
// it may win.
func means(w sshconf.Setting, s Setting, t sshconf.Tree) bool {
	kw, _ := sshconf.Lookup(t.Dialect, s.Keyword)
	if kw.Merge(t.Version) == sshconf.Append || len(s.Values) != 1 {
		return false
	}
	theirs, known := sshconf.Canonical(t.Dialect, s.Keyword, w.Rest, t.Version)
	ours, also := sshconf.Canonical(t.Dialect, s.Keyword, s.Values[0], t.Version)
	if known && also {
		return theirs == ours
	}
	return w.Rest == s.Values[0]
}

// matchable returns the global settings of which every shadow is a Match that a
// Match all of ours in front of it would beat.
func matchable(list []shadow, want Server, v sshconf.Version) []Setting {
	var forced []Setting
	for _, s := range want.Settings {
		kw, _ := sshconf.Lookup(sshconf.Server, s.Keyword)
		of := slices.DeleteFunc(slices.Clone(list), func(x shadow) bool { return x.setting.Attribute != s.Attribute })
		globally := slices.ContainsFunc(of, func(x shadow) bool { return x.winner.Match == "" })
		if len(of) > 0 && !globally && kw.MatchLegal(v) && len(s.Values) == 1 {
			forced = append(forced, s)
		}
	}
	return forced
}

// takeOver comments out, one after the other, the lines that win over ours.
func takeOver(base sshconf.Tree, want Server, v sshconf.Version, at spot, contexts []checkContext) (candidate, []Problem) {
	base = base.Clone()
	var taken []sshconf.Setting
	var rewritten []Problem
	for {
		c := place(base, want, at, nil)
		if forced := matchable(shadows(c, want, contexts), want, v); len(forced) > 0 {
			c = place(base, want, at, forced)
		}
		c.taken = taken
		list := shadows(c, want, contexts)
		if len(list) == 0 {
			return c, rewritten
		}
		if !want.Takeover {
			return c, c.shadowProblems(list)
		}
		rewritten = append(rewritten, c.inSection(base, list[0])...)
		if !commentOut(base, list[0].winner, ownerOf(want.DropInName), c) {
			return c, c.shadowProblems(list[:1])
		}
		taken = append(taken, list[0].winner)
	}
}

// inSection warns of a line that is taken over although another tool writes it
// again.
func (c candidate) inSection(base sshconf.Tree, s shadow) []Problem {
	at := c.before(s.winner.Pos)
	f := sshconf.Parse(base.Dialect, base.Version, base.Files[at.Path])
	sections := f.Sections()
	begin := sshconf.Outside(sections, at.Line-1)
	if begin == at.Line-1 {
		return nil
	}
	return []Problem{{Code: OtherTool, Warning: true, Attribute: s.setting.Attribute, Pos: at,
		Text: fmt.Sprintf("%s %s at %s is taken over, and stands in the section of another tool, which may write it again: %s", s.setting.Keyword, s.winner.Rest, at, strings.TrimSpace(f.Lines[begin].Text()))}}
}

// commentOut takes over the line of base that is w in the candidate c.
func commentOut(base sshconf.Tree, w sshconf.Setting, owner string, c candidate) bool {
	data, ok := base.Files[w.Pos.Path]
	if !ok {
		return false
	}
	at := c.before(w.Pos).Line - 1
	f := sshconf.Parse(base.Dialect, base.Version, data)
	if at < 0 || at >= len(f.Lines) || !strings.EqualFold(f.Lines[at].Keyword, w.Keyword) {
		return false
	}
	f.CommentOut(at, takenMark(owner))
	base.Files[w.Pos.Path] = f.Bytes()
	return true
}

// before returns where a line of somebody else stood before our lines came.
func (c candidate) before(p sshconf.Pos) sshconf.Pos {
	if p.Path != c.file {
		return p
	}
	added := 0
	for own := range c.origin {
		if own < p.Line {
			added++
			if _, continues := c.origin[own-1]; !continues {
				added += 2 // the marks around this block
			}
		}
	}
	p.Line -= added
	return p
}

func (c candidate) shadowProblems(list []shadow) []Problem {
	var problems []Problem
	seen := map[string]bool{}
	for _, s := range list {
		key := s.setting.Attribute + s.winner.Pos.String()
		if seen[key] {
			continue
		}
		seen[key] = true
		problems = append(problems, Problem{Code: Shadowed, Attribute: s.setting.Attribute, Pos: c.before(s.winner.Pos),
			Text: fmt.Sprintf("%s would stay %s because %s", s.setting.Keyword, s.winner.Rest, c.because(s))})
	}
	return problems
}

func (c candidate) because(s shadow) string {
	w := s.winner
	w.Pos = c.before(w.Pos)
	if !w.Wins {
		return w.Pos.String() + " names it as well, which this release refuses"
	}
	return because(w, s.context)
}

// because says why a written value is the effective one.
func because(w sshconf.Setting, at sshconf.Context) string {
	switch {
	case w.Match != "":
		return fmt.Sprintf("%s sets it in Match %s, which beats every line outside Match%s", w.Pos, w.Match, inContext(at))
	default:
		return fmt.Sprintf("%s is read first%s", w.Pos, inContext(at))
	}
}

func inContext(at sshconf.Context) string {
	if at.IsZero() {
		return ""
	}
	return " (for " + Spec(at) + ")"
}

// expectations returns what must be effective once c is in force, and the lines
// of others that lose to ours.
func expectations(c candidate, want Server, have Facts, contexts []checkContext) (expect []Expectation, overridden []sshconf.Pos, problems []Problem) {
	for _, at := range contexts {
		r := sshconf.Evaluate(c.tree, at.Context)
		for _, s := range uniqueKeywords(settingsIn(want, at)) {
			w, ok := r.Winner(s.Keyword)
			if !ok {
				continue
			}
			block := at.block
			if c.ours(w.Pos) {
				block = c.origin[w.Pos.Line]
			}
			values, printed := canonical(have, block, s.Keyword)
			if bytesAlone(s, at.block) {
				values, printed = r.Printed(s.Keyword)
			}
			if printed {
				expect = append(expect, Expectation{at.Context, dumpName(have.Version, s.Keyword), values})
			}
			overridden = append(overridden, losers(r, c, s.Keyword)...)
		}
		for _, d := range r.Depends {
			problems = append(problems, Problem{Code: UncertainGroup, Warning: true, Pos: d.Pos, Text: d.Text})
		}
	}
	sortPositions(overridden)
	return expect, slices.Compact(overridden), uniqueProblems(problems)
}

func sortPositions(list []sshconf.Pos) {
	slices.SortFunc(list, func(a, b sshconf.Pos) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

// exceptions names the Match blocks of others in which a wanted value does not
// hold. They are left alone unless a declared context meets them.
func exceptions(c candidate, want Server) []Problem {
	var problems []Problem
	r := sshconf.Evaluate(c.tree, sshconf.Context{})
	for _, s := range want.Settings {
		forced := slices.ContainsFunc(c.forced, func(f Setting) bool { return f.Keyword == s.Keyword })
		for _, w := range r.Settings(s.Keyword) {
			if w.Match == "" || forced || c.ours(w.Pos) || means(w, s, c.tree) {
				continue
			}
			problems = append(problems, Problem{Code: MatchOverrides, Warning: true, Attribute: s.Attribute, Pos: c.before(w.Pos),
				Text: fmt.Sprintf("%s stays %s in Match %s, at %s", s.Keyword, w.Rest, w.Match, c.before(w.Pos))})
		}
	}
	return problems
}

func uniqueKeywords(settings []Setting) []Setting {
	var out []Setting
	for _, s := range settings {
		if !slices.ContainsFunc(out, func(x Setting) bool { return strings.EqualFold(x.Keyword, s.Keyword) }) {
			out = append(out, s)
		}
	}
	return out
}

func uniqueProblems(problems []Problem) []Problem {
	var out []Problem
	for _, p := range problems {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func losers(r sshconf.Result, c candidate, keyword string) []sshconf.Pos {
	var list []sshconf.Pos
	for _, s := range r.Settings(keyword) {
		if s.Active && !s.Wins && !c.ours(s.Pos) {
			list = append(list, c.before(s.Pos))
		}
	}
	return list
}

// canonical returns what the host's own sshd prints for the value that block
// gives keyword.
func canonical(have Facts, block int, keyword string) ([]string, bool) {
	dump := have.Canonical
	if block != global {
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
func effectiveOf(want Server, v sshconf.Version, expect []Expectation) map[string]string {
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
