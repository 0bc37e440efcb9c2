package sshclient

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
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// clientMaker writes configurations of ssh and wishes of every awkward kind.
type clientMaker struct{ *rand.Rand }

func oneOf[T any](m clientMaker, of ...T) T { return of[m.IntN(len(of))] }

func (m clientMaker) clientLine() string {
	line := oneOf(m, "ServerAliveInterval 15", "serveraliveinterval=2m", "ServerAliveCountMax 9", "TCPKeepAlive no", "User bob", "Port 2222",
		"IdentityFile ~/.ssh/id", `IdentityFile "~/.ssh/my key"`, "ConnectTimeout 5", "ControlMaster auto", "ControlPersist yes", "HostName 10.9.9.9")
	return oneOf(m, "", "\t", "  ") + line + oneOf(m, "", "  ")
}

func (m clientMaker) clientFile(includes bool) string {
	var lines []string
	some := func(n int) {
		for range m.IntN(n) {
			lines = append(lines, oneOf(m, m.clientLine(), m.clientLine(), "# comment", "", "\t# indented"))
		}
	}
	some(4)
	if includes && m.IntN(2) == 0 {
		lines = append(lines, oneOf(m, "Include conf.d/*", "Include ~/.ssh/conf.d/a", `Include "conf.d/b"`))
	}
	some(3)
	for range m.IntN(4) {
		lines = append(lines, oneOf(m, "", "# about it"), oneOf(m, "Host *", "Host db1", "Host web* !web1", "host=db*", "Match host db*", "Match all", "Match user git", "Match final host db1"))
		some(4)
		if includes && m.IntN(6) == 0 {
			lines = append(lines, "Include conf.d/*")
		}
	}
	eol := oneOf(m, "\n", "\n", "\n", "\r\n")
	return strings.Join(lines, eol) + oneOf(m, eol, eol, "")
}

func (m clientMaker) clientHost() clientHost {
	h := clientHost{file: "/root/.ssh/config", dirs: []string{"/root/.ssh", "/root/.ssh/conf.d", "/etc/ssh/ssh_config.d"}}
	h.tree = sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Version{Major: 9, Minor: 2}, Main: h.file,
		System: "/etc/ssh/ssh_config", Dir: "/etc/ssh", Files: map[string][]byte{}}
	for name, includes := range map[string]bool{h.tree.Main: true, h.tree.System: false, "/root/.ssh/conf.d/a": false, "/root/.ssh/conf.d/b": false} {
		if rand.New(rand.NewPCG(m.Uint64(), uint64(len(name)))).IntN(3) > 0 {
			h.tree.Files[name] = []byte(m.clientFile(includes))
		}
	}
	if m.IntN(5) == 0 {
		h.file = oneOf(m, "/root/.ssh/conf.d/a", "/etc/ssh/ssh_config")
	}
	if m.IntN(3) == 0 {
		h.tree.Files[h.file] = []byte(m.withRendered(string(h.tree.Files[h.file])))
	}
	return h
}

