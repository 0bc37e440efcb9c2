package sshclient

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestClientCases runs the decision cases of testdata/plan. They are written
// as those of sshserver; their wishes begin with the block ("Host db*",
// "Match ..."), "file" names the managed file, "probe" a probe host, "dir" an
// existing directory, "mode" the mode of a file, and every other line is a
// setting. The user is bob with the home /home/bob.
func TestClientCases(t *testing.T) { plantest.EachCase(t, runClientCase) }

func runClientCase(t *testing.T, file string, a *txtar.Archive) {
	t.Helper()
	c := readClientCase(t, a)
	problems := Check(c.want)
	var plan keepalive.Plan
	if !keepalive.HasErrors(problems) {
		plan = Plan(c.want, c.facts())
	}
	plan.Problems = append(problems, plan.Problems...)
	if plantest.Compare(t, file, a, c.rest, plan) && !keepalive.HasErrors(plan.Problems) {
		checkClientLaws(t, c.clientHost, c.want, plan)
	}
}

// clientHost is a host whose ssh is our own evaluator.
type clientHost struct {
	tree sshconf.Tree
	file string
	dirs []string
	mode map[string]uint32
	want Want
}

type clientCase struct {
	clientHost
	rest txtar.Archive
}

func (h clientHost) facts() Facts { return h.factsFor(h.want) }

func (h clientHost) factsFor(want Want) Facts {
	have := Facts{
		Version: h.tree.Version, Tree: h.tree, File: h.file, System: strings.HasPrefix(h.file, "/etc/"),
		User: "bob", UID: 1000, Home: "/home/bob", SocketName: linuxSocket, Contexts: ProbesOf(want), Stats: map[string]Stat{},
	}
	for _, dir := range h.dirs {
		for d := dir; d != "/"; d = path.Dir(d) {
			have.Stats[d] = Stat{0o700, 1000}
		}
	}
	for name := range h.tree.Files {
		have.Stats[name] = Stat{0o600, 1000}
		if have.System {
			have.Stats[name] = Stat{0o644, 0}
		}
	}
	for name, mode := range h.mode {
		have.Stats[name] = Stat{mode, have.Stats[name].UID}
	}
	alone := sshconf.Tree{Dialect: sshconf.Client, Version: h.tree.Version, Main: "/want", Dir: "/",
		Files: map[string][]byte{"/want": []byte(sshfile.Join(Text(want).Lines))}}
	for _, at := range have.Contexts {
		have.Effective = append(have.Effective, clientDump(h.tree, have.query(at)))
		have.Canonical = append(have.Canonical, clientDump(alone, have.query(at)))
	}
	return have
}

// clientDump prints what is set, and three of ssh's own defaults.
func clientDump(t sshconf.Tree, q sshconf.ClientQuery) sshconf.Dump {
	d := sshconf.Dump{"serveraliveinterval": {"0"}, "serveralivecountmax": {"3"}, "controlmaster": {"false"}}
	r := sshconf.EvaluateClient(t, q)
	for _, keyword := range r.Keywords() {
		lines, known := r.Printed(keyword)
		if !known {
			lines = nil
			for _, w := range r.Winners(keyword) {
				lines = append(lines, w.Rest)
			}
		}
		if keyword == "controlpath" && len(lines) > 0 {
			p := strings.NewReplacer("%C", strings.Repeat("c", hashLength), "%h", q.Host).Replace(tilde(lines[0], q.Home))
			if lines = []string{p}; p == "none" {
				lines = nil
			}
		}
		if len(lines) > 0 {
			d[keyword] = lines
		}
	}
	return d
}

func (h clientHost) after(plan keepalive.Plan) clientHost {
	h.tree = h.tree.Clone()
	applyChanges(h.tree, plan.Changes)
	h.dirs = append(append([]string{}, h.dirs...), plan.MakeDirs...)
	return h
}

func applyChanges(t sshconf.Tree, list []keepalive.Change) {
	for _, c := range list {
		if c.New == nil {
			delete(t.Files, c.Path)
		} else {
			t.Files[c.Path] = c.New
		}
	}
}

