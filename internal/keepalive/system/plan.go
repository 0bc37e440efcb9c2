package system

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Where the lines go: into drop-ins of our own, which are read after those of others and
// are removed whole. A later file that would win is refused, with its line: our name does
// not grow to outdo it.

// Plan decides how want gets onto the host that have describes. A plan with a Problem that
// is not a warning must not be carried out.
func Plan(want Want, have Facts) keepalive.Plan {
	plan := keepalive.Plan{ManagedFile: Files(want), Effective: map[string]string{}}
	after := have
	after.Files = maps.Clone(have.Files)
	for _, file := range []string{SysctlFile, LogindFile} {
		edit(&plan, &after, want, have, file)
	}
	expect(&plan, want, have, after)
	plan.Problems = append(refusals(want, have), plan.Problems...)
	plan.Problems = append(plan.Problems, later(want, after)...)
	plan.Problems = append(plan.Problems, warnings(want, After(plan.Expect, have), have)...)
	plan.Problems = append(plan.Problems, keepalive.MountProblems(plan.Paths(), have.Mounts)...)
	return plan
}

// Restore decides how everything is taken back.
func Restore(have Facts) keepalive.Plan {
	plan := Plan(Want{Claim: keepalive.Claim{ID: Holder(have)}}, have)
	plan.Problems = keepalive.MountProblems(plan.Paths(), have.Mounts)
	return plan
}

// Files names the drop-ins that want has lines in.
func Files(want Want) string {
	var files []string
	for _, s := range want.Settings {
		files = append(files, fileOf(s.Keyword))
	}
	return strings.Join(slices.Compact(files), " and ")
}

// Holder is the id of the resource whose drop-ins are there, "" if none are or they have
// none.
func Holder(have Facts) string {
	for _, file := range []string{SysctlFile, LogindFile} {
		if held := have.owned(file); held.ID != "" {
			return held.ID
		}
	}
	return ""
}

// edit writes the lines of want into one of our drop-ins.
func edit(plan *keepalive.Plan, after *Facts, want Want, have Facts, file string) {
	held, old, lines, dir := have.owned(file), have.Files[file], linesOf(want, file), path.Dir(file)
	if !held.Found && (slices.Contains(have.Sysctl, file) || slices.Contains(have.Logind, file)) {
		plan.Problems = append(plan.Problems, keepalive.Problem{Code: NotOurFile, Warning: len(lines) == 0, Text: file + " is there, and this provider did not write it"})
		return
	}
	switch {
	case len(lines) > 0 && !slices.Contains(have.Dirs, dir):
		held.made = []string{dir}
		plan.MakeDirs = append(plan.MakeDirs, dir)
	case len(lines) == 0:
		plan.RemoveDirs = append(plan.RemoveDirs, held.made...)
	}
	maps.DeleteFunc(held.found, func(keyword, _ string) bool { return !wants(want, keyword) })
	before := have.atBoot()
	for _, s := range want.Settings {
		value, known := have.Values[s.Keyword]
		if _, noted := held.found[s.Keyword]; known && !noted && file == SysctlFile && IsKernel(s.Keyword) && !ours(before[s.Keyword].pos.Path) {
			held.found[s.Keyword] = value
		}
	}
	text := held.write(file, want.Claim.ID, lines)
	if as := held.write(file, held.ID, lines); held.Keeps(want.Claim) && bytes.Equal(as, old) {
		text = as
	}
	for _, l := range lines {
		plan.ManagedContent += l + "\n"
	}
	plan.Problems = append(plan.Problems, held.Problems(want.Claim, strings.Join(lines, "\n"), file)...)
	if delete(after.Files, file); text != nil {
		after.Files[file] = text
		after.Sysctl, after.Logind = add(after.Sysctl, file, SysctlFile), add(after.Logind, file, LogindFile)
	}
	if !bytes.Equal(text, old) {
		plan.Changes = append(plan.Changes, keepalive.Change{Path: file, Old: old, New: text})
	}
}

// add puts file in front of list if it is which.
func add(list []string, file, which string) []string {
	if file != which || slices.Contains(list, file) {
		return list
	}
	return append([]string{file}, list...)
}

func wants(want Want, keyword string) bool {
	return slices.ContainsFunc(want.Settings, func(s keepalive.Setting) bool { return s.Keyword == keyword })
}

// expect says which values must be in use: those that are wanted, and of those that no
// longer are, what was noted, else what the remaining files say.
func expect(plan *keepalive.Plan, want Want, have, after Facts) {
	trail := []string{"init=" + have.Init}
	before, next, noted, current := have.atBoot(), after.atBoot(), have.owned(SysctlFile).found, have.current()
	for _, a := range Attributes() {
		value, expected := noted[a.Keyword]
		if l, set := next[a.Keyword]; set && !expected && ours(before[a.Keyword].pos.Path) {
			value, expected = l.value, true
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
		if why == "" && !IsKernel(s.Keyword) {
			why = have.Lacks["logind"]
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
	next, byHand := after.atBoot(), map[string]line{}
	if after.Init == "systemd" {
		read(sysctlConf, after.Files[sysctlConf], byHand)
	}
	for _, s := range want.Settings {
		if l := next[s.Keyword]; l.value != wanted(s) && !ours(l.pos.Path) {
			problems = append(problems, keepalive.Problem{Code: ReadLater, Attribute: s.Attribute, Pos: l.pos,
				Text: fmt.Sprintf("%s sets %s to %q, and is read after %s", l.pos, s.Keyword, l.value, fileOf(s.Keyword))})
		}
		if l, set := byHand[s.Keyword]; set && l.value != wanted(s) {
			problems = append(problems, keepalive.Problem{Code: NotReadNow, Warning: true, Attribute: s.Attribute, Pos: l.pos,
				Text: fmt.Sprintf("%s sets %s to %q: systemd does not read that file, and `sysctl -p` or `sysctl --system` does", l.pos, s.Keyword, l.value)})
		}
	}
	return problems
}
