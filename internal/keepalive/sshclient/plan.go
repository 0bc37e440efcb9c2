// Package sshclient decides about one Host or Match block of an ssh_config. From the
// settings that are wanted and the facts that were observed it computes how the file
// changes, what ssh -G must print afterwards for each probe host, and why. It also
// says what is behind a control socket.
//
// It must not know how facts are got, how a plan is carried out, or that Terraform
// exists.
package sshclient

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Plan decides how want becomes effective for the ssh that have describes.
// have must have been gathered for the same want. A plan with a Problem that is
// not a warning must not be carried out.
func Plan(want Want, have Facts) keepalive.Plan {
	if have.Invalid != "" {
		return keepalive.Plan{Problems: []keepalive.Problem{invalidProblem(have)}}
	}
	for _, at := range have.Contexts {
		if sshconf.EvaluateClient(have.Tree, have.query(at)).Endless {
			return keepalive.Plan{Problems: []keepalive.Problem{sshfile.EndlessProblem(have.Tree.Main)}}
		}
	}
	problems := checkHost(want, have)
	if keepalive.HasErrors(problems) {
		return keepalive.Plan{Problems: problems}
	}
	base, was := bare(have.Tree, have.File, want)
	base, adopted := adoptLines(base, have.File, want)
	c, lost := chooseAs(base, was, want, have)
	list := sshfile.Changes(have.Tree, c.Tree)
	held := ownedLines(have.Tree, have.File, want.Block())
	problems = slices.Concat(problems, obstacleProblems(c, lost, have), held.Problems(want.Claim, settingsOf(c.Content()), want.Block()), keepalive.MountProblems(keepalive.Plan{Changes: list}.Paths(), have.Mounts))
	if keepalive.HasErrors(problems) {
		return keepalive.Plan{Problems: problems}
	}
	plan := keepalive.Plan{
		Changes:        list,
		MakeDirs:       missing(have, sshfile.Union([]string{sshfile.Parent(have.File)}, socketDirs(have))),
		Expect:         expectations(want, have, lost),
		ManagedFile:    c.File,
		ManagedContent: settingsOf(c.Content()),
		Problems:       slices.Concat(problems, c.NewlyAdopted(adopted, have.Tree, want.Block()), Warnings(want, have)),
	}
	plan.Trail = trail(c, have, overriddenLines(c, want, have))
	if len(renderedLines(have.Tree, have.File, want)) > 0 {
		plan.Trail += " takes-rendered=" + have.File
	}
	return plan
}

// Restore decides how owner's block is taken back, so that each file has
// the bytes it had before, or is absent as it was. Directories that were made go
// if they are empty and no other line needs them.
func Restore(owner string, have Facts) keepalive.Plan {
	base, was := strip(have.Tree, have.File, owner)
	dropHeading(base, have.File)
	gone := slices.DeleteFunc(sshfile.Union(was.heading, was.block), func(dir string) bool { return neededByOthers(base, have, dir) })
	list := sshfile.Changes(have.Tree, base)
	slices.SortFunc(gone, func(a, b string) int { return len(b) - len(a) })
	trail := fmt.Sprintf("version=%s restore files=%d", have.Version, len(list))
	if len(gone) > 0 {
		trail += " removes-if-empty=" + strings.Join(gone, ",")
	}
	return keepalive.Plan{Changes: list, RemoveDirs: gone, ManagedFile: have.File, Trail: trail}
}

// neededByOthers reports whether a line that stays puts sockets into dir. If it
// is one of ours, that is noted there.
func neededByOthers(base sshconf.Tree, have Facts, dir string) bool {
	needs := func(l sshconf.Line) bool {
		return l.Is("ControlPath") && len(l.Args) > 0 && strings.HasPrefix(tilde(l.Args[0], have.Home), dir+"/")
	}
	if transferDirNote(base, have.File, dir, needs) {
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
// the host had before, and a plan must not depend on that.
func settingsOf(content string) string {
	var out strings.Builder
	for line := range strings.Lines(content) {
		if !strings.HasPrefix(line, marks.MadeDir) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// expectations returns what must be effective for each probe once the block is
// in force, except where the text does not decide whether the block applies.
func expectations(want Want, have Facts, lost []obstacle) []keepalive.Expectation {
	var list []keepalive.Expectation
	for i, at := range have.Contexts {
		for _, s := range want.Settings {
			open := slices.ContainsFunc(lost, func(l obstacle) bool {
				return l.context == at && l.setting.Keyword == s.Keyword && l.why == undecided
			})
			values := have.dumped(have.Canonical, i, s.Keyword)
			if open || len(values) == 0 && !strings.EqualFold(s.Keyword, "ControlPath") {
				continue
			}
			list = append(list, keepalive.Expectation{Context: at, Keyword: have.dumpName(s.Keyword), Values: values})
		}
	}
	return list
}

// Mismatches returns the expectations that do not hold, as problems.
func Mismatches(expect []keepalive.Expectation, have Facts) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, x := range expect {
		i := slices.Index(have.Contexts, x.Context)
		if got := have.dumped(have.Effective, i, x.Keyword); i < 0 || !have.holds(x.Keyword, got, x.Values) {
			problems = append(problems, keepalive.Problem{Code: keepalive.Drifted,
				Text: fmt.Sprintf("for %s %s is effectively %s, not %s", ProbeName(x.Context), x.Keyword, sshfile.OrUnset(got), sshfile.OrUnset(x.Values))})
		}
	}
	return problems
}

// holds compares what ssh -G prints with what it should. Of a keyword that
// accumulates, lines of others may be there as well.
func (f Facts) holds(keyword string, got, want []string) bool {
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

// overriddenLines lists the lines of others that lose to ours for some probe.
func overriddenLines(c sshfile.Candidate, want Want, have Facts) []sshconf.Pos {
	var list []sshconf.Pos
	for _, at := range have.Contexts {
		r := sshconf.EvaluateClient(c.Tree, have.query(at))
		for _, s := range want.Settings {
			for _, p := range sshfile.LosingLines(r, c, s.Keyword) {
				if !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
		}
	}
	sshfile.SortPositions(list)
	return list
}

func trail(c sshfile.Candidate, have Facts, overridden []sshconf.Pos) string {
	words := []string{"version=" + have.Version.String(), "placement=" + c.Kind, "file=" + c.File, "user=" + have.User}
	for _, at := range have.Contexts {
		words = append(words, "probe="+ProbeName(at))
	}
	return strings.Join(append(words, sshfile.OverrideWords(overridden)...), " ")
}