// checkClientLaws holds for every plan without an error: what was wanted is what
// an evaluation of the candidate reads, planning again changes nothing, and
// restoring gives back every byte.
func checkClientLaws(t *testing.T, h clientHost, want Want, plan keepalive.Plan) {
	t.Helper()
	after := h.after(plan)
	have := after.factsFor(want)
	if o := Observe(want, have); len(o.Drift) > 0 || !o.Managed {
		t.Errorf("after the plan there is drift: %+v", o)
	}
	for _, p := range Mismatches(plan.Expect, have) {
		t.Errorf("after the plan: %s", p.Text)
	}
	again := Plan(want, have)
	if len(again.Changes)+len(again.MakeDirs) > 0 || keepalive.HasErrors(again.Problems) || again.ManagedContent != plan.ManagedContent {
		t.Errorf("planning again is not empty: %+v", again)
	}
	restore := Restore(want.Block(), have)
	restored := after.after(restore)
	base, _ := bare(h.tree, h.file, want)
	dropHeading(base, h.file)
	if diff := cmp.Diff(plantest.AsText(base.Files), plantest.AsText(restored.tree.Files)); diff != "" {
		t.Errorf("restored files differ (-before +restored):\n%s", diff)
	}
	for _, dir := range plan.MakeDirs {
		if !strings.Contains(strings.Join(restore.RemoveDirs, "\n")+"\n", dir+"\n") {
			t.Errorf("%s was made and would not be removed: %v", dir, restore.RemoveDirs)
		}
	}
	if adopted, ok := Adopt(want.Block(), have); !ok || len(adopted.Settings) != len(want.Settings) {
		t.Errorf("adopted %+v", adopted)
	}
}

func readClientCase(t *testing.T, a *txtar.Archive) clientCase {
	t.Helper()
	c := clientCase{rest: txtar.Archive{Comment: a.Comment}}
	c.file, c.dirs, c.mode = "/home/bob/.ssh/config", []string{"/home/bob/.ssh", "/etc/ssh/ssh_config.d"}, map[string]uint32{}
	c.tree = sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Version{Major: 9, Minor: 2}, Main: "/home/bob/.ssh/config",
		System: "/etc/ssh/ssh_config", Dir: "/etc/ssh", Files: map[string][]byte{}}
	for _, f := range a.Files {
		switch {
		case f.Name == "want":
			for line := range strings.Lines(string(f.Data)) {
				c.readWish(t, strings.TrimSpace(line))
			}
		case strings.HasPrefix(f.Name, "/"):
			c.tree.Files[f.Name] = plantest.UnescapeCR(f.Data)
		default:
			continue
		}
		c.rest.Files = append(c.rest.Files, f)
	}
	return c
}

func (c *clientCase) readWish(t *testing.T, line string) {
	t.Helper()
	word, arg, _ := strings.Cut(line, " ")
	switch word {
	case "":
	case "version":
		c.tree.Version = plantest.ParseVersion(t, arg)
	case "file":
		if c.file = arg; !strings.HasPrefix(arg, "/home/bob/.ssh") && !strings.HasPrefix(arg, "/etc/ssh") {
			c.tree.Main, c.tree.System = arg, ""
		}
	case "probe":
		c.want.ProbeHosts = append(c.want.ProbeHosts, arg)
	case "dir":
		c.dirs = append(c.dirs, arg)
	case "nodirs":
		c.dirs = []string{"/home/bob", "/etc/ssh"}
	case "mode":
		name, octal, _ := strings.Cut(arg, " ")
		var mode uint32
		for _, digit := range octal {
			mode = mode*8 + uint32(digit-'0')
		}
		c.mode[name] = mode
	case "adopt_lines":
		c.want.Claim.Adopt = arg == "yes"
	case "Host", "Match":
		c.want, _ = ParseBlock(line)
	default:
		f := sshconf.Parse(sshconf.Client, sshconf.Version{Major: 10, Minor: 5}, []byte(line))
		rest := strings.TrimSpace(strings.TrimPrefix(line, f.Lines[0].Keyword))
		n := len(c.want.Settings)
		c.want.Settings = language().AddLine(c.want.Settings, "", f.Lines[0], sshconf.Version{})
		if len(c.want.Settings) > n {
			c.want.Settings[n].Values = []string{rest} // with what looks like a comment
		}
	}
}
