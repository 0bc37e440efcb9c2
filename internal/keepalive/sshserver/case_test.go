package sshserver

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestServerCases runs the decision cases. A case is a txtar archive: its
// comment is the sentence of specification, "want" the wishes, each file with an
// absolute path a file of the host, "plan" the decision, and each "new PATH" a
// file as the plan leaves it ("gone PATH" is empty: the file is removed).
func TestServerCases(t *testing.T) { plantest.EachCase(t, runCase) }

func runCase(t *testing.T, file string, a *txtar.Archive) {
	t.Helper()
	want, tree, version, rest := readCase(t, a)
	groups := readGroups(t, a)
	plan := Plan(want, groups.facts(tree, want))
	t.Logf("version %s", version)
	if plantest.Compare(t, file, a, rest, plan) && !keepalive.HasErrors(plan.Problems) {
		checkLaws(t, want, tree, plan, groups)
	}
}

// groups says which Match lines apply in a context because of who is in which group
// of the host: "in CONTEXT: CRITERIA".
type groups map[sshconf.Context]map[string]bool

func readGroups(t *testing.T, a *txtar.Archive) groups {
	t.Helper()
	g := groups{}
	for _, f := range a.Files {
		for line := range strings.Lines(string(f.Data)) {
			spec, criteria, ok := strings.Cut(strings.TrimSpace(line), ": ")
			if spec, in := strings.CutPrefix(spec, "in "); f.Name == "want" && ok && in {
				at := readContext(t, spec)
				if g[at] == nil {
					g[at] = map[string]bool{}
				}
				g[at][criteria] = true
			}
		}
	}
	return g
}

// facts are those of a host whose sshd is our own evaluator.
func (g groups) facts(tree sshconf.Tree, want Want) Facts {
	have := pureFacts(tree, want)
	for i, c := range have.Contexts {
		holds := g[c]
		if holds == nil {
			continue
		}
		have.Effective[i] = dumpOf(sshconf.EvaluateAssuming(tree, c, holds), tree.Version)
	}
	return have
}

// checkLaws holds for every plan without an error: what was wanted is what an
// evaluation of the candidate reads, planning again changes nothing, and
// restoring gives back every byte.
func checkLaws(t *testing.T, want Want, before sshconf.Tree, plan keepalive.Plan, g groups) {
	t.Helper()
	after := before.Clone()
	for _, c := range plan.Changes {
		if c.New == nil {
			delete(after.Files, c.Path)
		} else {
			after.Files[c.Path] = c.New
		}
	}
	have := g.facts(after, want)
	for _, x := range plan.Expect {
		if got := have.Effective[slices.Index(have.Contexts, x.Context)][x.Keyword]; !sshconf.Same(sshconf.Server, x.Keyword, got, x.Values, have.Version) {
			t.Errorf("%s is %v, not %v%s", x.Keyword, got, x.Values, sshfile.InContext(x.Context))
		}
	}
	if o := Observe(want, have); len(o.Drift) > 0 {
		t.Errorf("after the plan there is drift: %v", o.Drift)
	}
	again := Plan(want, have)
	if len(again.Changes) > 0 || keepalive.HasErrors(again.Problems) {
		t.Errorf("planning again is not empty: %+v", again)
	}
	base, _ := bare(before, want)
	restored := after.Clone()
	for _, c := range Restore(want.DropInName, have).Changes {
		if c.New == nil {
			delete(restored.Files, c.Path)
		} else {
			restored.Files[c.Path] = c.New
		}
	}
	if diff := cmp.Diff(plantest.AsText(base.Files), plantest.AsText(restored.Files)); diff != "" {
		t.Errorf("restored files differ (-before +restored):\n%s", diff)
	}
}

// readCase splits an archive into wishes, the host's tree, and what is kept when
// the expectations are rewritten. In host files "\r" at the end of a line stands
// for CR, and a last line "\c" for a missing final newline.
func readCase(t *testing.T, a *txtar.Archive) (Want, sshconf.Tree, sshconf.Version, txtar.Archive) {
	t.Helper()
	want := Want{Takeover: true}
	tree := sshconf.Tree{Dialect: sshconf.Server, Version: sshconf.Version{Major: 9, Minor: 2},
		Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: map[string][]byte{}}
	rest := txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		switch {
		case f.Name == "want":
			for line := range strings.Lines(string(f.Data)) {
				readWish(t, &want, &tree, strings.TrimSpace(line))
			}
		case strings.HasPrefix(f.Name, "/"):
			tree.Files[f.Name] = plantest.UnescapeCR(f.Data)
		default:
			continue
		}
		rest.Files = append(rest.Files, f)
	}
	return want, tree, tree.Version, rest
}

