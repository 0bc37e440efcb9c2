package sshserver

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// maker writes configuration trees and wishes of every awkward kind.
type maker struct{ *rand.Rand }

func pick[T any](m maker, of ...T) T { return of[m.IntN(len(of))] }

func (m maker) line() string {
	keyword := pick(m, "ClientAliveInterval", "clientaliveinterval", "ClientAliveCountMax", "TCPKeepAlive", "X11Forwarding", "MaxSessions", "MaxStartups", "AcceptEnv", "LoginGraceTime", "PermitRootLogin")
	value := map[string]string{
		"clientaliveinterval": pick(m, "0", "15", "2m", "1h30m"), "clientalivecountmax": pick(m, "1", "3", "50"),
		"tcpkeepalive": pick(m, "yes", "no"), "x11forwarding": pick(m, "yes", "no"), "maxsessions": pick(m, "1", "10"),
		"maxstartups": pick(m, "10:30:100", "5"), "acceptenv": pick(m, "LANG", "LC_* FOO"),
		"logingracetime": pick(m, "30", "2m"), "permitrootlogin": pick(m, "yes", "prohibit-password"),
	}[strings.ToLower(keyword)]
	return pick(m, "", "\t", "  ") + keyword + pick(m, " ", "\t", "=", " = ") + value + pick(m, "", " # note", "  ")
}

func (m maker) matchLine() string {
	return "\t" + pick(m, "ClientAliveInterval 7", "ClientAliveCountMax 9", "X11Forwarding no", "MaxSessions 4", "PermitRootLogin no")
}

func (m maker) file(includes bool) string {
	var lines []string
	for range m.IntN(5) {
		lines = append(lines, pick(m, m.line(), m.line(), "# comment", "", "\t# indented"))
	}
	if includes && m.IntN(4) > 0 {
		at := m.IntN(len(lines) + 1)
		include := pick(m, "Include /etc/ssh/sshd_config.d/*.conf", "include sshd_config.d/*.conf", `Include "/etc/ssh/sshd_config.d/*.conf"`)
		lines = append(lines[:at], append([]string{include}, lines[at:]...)...)
	}
	for range m.IntN(3) {
		lines = append(lines, pick(m, "", "# about it"), "Match "+pick(m, "User git", "User bob,git", "Address 10.0.0.0/8", "all", "Host *.example", "Group wheel"))
		for range 1 + m.IntN(2) {
			lines = append(lines, m.matchLine())
		}
	}
	if m.IntN(3) == 0 {
		from, marks := m.IntN(len(lines)+1), pick(m, [2]string{"# BEGIN ANSIBLE MANAGED BLOCK", "# END ANSIBLE MANAGED BLOCK"}, [2]string{"#### corp. Do not edit. ####", "#### End corp ####"})
		lines = slices.Insert(lines, from, marks[0])
		lines = slices.Insert(lines, from+1+m.IntN(len(lines)-from), marks[1])
	}
	eol := pick(m, "\n", "\n", "\n", "\r\n")
	return strings.Join(lines, eol) + pick(m, eol, eol, "")
}

func (m maker) tree(v sshconf.Version) sshconf.Tree {
	t := sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: map[string][]byte{}}
	t.Files[t.Main] = []byte(m.file(true))
	for _, name := range []string{"00-aaa.conf", "50-cloud-init.conf", "99-z.conf"} {
		if m.IntN(2) == 0 {
			t.Files["/etc/ssh/sshd_config.d/"+name] = []byte(m.file(false))
		}
	}
	return t
}

func (m maker) want() Want {
	want := Want{Takeover: m.IntN(4) > 0, Placement: pick(m, "", Auto, InPlace, DropIn), Claim: keepalive.Claim{Adopt: m.IntN(4) == 0, ID: pick(m, "", "0123456789abcdef", keepalive.ImageID)}}
	add := func(lines ...string) {
		if m.IntN(2) == 0 {
			for _, l := range lines {
				want.Settings = addWish(want.Settings, "", l)
			}
		}
	}
	add("ClientAliveInterval " + pick(m, "60", "1m", "0"))
	add("ClientAliveCountMax 3")
	add("TCPKeepAlive no")
	add("MaxStartups 100:30:200")
	add("AcceptEnv LANG", "AcceptEnv TERM")
	add("X11Forwarding no")
	if m.IntN(3) == 0 {
		for i, criteria := range []string{"User git", "Address 10.1.0.0/16"}[:1+m.IntN(2)] {
			settings := addWish(nil, fmt.Sprintf("match[%d].", i), "ClientAliveInterval 30")
			want.Match = append(want.Match, Match{Criteria: criteria, Settings: settings})
		}
	}
	if m.IntN(3) == 0 {
		want.Contexts = append(want.Contexts, sshconf.Context{User: pick(m, "bob", "git", "carol"), Host: "h.example", Address: "10.9.9.9"})
	}
	return want
}