// withRendered puts the text of render_ssh_config somewhere into a file.
func (m clientMaker) withRendered(text string) string {
	var blocks []string
	for range 1 + m.IntN(3) {
		want := m.clientWant()
		want.Settings = slices.DeleteFunc(want.Settings, func(s keepalive.Setting) bool { return s.Keyword == "ControlPath" }) // whose directory would have to stay
		if block, problems := Render(want); len(problems) == 0 {
			blocks = append(blocks, block)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	at := m.IntN(len(lines))
	return strings.Join(lines[:at], "") + Rendered(blocks) + strings.Join(lines[at:], "")
}

func (m clientMaker) clientWant() Want {
	want, _ := ParseBlock(oneOf(m, "Host *", "Host db1", "Host db* web*", "Host web* !web1", "Match host db1", "Match all"))
	add := func(line string) {
		if m.IntN(2) == 0 {
			want.Settings = language().AddLine(want.Settings, "", sshconf.Parse(sshconf.Client, sshconf.Version{}, []byte(line)).Lines[0], sshconf.Version{})
		}
	}
	add("ServerAliveInterval " + oneOf(m, "60", "1m", "0"))
	add("ServerAliveCountMax 3")
	add("TCPKeepAlive yes")
	add("ControlMaster auto")
	add("ControlPath ~/.ssh/cm/%C")
	add("ControlPersist 10m")
	add("IdentityFile ~/.ssh/ours")
	want.Claim.ID = oneOf(m, "", "0123456789abcdef")
	want.Claim.Adopt = m.IntN(2) == 0
	if len(want.Settings) == 0 {
		add("ConnectTimeout 7")
		want.Settings = append(want.Settings, keepalive.Setting{Attribute: "connection_attempts", Keyword: "ConnectionAttempts", Values: []string{"3"}})
	}
	return want
}

// refused reports whether ssh would take no file of this host.
func (h clientHost) refused() bool {
	return sshconf.EvaluateClient(h.tree, sshconf.ClientQuery{Host: "db1", LocalUser: "root", Home: "/root"}).Refused()
}

func (h clientHost) rootFacts(want Want) Facts {
	have := h.factsFor(want)
	have.User, have.UID, have.Home = "root", 0, "/root"
	return have
}

// TestClientPlanLaws: what was planned is what an evaluation reads, planning
// again is empty, restoring gives back every byte, and the lines of others are
// the same ones in the same order, with the same meaning for hosts that are not
// ours.
func TestClientPlanLaws(t *testing.T) {
	planned, refused, adopted := 0, 0, 0
	for seed := range 3000 {
		m := clientMaker{rand.New(rand.NewPCG(uint64(seed), 3))}
		want, h := m.clientWant(), m.clientHost()
		if h.refused() {
			continue
		}
		plan := planTwo(t, &h, want, m)
		if keepalive.HasErrors(plan.Problems) {
			refused++
			continue
		}
		planned++
		if hasCode(plan.Problems, keepalive.AdoptsLines) {
			adopted++
		}
		checkClientLaws(t, h, want, plan)
		othersUntouched(t, h, want, plan)
		adoptsOrLeaves(t, want, plan)
		if t.Failed() {
			t.Fatalf("seed %d, want %q %+v, files %q, plan %+v", seed, want.Block(), want.Settings, h.tree.Files, plan)
		}
	}
	t.Logf("%d hosts planned, %d of them adopt lines, %d refused", planned, adopted, refused)
	if planned < 1000 || adopted < 50 {
		t.Errorf("only %d hosts were planned, and %d adopt lines", planned, adopted)
	}
}

// adoptsOrLeaves: lines are commented out only where that was asked for, and the plan
// lists just as many.
func adoptsOrLeaves(t *testing.T, want Want, plan keepalive.Plan) {
	t.Helper()
	commented, listed := 0, 0
	for _, c := range plan.Changes {
		mark := marks.Takeover(want.Block())
		commented += strings.Count(string(c.New), mark) - strings.Count(string(c.Old), mark)
	}
	for _, p := range plan.Problems {
		if p.Code == keepalive.AdoptsLines {
			listed += strings.Count(p.Text, "\n")
		}
	}
	if commented != listed || commented > 0 && !want.Claim.Adopt {
		t.Errorf("%d lines are commented out, %d are listed", commented, listed)
	}
}

func hasCode(problems []keepalive.Problem, code keepalive.Code) bool {
	return slices.ContainsFunc(problems, func(p keepalive.Problem) bool { return p.Code == code })
}

// planTwo plans want, on some hosts after another resource has had its turn.
func planTwo(t *testing.T, h *clientHost, want Want, m clientMaker) keepalive.Plan {
	t.Helper()
	if m.IntN(3) == 0 {
		other := Want{Patterns: []string{oneOf(m, "other", "db*")}, Settings: []keepalive.Setting{{Attribute: "server_alive_count_max", Keyword: "ServerAliveCountMax", Values: []string{"7"}}}}
		if first := Plan(other, h.factsFor(other)); !keepalive.HasErrors(first.Problems) && other.Block() != want.Block() {
			*h = h.after(first)
		}
	}
	return Plan(want, h.factsFor(want))
}

// othersUntouched: without our lines and marks a changed file is what it was, but for
// rendered lines that are declared now, and a host that the block does not match sees no difference.
func othersUntouched(t *testing.T, h clientHost, want Want, plan keepalive.Plan) {
	t.Helper()
	after := h.after(plan)
	base, _ := strip(after.tree, h.file, want.Block())
	was, _ := bare(h.tree, h.file, want)
	for name, was := range was.Files {
		if string(base.Files[name]) != string(was) {
			t.Errorf("%s: foreign text changed\nwas %q\nnow %q", name, was, base.Files[name])
		}
	}
	for _, name := range []string{"db1", "db2", "web1", "web2", "other", "elsewhere"} {
		if appliesTo(want, sshconf.Context{Host: name}) {
			continue
		}
		q := h.facts().query(sshconf.Context{Host: name})
		before, now := clientDump(h.tree, q), clientDump(after.tree, q)
		if fmt.Sprint(before) != fmt.Sprint(now) {
			t.Errorf("%s is not ours and sees a difference: %v, was %v", name, now, before)
		}
	}
}

// TestClientPlansAgainstSSH asks the real ssh whether a plan does what it says,
// and whether a host that is not ours sees no difference. More runs:
// PLAN_ORACLE_N=2000.
func TestClientPlansAgainstSSH(t *testing.T) {
	oracle := hosttest.Binary(t, "bookworm")
	runs := 150
	if n, err := strconv.Atoi(os.Getenv("PLAN_ORACLE_N")); err == nil {
		runs = n
	}
	compared := 0
	for seed := range runs {
		m := clientMaker{rand.New(rand.NewPCG(uint64(seed), 4))}
		want, h := m.clientWant(), m.clientHost()
		if h.refused() {
			continue
		}
		have := h.rootFacts(want)
		for i, at := range have.Contexts {
			have.Effective[i] = askSSH(t, oracle, h.tree.Files, ProbeName(at))
			have.Canonical[i] = askSSH(t, oracle, map[string][]byte{"/want": []byte(aloneText(want, have.Effective[i]))}, ProbeName(at), "-F", "/want")
		}
		plan := Plan(want, have)
		if keepalive.HasErrors(plan.Problems) {
			continue
		}
		after := h.after(plan)
		for i, at := range have.Contexts {
			have.Effective[i] = askSSH(t, oracle, after.tree.Files, ProbeName(at))
		}
		for _, p := range Mismatches(plan.Expect, have) {
			t.Errorf("%s", p.Text)
		}
		compared += len(plan.Expect)
		if !appliesTo(want, sshconf.Context{Host: "elsewhere"}) {
			before, now := askSSH(t, oracle, h.tree.Files, "elsewhere"), askSSH(t, oracle, after.tree.Files, "elsewhere")
			if fmt.Sprint(before) != fmt.Sprint(now) {
				t.Errorf("elsewhere sees a difference: %v, was %v", now, before)
			}
			compared += len(now)
		}
		if t.Failed() {
			t.Fatalf("seed %d: want %q %+v\nplan %+v\nfiles %q", seed, want.Block(), want.Settings, plan, after.tree.Files)
		}
	}
	t.Logf("%d plans, %d values compared with ssh -G, 0 disagreements", runs, compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// aloneText is the wanted lines, and what a control path is made of.
func aloneText(want Want, now sshconf.Dump) string {
	lines := Text(want).Lines
	for _, keyword := range []string{"hostname", "port", "user"} {
		lines = append(lines, keyword+" "+now[keyword][0])
	}
	return sshfile.Join(lines)
}

func askSSH(t *testing.T, oracle *hosttest.Oracle, files map[string][]byte, host string, args ...string) sshconf.Dump {
	t.Helper()
	out, stderr, exit := oracle.Run(files, append(append([]string{"ssh"}, args...), "-G", host)...)
	if exit != 0 {
		t.Fatalf("ssh -G %s: %d %s", host, exit, stderr)
	}
	return sshconf.ParseDump(out)
}
