package system

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
)

// TestSystemCases runs the decision cases: "want" has attributes with their values, "host"
// what gather.sh reports besides files, and the rest are files in the order in which the
// script lists them.
func TestSystemCases(t *testing.T) {
	plantest.EachCase(t, func(t *testing.T, file string, a *txtar.Archive) {
		want, have, rest := readCase(t, a)
		plan := keepalive.Plan{Problems: Check(want)}
		if len(plan.Problems) == 0 {
			plan = Plan(want, have)
		}
		if plantest.Compare(t, file, a, rest, plan) && !keepalive.HasErrors(plan.Problems) {
			checkLaws(t, want, have, plan)
		}
	})
}

func readCase(t *testing.T, a *txtar.Archive) (want Want, have Facts, rest txtar.Archive) {
	t.Helper()
	have = Facts{Files: map[string][]byte{}, Values: map[string]string{}, Lacks: map[string]string{}, Dirs: []string{"/etc/sysctl.d"}}
	rest.Comment = a.Comment
	for _, f := range a.Files {
		switch {
		case f.Name == "want":
			want = readWant(string(f.Data))
		case f.Name == "host":
			readHost(&have, string(f.Data))
		case strings.HasPrefix(f.Name, "/"):
			have.Files[f.Name] = f.Data
			if strings.Contains(f.Name, "logind.conf") {
				have.Logind = append(have.Logind, f.Name)
			} else {
				have.Sysctl = append(have.Sysctl, f.Name)
			}
			have.Dirs = append(have.Dirs, path.Dir(f.Name))
		default:
			continue
		}
		rest.Files = append(rest.Files, f)
	}
	return want, have, rest
}

func readWant(text string) (want Want) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "id" {
			want.Claim.ID = value
			continue
		}
		for _, a := range Attributes() {
			if a.Name == name {
				want.Settings = append(want.Settings, keepalive.Setting{Attribute: name, Keyword: a.Keyword, Values: []string{value}})
			}
		}
	}
	return want
}

func readHost(have *Facts, text string) {
	for line := range strings.Lines(text) {
		word, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, value, _ := strings.Cut(arg, " ")
		switch word {
		case "image":
			have.Image = true
		case "init":
			have.Init = arg
		case "lacks":
			have.Lacks[name] = value
		case "mount":
			have.Mounts = append(have.Mounts, arg)
		default:
			have.Values[word] = arg
		}
	}
}

// applied is the host after plan.
func applied(have Facts, plan keepalive.Plan) Facts {
	after := have
	for _, c := range plan.Changes {
		after = after.with(c.Path, c.New)
	}
	after.Values = maps.Clone(have.Values)
	after.Dirs = append(slices.Clone(have.Dirs), plan.MakeDirs...)
	for _, x := range plan.Expect {
		if !have.Image {
			after.Values[x.Keyword] = x.Values[0]
		}
	}
	// What no file of others sets, logind has by default.
	for _, keyword := range []string{kill, exclude} {
		if _, set := after.atBoot()[keyword]; !set && have.Values[keyword] != "" {
			after.Values[keyword] = map[string]string{kill: "no"}[keyword]
		}
	}
	return after
}

// checkLaws: the plan after an apply is empty, and a removal leaves every byte and every
// value as it was.
func checkLaws(t *testing.T, want Want, have Facts, plan keepalive.Plan) {
	t.Helper()
	after := applied(have, plan)
	if again := Plan(want, after); len(again.Changes)+len(again.MakeDirs) > 0 || keepalive.HasErrors(again.Problems) {
		t.Errorf("the second plan is not empty: %s", plantest.Describe(again))
	}
	if o := Observe(want, after); len(o.Drift) > 0 || !o.Managed || Mismatch(plan.Expect, after) != nil {
		t.Errorf("drift after the apply: %+v, %v", o, Mismatch(plan.Expect, after))
	}
	if have.owned(SysctlFile).Found || have.owned(LogindFile).Found {
		return
	}
	undo := Restore(after)
	restored := applied(after, undo)
	if !maps.EqualFunc(restored.Files, have.Files, func(a, b []byte) bool { return string(a) == string(b) }) || !maps.Equal(restored.Values, have.Values) {
		t.Errorf("a removal leaves %s %v, not %v", plantest.AsText(restored.Files), restored.Values, have.Values)
	}
	if !slices.Equal(undo.RemoveDirs, plan.MakeDirs) {
		t.Errorf("a removal leaves directories: %v of %v", undo.RemoveDirs, plan.MakeDirs)
	}
}