func (m maker) version() sshconf.Version {
	return pick(m, sshconf.Version{Major: 8, Minor: 4}, sshconf.Version{Major: 9, Minor: 2}, sshconf.Version{Major: 10, Minor: 0}, sshconf.Version{Major: 8, Minor: 0})
}

// TestPlanLaws: what was planned is what an evaluation reads, planning again is
// empty, restoring gives back every byte, and lines of others are commented out
// or left alone, never changed.
func TestPlanLaws(t *testing.T) {
	planned, refused, uncertain := 0, 0, 0
	for seed := range 4000 {
		m := maker{rand.New(rand.NewPCG(uint64(seed), 1))}
		want, tree := m.want(), m.tree(m.version())
		if sshconf.Evaluate(tree, sshconf.Context{}).Refused() {
			continue
		}
		in := m.groups(want)
		plan := Plan(want, in.facts(tree, want))
		if keepalive.HasErrors(plan.Problems) {
			refused++
			continue
		}
		planned++
		othersKeep(t, want, tree, plan)
		onlyCommentsOut(t, plan)
		outsideSections(t, tree, plan)
		if slices.ContainsFunc(plan.Problems, func(p keepalive.Problem) bool { return p.Code == keepalive.UncertainGroup }) {
			// What is not proven shows once the plan is in force.
			uncertain++
			tree = carriedOut(tree, plan)
			if plan = Plan(want, in.facts(tree, want)); keepalive.HasErrors(plan.Problems) {
				continue // a line that may not be taken over turned out to win
			}
		}
		checkLaws(t, want, tree, plan, in)
		if t.Failed() {
			t.Fatalf("seed %d, version %s, want %+v, main %q, plan %+v", seed, tree.Version, want, tree.Files[tree.Main], plan)
		}
	}
	t.Logf("%d trees planned, %d of them in two steps, %d refused", planned, uncertain, refused)
	if planned < 1000 || uncertain == 0 || uncertain > planned/20 {
		t.Errorf("%d trees were planned, %d of them in two steps", planned, uncertain)
	}
}

// groups puts the users of the contexts into the group or not.
func (m maker) groups(want Want) groups {
	in := groups{}
	for _, c := range ContextsOf(want) {
		if c.User != "" {
			in[c] = map[string]bool{"Group wheel": m.IntN(2) == 0}
		}
	}
	return in
}

// carriedOut is the tree once a plan is in force.
func carriedOut(before sshconf.Tree, plan keepalive.Plan) sshconf.Tree {
	after := before.Clone()
	for _, c := range plan.Changes {
		if after.Files[c.Path] = c.New; c.New == nil {
			delete(after.Files, c.Path)
		}
	}
	return after
}

// othersKeep: in a context that is not declared, a Match of others keeps the value
// that it had, or a warning says that it lost it.
func othersKeep(t *testing.T, want Want, before sshconf.Tree, plan keepalive.Plan) {
	t.Helper()
	after := carriedOut(before, plan)
	for _, at := range []sshconf.Context{{User: "bob"}, {User: "git"}, {User: "zoe", Address: "10.3.3.3"}, {Host: "x.example"}} {
		ours := slices.ContainsFunc(want.Match, func(m Match) bool { return criteria.Accepts(m.Criteria, at, before.Version) })
		if ours || slices.Contains(want.Contexts, at) {
			continue
		}
		was, is := sshconf.Evaluate(before, at), sshconf.Evaluate(after, at)
		for _, s := range want.Settings {
			w, _ := was.Winner(s.Keyword)
			if w.Match == "" || w.Match == "all" || sshfile.SameMeaning(w, s, before) {
				continue
			}
			if now, _ := is.Winner(s.Keyword); now.Match == w.Match && now.Rest == w.Rest {
				continue
			}
			if !slices.ContainsFunc(plan.Problems, func(p keepalive.Problem) bool { return p.Code == OthersLoseValue && p.Pos == w.Pos }) {
				t.Errorf("%s: Match %s loses %s %s, at %s, without a word", keepalive.ContextSpec(at), w.Match, w.Keyword, w.Rest, w.Pos)
			}
		}
	}
}