func readWish(t *testing.T, want *Want, tree *sshconf.Tree, line string) {
	t.Helper()
	word, arg, _ := strings.Cut(line, " ")
	switch word {
	case "", "in":
	case "version":
		tree.Version = plantest.ParseVersion(t, arg)
	case "no-gssapi":
		tree.NoGSSAPI = true
	case "placement":
		want.Placement = Placement(arg)
	case "takeover":
		want.Takeover = arg == "yes"
	case "adopt_lines":
		want.Claim.Adopt = arg == "yes"
	case "drop_in_name":
		want.DropInName = arg
	case "profile":
		want.Profile = arg
	case "connecting":
		by := strings.Fields(arg)
		want.ConnectingUser, want.ConnectingBy = by[0], by[1:]
	case "longest_task":
		mustScan(t, arg, &want.LongestTask)
	case "idle_limit":
		mustScan(t, arg, &want.IdleLimit)
	case "context":
		want.Contexts = append(want.Contexts, readContext(t, arg))
	case "match":
		criteria, setting, _ := strings.Cut(arg, ": ")
		if n := len(want.Match); n == 0 || want.Match[n-1].Criteria != criteria {
			want.Match = append(want.Match, Match{Criteria: criteria})
		}
		m := &want.Match[len(want.Match)-1]
		m.Settings = addWish(m.Settings, fmt.Sprintf("match[%d].", len(want.Match)-1), setting)
	default:
		want.Settings = addWish(want.Settings, "", line)
	}
}

func addWish(settings []keepalive.Setting, prefix, line string) []keepalive.Setting {
	f := sshconf.Parse(sshconf.Server, sshconf.Version{Major: 10, Minor: 5}, []byte(line))
	return language().AddLine(settings, prefix, f.Lines[0], sshconf.Version{})
}

func readContext(t *testing.T, arg string) sshconf.Context {
	t.Helper()
	var c sshconf.Context
	for item := range strings.SplitSeq(arg, ",") {
		name, value, _ := strings.Cut(item, "=")
		switch name {
		case "user":
			c.User = value
		case "host":
			c.Host = value
		case "addr":
			c.Address = value
		case "laddr":
			c.LocalAddress = value
		case "lport":
			mustScan(t, value, &c.LocalPort)
		}
	}
	return c
}

func mustScan(t *testing.T, text string, into any) {
	t.Helper()
	if _, err := fmt.Sscan(text, into); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}

// pureFacts are the facts of a host whose sshd is our own evaluator.
func pureFacts(tree sshconf.Tree, want Want) Facts {
	want = want.ForRelease(tree.Version)
	have := Facts{Version: tree.Version, Tree: tree, Contexts: ContextsOf(want), Canonical: sshconf.Dump{}}
	have.IncludeDirs = includeDirs(tree)
	have.CloudInit = tree.Files["/usr/bin/cloud-init"] != nil
	for _, c := range have.Contexts {
		r := sshconf.Evaluate(tree, c)
		have.Effective = append(have.Effective, dumpOf(r, tree.Version))
	}
	for i, w := range WantedTexts(want) {
		alone := sshconf.Tree{Dialect: sshconf.Server, Version: tree.Version, NoGSSAPI: tree.NoGSSAPI, Main: "/want", Dir: "/",
			Files: map[string][]byte{"/want": []byte(sshfile.Join(w.Lines))}}
		d := dumpOf(sshconf.Evaluate(alone, sshconf.Context{}), tree.Version)
		if i == 0 {
			have.Canonical = d
		} else {
			have.MatchCanonical = append(have.MatchCanonical, d)
		}
	}
	return have
}

// includeDirs are the directories of drop-ins. The usual one is there without any,
// but not where the vendor has one of its own.
func includeDirs(tree sshconf.Tree) []string {
	var dirs []string
	usual := true
	for name := range tree.Files {
		usual = usual && !strings.HasPrefix(name, "/usr/etc/")
		if dir := filepath.Dir(name); strings.HasSuffix(dir, ".d") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	if usual && !slices.Contains(dirs, "/etc/ssh/sshd_config.d") {
		dirs = append(dirs, "/etc/ssh/sshd_config.d")
	}
	return dirs
}

func dumpOf(r sshconf.Result, v sshconf.Version) sshconf.Dump {
	d := sshconf.Dump{}
	for _, kw := range sshconf.Keywords(sshconf.Server) {
		if kw.AliasOf != "" && !strings.EqualFold(kw.DumpName(sshconf.Server, v), kw.Name) {
			continue // printed by its new name only
		}
		if lines, ok := r.Printed(kw.Name); ok {
			d[strings.ToLower(kw.Name)] = lines
			continue
		}
		for _, w := range r.Winners(kw.Name) {
			value := w.Rest
			if printed, ok := sshconf.Canonical(sshconf.Server, kw.Name, value, v); ok {
				value = printed
			}
			d[strings.ToLower(kw.Name)] = append(d[strings.ToLower(kw.Name)], value)
		}
	}
	return d
}
