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

// Observe says what the host's ssh makes of want. have must have been
// gathered for the same want, and ssh's files must be valid.
func Observe(want Want, have Facts) keepalive.Observed {
	c := inForce(have, want.Block())
	o := keepalive.Observed{Values: map[string][]string{}, Managed: len(c.Origin) > 0}
	lost := obstacles(c, want, have)
	for _, s := range want.Settings {
		observe(&o, s, c, have, lost)
	}
	for _, dir := range missing(have, socketDirs(have)) {
		s, _ := settingOf(want, "ControlPath")
		o.Drift = append(o.Drift, keepalive.Problem{Code: SocketDirGone, Warning: true, Attribute: s.Attribute,
			Text: fmt.Sprintf("the directory %s of the control socket is gone, and ssh ends with an error without it", dir)})
	}
	return o
}

// inForce is the block as it stands in the managed file.
func inForce(have Facts, owner string) sshfile.Candidate {
	c := sshfile.Candidate{File: have.File, Tree: have.Tree, Origin: map[int]int{}}
	f := sshconf.Parse(sshconf.Client, have.Version, have.Tree.Files[have.File])
	if from, to, ok := f.FindBlock(marks.Block(owner)); ok {
		for i := from + 1; i < to-1; i++ {
			c.Origin[i+1] = sshfile.Global
		}
	}
	return c
}

// observe looks at one setting for every probe; the first that differs
// gives the value to show. Without a probe the text of the block has to do.
func observe(o *keepalive.Observed, s keepalive.Setting, c sshfile.Candidate, have Facts, lost []obstacle) {
	proven := false
	for i, at := range have.Contexts {
		values, wanted := have.dumped(have.Effective, i, s.Keyword), have.dumped(have.Canonical, i, s.Keyword)
		if have.holds(s.Keyword, values, wanted) {
			proven = proven || len(wanted) > 0
			continue
		}
		open := slices.ContainsFunc(lost, func(l obstacle) bool {
			return l.context == at && l.setting.Keyword == s.Keyword && l.why == undecided
		})
		if !open {
			differs(o, s, values, at, have)
			return
		}
	}
	if !proven && !sets(c, s) {
		o.Drift = append(o.Drift, keepalive.Problem{Code: keepalive.BlockGone, Warning: true, Attribute: s.Attribute,
			Text: fmt.Sprintf("our block in %s no longer sets %s", have.File, s.Keyword)})
		return
	}
	o.Values[s.Attribute] = s.Values
}

// sets reports whether our lines have s as it is wanted.
func sets(c sshfile.Candidate, s keepalive.Setting) bool {
	f := sshconf.Parse(c.Tree.Dialect, c.Tree.Version, c.Tree.Files[c.File])
	var found []string
	for i, l := range f.Lines {
		if _, ours := c.Origin[i+1]; ours && l.Is(s.Keyword) {
			found = append(found, l.Rest)
		}
	}
	return sshfile.SameSpelling(s.Keyword, found, s.Values)
}

func differs(o *keepalive.Observed, s keepalive.Setting, values []string, at sshconf.Context, have Facts) {
	p := keepalive.Problem{Code: keepalive.Drifted, Warning: true, Attribute: s.Attribute,
		Text: fmt.Sprintf("%s is %s for %s, not %s", s.Keyword, sshfile.OrUnset(values), ProbeName(at), strings.Join(s.Values, ", "))}
	r := sshconf.EvaluateClient(have.Tree, have.query(at))
	if w, ok := r.Winner(s.Keyword); ok {
		p.Pos = w.Pos
		p.Text += ", because " + because(w, have)
	} else {
		p.Text += ", because no line sets it for this host"
	}
	o.Drift = append(o.Drift, p)
	if len(values) > 0 {
		o.Values[s.Attribute] = values
	}
}

// Effective returns for each probe the managed keywords as ssh -G prints
// them, spelled as in ssh_config(5).
func Effective(want Want, have Facts) map[string]map[string]string {
	out := map[string]map[string]string{}
	for i, at := range have.Contexts {
		values := map[string]string{}
		for _, s := range want.Settings {
			if lines := have.dumped(have.Effective, i, s.Keyword); len(lines) > 0 {
				values[s.Keyword] = strings.Join(lines, "\n")
			}
		}
		out[ProbeName(at)] = values
	}
	return out
}

// Predict returns what Effective will return once plan is carried
// out: what is expected, and for the rest what is effective now.
func Predict(want Want, have Facts, plan keepalive.Plan) map[string]map[string]string {
	out := Effective(want, have)
	for _, x := range plan.Expect {
		for _, s := range want.Settings {
			if have.dumpName(s.Keyword) == x.Keyword && !accumulating(s.Keyword, have.Version) {
				out[ProbeName(x.Context)][s.Keyword] = strings.Join(x.Values, "\n")
			}
		}
	}
	return out
}

// Adopt reads from the files what the resource would have been declared
// as: our block, else one of render_ssh_config, else one of another author that opens with
// the same line.
func Adopt(block string, have Facts) (want Want, ok bool) {
	want, _ = adopt(block, have)
	return want, len(want.Settings) > 0
}

// adopt is Adopt, and returns the lines that no attribute takes.
func adopt(block string, have Facts) (Want, []string) {
	want, ok := readBlock(block, have)
	if !ok {
		return want, nil
	}
	want.Settings = language().Spelled(want.Settings)
	kept, left := keepalive.Declarable(want.Settings, Check(want))
	want.Settings = kept
	return want, sshfile.Lines(left)
}

func readBlock(block string, have Facts) (Want, bool) {
	want, ok := ParseBlock(block)
	if !ok {
		return want, false
	}
	f := sshconf.Parse(sshconf.Client, have.Version, have.Tree.Files[have.File])
	if from, to, ours := f.FindBlock(marks.Block(want.Block())); ours {
		want.read(f.Lines[from:to], have.Version)
		return want, len(want.Settings) > 0
	}
	for _, b := range append(renderedBlocks(f), [2]int{0, len(f.Lines)}) {
		if want.read(f.Lines[b[0]:b[1]], have.Version); len(want.Settings) > 0 {
			return want, true
		}
	}
	return want, false
}

// read takes the settings of the first block that opens as want's does, and has some.
func (c *Want) read(lines []sshconf.Line, v sshconf.Version) {
	inside := false
	for _, l := range lines {
		switch {
		case opens(l):
			opened, _ := ParseBlock(l.Keyword + " " + l.Rest)
			inside = opened.Block() == c.Block() && len(c.Settings) == 0
		case inside && l.Keyword != "" && !l.Is("Include"):
			c.Settings = language().AddLine(c.Settings, "", l, v)
		}
	}
}

// EffectiveConfig says what the ssh of have does for each probe.
func EffectiveConfig(keywords []string, have Facts) keepalive.EffectiveConfig {
	if have.Invalid != "" {
		return keepalive.EffectiveConfig{Problems: []keepalive.Problem{invalidProblem(have)}}
	}
	var s keepalive.EffectiveConfig
	for i, at := range have.Contexts {
		r := sshfile.Reader{Tree: have.Tree, Dump: have.Effective[i], Result: sshconf.EvaluateClient(have.Tree, have.query(at)), Option: func(keyword string) (string, bool) {
			return at.User, at.User != "" && strings.EqualFold(keyword, "User")
		}}
		s.Contexts = append(s.Contexts, r.Read(at, keywords))
		s.Files = sshfile.Union(s.Files, r.Result.Read)
	}
	return s
}
