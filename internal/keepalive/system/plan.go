package system

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/confdir"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Where the lines go: into drop-ins of our own, which are read after those of others and
// are removed whole. A later file that would win is refused, with its line: our name does
// not grow to outdo it.

// Plan decides how want gets onto the host that have describes. A plan with a Problem that
// is not a warning must not be carried out.
func Plan(want Want, have Facts) keepalive.Plan {
	plan := keepalive.Plan{ManagedFile: Files(want), Effective: map[string]string{}, Problems: refusals(want, have)}
	after := have
	for _, file := range DropIns() {
		after = after.with(file, edit(&plan, want, have, file))
	}
	expect(&plan, want, have, after)
	plan.Problems = slices.Concat(plan.Problems, later(want, after), warnings(want, After(plan.Expect, have), have), keepalive.MountProblems(plan.Paths(), have.Mounts))
	return plan
}

// Restore decides how everything is taken back.
func Restore(have Facts) keepalive.Plan {
	plan := Plan(Want{Claim: keepalive.Claim{ID: Holder(have)}}, have)
	plan.Problems = keepalive.MountProblems(plan.Paths(), have.Mounts)
	return plan
}

// edit plans the lines of want in one of our drop-ins, and returns its text.
func edit(plan *keepalive.Plan, want Want, have Facts, file string) []byte {
	held, old, lines, dir := have.owned(file), have.Files[file], linesOf(want, file), path.Dir(file)
	if !held.Found && slices.Contains(slices.Concat(have.Sysctl, have.Logind), file) {
		plan.Problems = append(plan.Problems, keepalive.Problem{Code: NotOurFile, Warning: len(lines) == 0, Text: file + " is there, and this provider did not write it"})
		return old
	}
	switch {
	case len(lines) == 0:
		plan.RemoveDirs = append(plan.RemoveDirs, held.Made...)
	case !slices.Contains(have.Dirs, dir):
		held.Made = []string{dir}
		plan.MakeDirs = append(plan.MakeDirs, dir)
	}
	used := before(want, have)
	now := text(file, want.Claim.ID, held.Made, used, lines)
	if as := text(file, held.ID, held.Made, used, lines); held.Keeps(want.Claim) && bytes.Equal(as, old) {
		now = as
	}
	for _, l := range lines {
		plan.ManagedContent += l + "\n"
	}
	plan.Problems = append(plan.Problems, held.Problems(want.Claim, strings.Join(lines, "\n"), file)...)
	if !bytes.Equal(now, old) {
		plan.Changes = append(plan.Changes, keepalive.Change{Path: file, Old: old, New: now})
	}
	return now
}

// before is what the kernel used for each keyword of want before our lines came, as noted or
// as it is: a removal sets it again.
func before(want Want, have Facts) map[string]string {
	values, noted, lines := map[string]string{}, have.owned(SysctlFile).Before, have.atBoot()
	for _, s := range want.Settings {
		value, known := noted[s.Keyword]
		if !known && IsKernel(s.Keyword) && !ours(lines[s.Keyword].Pos.Path) {
			value, known = have.Values[s.Keyword]
		}
		if known {
			values[s.Keyword] = value
		}
	}
	return values
}

// expect says which values must be in use: those that are wanted, and of those that no
// longer are, what was noted, else what the remaining files say.
func expect(plan *keepalive.Plan, want Want, have, after Facts) {
	trail := []string{"init=" + have.Init}
	before, next, noted, current := have.atBoot(), after.atBoot(), have.owned(SysctlFile).Before, have.current()
	for _, a := range Attributes() {
		value, expected := noted[a.Keyword]
		if l, set := next[a.Keyword]; set && !expected && ours(before[a.Keyword].Pos.Path) {
			value, expected = l.Value, true
		}
		for _, s := range want.Settings {
			if s.Keyword == a.Keyword {
				value, expected, plan.Effective[s.Keyword] = wanted(s), true, wanted(s)
			}
		}
		if !expected {
			continue
		}
		plan.Expect = append(plan.Expect, keepalive.Expectation{Keyword: a.Keyword, Values: []string{value}})
		if now := current[a.Keyword]; now != value {
			trail = append(trail, fmt.Sprintf("%s=%q->%q", a.Keyword, now, value))
		}
	}
	plan.Trail = strings.Join(trail, " ")
}

// refusals says what the host cannot do.
func refusals(want Want, have Facts) (problems []keepalive.Problem) {
	for _, s := range want.Settings {
		why := have.Lacks[s.Keyword]
		if !IsKernel(s.Keyword) {
			why = cmp.Or(why, have.Lacks["logind"])
		}
		if why != "" {
			problems = append(problems, keepalive.Problem{Code: Unavailable, Attribute: s.Attribute, Text: s.Keyword + " cannot be set: " + why})
		}
	}
	return problems
}

// later says which lines of others win over ours at the next boot, or when `sysctl --system`
// is run.
func later(want Want, after Facts) (problems []keepalive.Problem) {
	next, byHand := after.atBoot(), confdir.Lines{}
	if after.Init == "systemd" {
		byHand = after.read(confdir.SysctlConf)
	}
	for _, s := range want.Settings {
		if l := next[s.Keyword]; l.Value != wanted(s) && !ours(l.Pos.Path) {
			problems = append(problems, keepalive.Problem{Code: ReadLater, Attribute: s.Attribute, Pos: l.Pos,
				Text: fmt.Sprintf("%s sets %s to %q, and is read after %s", l.Pos, s.Keyword, l.Value, fileOf(s.Keyword))})
		}
		if l, set := byHand[s.Keyword]; set && l.Value != wanted(s) {
			problems = append(problems, keepalive.Problem{Code: NotReadNow, Warning: true, Attribute: s.Attribute, Pos: l.Pos,
				Text: fmt.Sprintf("%s sets %s to %q: systemd does not read that file, and `sysctl -p` or `sysctl --system` does", l.Pos, s.Keyword, l.Value)})
		}
	}
	return problems
}
