package keepalive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// PlanClient decides how want becomes effective for the ssh that have describes.
// have must have been gathered for the same want. A plan with a Problem that is
// no warning must not be carried out.
func PlanClient(want Client, have ClientFacts) Plan {
	if have.Invalid != "" {
		return Plan{Problems: []Problem{invalidClient(have)}}
	}
	for _, at := range have.Contexts {
		if sshconf.EvaluateClient(have.Tree, have.query(at)).Endless {
			return Plan{Problems: []Problem{endless(have.Tree.Main)}}
		}
	}
	problems := checkClientHost(want, have)
	if failed(problems) {
		return Plan{Problems: problems}
	}
	c, lost := chooseClientAs(want, have)
	list := changes(have.Tree, c.Tree)
	held := holdingClient(have.Tree, have.File, want.Block())
	problems = slices.Concat(problems, lossProblems(c, lost, have), held.problems(want.Claim, settingsOf(c.Content()), want.Block()), mounted(Plan{Changes: list}.Paths(), have.Mounts))
	if failed(problems) {
		return Plan{Problems: problems}
	}
	plan := Plan{
		Changes:        list,
		MakeDirs:       missing(have, union([]string{parent(have.File)}, socketDirs(have))),
		Expect:         expectClient(want, have, lost),
		ManagedFile:    c.File,
		ManagedContent: settingsOf(c.Content()),
		Problems:       append(problems, ClientWarnings(want, have)...),
	}
	plan.Trail = trailClient(c, have, overriddenClient(c, want, have))
	return plan
}

// RestoreClient decides how owner's block is taken back, so that each file has
// the bytes it had before, or is absent as it was. Directories that were made go
// if they are empty and no other line needs them.
func RestoreClient(owner string, have ClientFacts) Plan {
	base, was := stripClient(have.Tree, have.File, owner)
	dropHeading(base, have.File)
	gone := slices.DeleteFunc(union(was.heading, was.block), func(dir string) bool { return neededByOthers(base, have, dir) })
	list := changes(have.Tree, base)
	slices.SortFunc(gone, func(a, b string) int { return len(b) - len(a) })
	trail := fmt.Sprintf("version=%s restore files=%d", have.Version, len(list))
	if len(gone) > 0 {
		trail += " removes-if-empty=" + strings.Join(gone, ",")
	}
	return Plan{Changes: list, RemoveDirs: gone, ManagedFile: have.File, Trail: trail}
}

// neededByOthers reports whether a line that stays puts sockets into dir. If it
// is one of ours, that is noted there.
func neededByOthers(base sshconf.Tree, have ClientFacts, dir string) bool {
	needs := func(l sshconf.Line) bool {
		return l.Is("ControlPath") && len(l.Args) > 0 && strings.HasPrefix(tilde(l.Args[0], have.Home), dir+"/")
	}
	if handOver(base, have.File, dir, needs) {
		return true
	}
	for _, data := range base.Files {
		if slices.ContainsFunc(sshconf.Parse(base.Dialect, base.Version, data).Lines, needs) {
			return true
		}
	}
	return false
}

func tilde(p, home string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok {
		return home + "/" + rest
	}
	return p
}

// settingsOf drops the notes on directories from our lines: they depend on what
// the host had before, which is no concern of who reads a plan.
func settingsOf(content string) string {
	var out strings.Builder
	for line := range strings.Lines(content) {
		if !strings.HasPrefix(line, madeMark) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// expectClient returns what must be effective for each probe once the block is
// in force, except where the text does not decide whether the block applies.
func expectClient(want Client, have ClientFacts, lost []loss) []Expectation {
	var list []Expectation
	for i, at := range have.Contexts {
		for _, s := range want.Settings {
			open := slices.ContainsFunc(lost, func(l loss) bool {
				return l.context == at && l.setting.Keyword == s.Keyword && l.why == undecided
			})
			values := have.dumped(have.Canonical, i, s.Keyword)
			if open || len(values) == 0 && !strings.EqualFold(s.Keyword, "ControlPath") {
				continue
			}
			list = append(list, Expectation{at, have.dumpName(s.Keyword), values})
		}
	}
	return list
}

// UnmetClient returns the expectations that do not hold, as problems.
func UnmetClient(expect []Expectation, have ClientFacts) []Problem {
	var problems []Problem
	for _, x := range expect {
		i := slices.Index(have.Contexts, x.Context)
		if got := have.dumped(have.Effective, i, x.Keyword); i < 0 || !have.holds(x.Keyword, got, x.Values) {
			problems = append(problems, Problem{Code: Drifted,
				Text: fmt.Sprintf("for %s %s is effectively %s, not %s", ProbeName(x.Context), x.Keyword, orUnset(got), orUnset(x.Values))})
		}
	}
	return problems
}

// holds compares what ssh -G prints with what it should. Of a keyword that
// accumulates, lines of others may be there as well.
func (f ClientFacts) holds(keyword string, got, want []string) bool {
	if !accumulating(keyword, f.Version) {
		return sshconf.Same(sshconf.Client, keyword, got, want, f.Version)
	}
	for _, line := range want {
		if !slices.ContainsFunc(got, func(g string) bool {
			return sshconf.Same(sshconf.Client, keyword, []string{g}, []string{line}, f.Version)
		}) {
			return false
		}
	}
	return true
}

// overriddenClient lists the lines of others that lose to ours for some probe.
func overriddenClient(c Candidate, want Client, have ClientFacts) []sshconf.Pos {
	var list []sshconf.Pos
	for _, at := range have.Contexts {
		r := sshconf.EvaluateClient(c.Tree, have.query(at))
		for _, s := range want.Settings {
			for _, p := range losers(r, c, s.Keyword) {
				if !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
		}
	}
	sortPositions(list)
	return list
}

func trailClient(c Candidate, have ClientFacts, overridden []sshconf.Pos) string {
	words := []string{"version=" + have.Version.String(), "placement=" + c.Kind, "file=" + c.File, "user=" + have.User}
	for _, at := range have.Contexts {
		words = append(words, "probe="+ProbeName(at))
	}
	return strings.Join(append(words, overrides(overridden)...), " ")
}