// onlyCommentsOut: without our lines and marks a changed file is what it was.
func onlyCommentsOut(t *testing.T, plan keepalive.Plan) {
	t.Helper()
	for _, c := range plan.Changes {
		if c.Old == nil {
			continue
		}
		var rest []string
		inside := false
		for line := range strings.Lines(string(c.New)) {
			switch {
			case strings.HasPrefix(line, "# BEGIN sshkeepalive"):
				inside = true
			case strings.HasPrefix(line, "# END sshkeepalive"):
				inside = false
			case !inside:
				rest = append(rest, strings.TrimPrefix(line, marks.Takeover(DefaultDropIn)))
			}
		}
		was := strings.TrimRight(string(c.Old), "\r\n")
		if got := strings.TrimRight(strings.Join(rest, ""), "\r\n"); got != was {
			t.Errorf("%s: foreign text changed\nwas %q\nnow %q", c.Path, was, got)
		}
	}
}

// outsideSections: nothing of ours stands between the marks of another tool.
func outsideSections(t *testing.T, before sshconf.Tree, plan keepalive.Plan) {
	t.Helper()
	for _, c := range plan.Changes {
		f := sshconf.Parse(sshconf.Server, before.Version, c.New)
		for _, s := range f.Sections() {
			if _, ours := marks.BlockOwner(f.Lines[s.Begin].Text()); ours {
				continue
			}
			for _, l := range f.Lines[s.Begin:s.End] {
				if _, ours := marks.BlockOwner(l.Text()); ours || strings.HasPrefix(l.Text(), "# BEGIN sshkeepalive") {
					t.Errorf("%s: ours stands in a section of another tool:\n%s", c.Path, c.New)
				}
			}
		}
	}
}

// TestPlansAgainstSSHD asks the real sshd whether a plan does what it says. More
// runs: PLAN_ORACLE_N=2000.
func TestPlansAgainstSSHD(t *testing.T) {
	oracle := hosttest.Binary(t, "bookworm")
	runs := 150
	if n, err := strconv.Atoi(os.Getenv("PLAN_ORACLE_N")); err == nil {
		runs = n
	}
	compared := 0
	for seed := range runs {
		m := maker{rand.New(rand.NewPCG(uint64(seed), 2))}
		want, tree := m.want(), m.tree(sshconf.Version{Major: 9, Minor: 2})
		if sshconf.Evaluate(tree, sshconf.Context{}).Refused() {
			continue
		}
		plan := Plan(want, pureFacts(tree, want))
		if keepalive.HasErrors(plan.Problems) {
			continue
		}
		for _, c := range plan.Changes {
			if tree.Files[c.Path] = c.New; c.New == nil {
				delete(tree.Files, c.Path)
			}
		}
		compared += compare(t, oracle, tree, plan)
		if t.Failed() {
			t.Fatalf("seed %d: want %+v\nplan %+v", seed, want, plan)
		}
	}
	t.Logf("%d plans, %d values compared with sshd -T, 0 disagreements", runs, compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func compare(t *testing.T, oracle *hosttest.Oracle, tree sshconf.Tree, plan keepalive.Plan) int {
	t.Helper()
	dumps := map[sshconf.Context]sshconf.Dump{}
	for _, e := range plan.Expect {
		if _, asked := dumps[e.Context]; !asked {
			args := []string{"sshd", "-T", "-f", tree.Main}
			if spec := keepalive.ContextSpec(e.Context); spec != "" {
				args = append(args, "-C", spec)
			}
			out, stderr, exit := oracle.Run(tree.Files, args...)
			if exit != 0 {
				t.Fatalf("sshd -T: %d %s", exit, stderr)
			}
			dumps[e.Context] = sshconf.ParseDump(out)
		}
		if got := dumps[e.Context][e.Keyword]; !sshconf.Same(sshconf.Server, e.Keyword, got, e.Values, tree.Version) {
			t.Errorf("%s is %q, the plan says %q%s", e.Keyword, got, e.Values, sshfile.InContext(e.Context))
		}
	}
	return len(plan.Expect)
}
