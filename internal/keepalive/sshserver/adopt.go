package sshserver

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// NothingSet is the code of an import that found no setting.
const NothingSet keepalive.Code = "nothing set"

// Adopt reads from the facts what the resource would have been declared as: our
// managed lines if there are any, else those of the keepalive family that some file
// sets. The defaults of sshd are not declared.
func Adopt(dropInName string, have Facts) Want {
	want, _ := adopt(have.Tree, ownerOf(dropInName)).declarable()
	want.DropInName = dropInName
	want.Takeover = true
	if want.declares() || len(have.Effective) == 0 {
		return want
	}
	r := sshconf.Evaluate(have.Tree, sshconf.Context{})
	for _, a := range Attributes()[:3] {
		values, printed := effective(have, sshconf.Context{}, a.Keyword)
		if printed && len(r.Winners(a.Keyword)) > 0 {
			want.Settings = append(want.Settings, keepalive.Setting{Attribute: a.Name, Keyword: a.Keyword, Values: values})
		}
	}
	return want
}

// declarable is want with the settings that attributes take, and the lines of the others.
func (want Want) declarable() (Want, []string) {
	want.Settings, want.Match = language().Spelled(want.Settings), slices.Clone(want.Match)
	for i := range want.Match {
		want.Match[i].Settings = language().Spelled(want.Match[i].Settings)
	}
	problems := Check(want)
	var left, more []keepalive.Setting
	want.Settings, left = keepalive.Declarable(want.Settings, problems)
	for i := range want.Match {
		want.Match[i].Settings, more = keepalive.Declarable(want.Match[i].Settings, problems)
		left = append(left, more...)
	}
	return want, sshfile.Lines(left)
}

func (want Want) declares() bool { return len(want.Settings)+len(want.Match) > 0 }

// ImportProblems says what the first apply of what Adopt found will do with
// lines that are there and not ours: file is where it writes.
func ImportProblems(found Want, have Facts, file string) []keepalive.Problem {
	if ours, left := adopt(have.Tree, ownerOf(found.DropInName)).declarable(); ours.declares() || len(left) > 0 {
		return keepalive.NotDeclaredProblems(left)
	}
	var lines []string
	r := sshconf.Evaluate(have.Tree, sshconf.Context{})
	for _, s := range found.Settings {
		for _, w := range r.Winners(s.Keyword) {
			lines = append(lines, sshfile.WrittenAt(w.Pos, w))
		}
	}
	if len(lines) == 0 {
		return []keepalive.Problem{{Code: NothingSet, Warning: true,
			Text: "no file sets ClientAliveInterval, ClientAliveCountMax or TCPKeepAlive, so no setting was imported"}}
	}
	return keepalive.HandWrittenProblems(lines, file)
}

// adopt reads our lines back, and where owner has none, those of render_sshd_config.
func adopt(t sshconf.Tree, owner string) Want {
	var want Want
	for name, data := range t.Files {
		f := sshconf.Parse(t.Dialect, t.Version, data)
		if isOurDropIn(name, data, owner) {
			want.read(f.Lines, t.Version)
			continue
		}
		for _, around := range []func(string) (string, string){marks.Block, marks.MatchBlock} {
			if from, to, ok := f.FindBlock(around(owner)); ok {
				want.read(f.Lines[from:to], t.Version)
			}
		}
	}
	if !want.declares() {
		want.readRendered(t)
	}
	want.dropRepeated()
	return want
}

func (want *Want) read(lines []sshconf.Line, v sshconf.Version) {
	block, repeated := sshfile.Global, false
	for _, l := range lines {
		repeated = repeated || l.Text() == marks.Repeated
		switch {
		case repeated && l.Is("Match"):
			if at, ok := criteria.Context(l.Rest); ok && !at.IsZero() && !slices.Contains(want.Contexts, at) {
				want.Contexts = append(want.Contexts, at)
			}
		case l.Keyword == "", repeated, l.Is("Include"):
		case strings.EqualFold(l.Keyword, "Match"):
			want.Match = append(want.Match, Match{Criteria: l.Rest})
			block = len(want.Match) - 1
		case block == sshfile.Global:
			want.Settings = language().AddLine(want.Settings, "", l, v)
		default:
			m := &want.Match[block]
			m.Settings = language().AddLine(m.Settings, fmt.Sprintf("match[%d].", block), l, v)
		}
	}
}

// dropRepeated removes a last Match all that only repeats global settings: we wrote that
// one to win, and the user did not declare it. Earlier versions wrote it
// without marks.Repeated.
func (want *Want) dropRepeated() {
	last := len(want.Match) - 1
	if last < 0 || want.Match[last].Criteria != "all" {
		return
	}
	for _, s := range want.Match[last].Settings {
		repeated := false
		for _, g := range want.Settings {
			repeated = repeated || g.Keyword == s.Keyword && strings.Join(g.Values, "\n") == strings.Join(s.Values, "\n")
		}
		if !repeated {
			return
		}
	}
	want.Match = want.Match[:last]
}

// adoptLines comments out, in place, the lines of base that stand outside Match and set a
// keyword that want sets too, so that its line is the only one. A restore brings them
// back as it does those that shadow ours. It leaves alone what would come back or is
// another one's to change: vendors' files, marked sections of other tools, and lines of
// other resources. The result is keyword by keyword, in the order in which sshd
// reads.
func adoptLines(base sshconf.Tree, want Want) (sshconf.Tree, []sshconf.Setting) {
	if !want.Claim.Adopt {
		return base, nil
	}
	owner := ownerOf(want.DropInName)
	r := sshconf.Evaluate(base, sshconf.Context{})
	base = base.Clone()
	var adopted []sshconf.Setting
	for _, s := range uniqueKeywords(want.Settings) {
		for _, w := range r.Settings(s.Keyword) {
			if w.Match != "" || isVendors(w.Pos.Path) || bytes.HasPrefix(base.Files[w.Pos.Path], []byte(marks.ServerHeader)) {
				continue
			}
			sections := sshconf.Parse(base.Dialect, base.Version, base.Files[w.Pos.Path]).Sections()
			if sshconf.Outside(sections, w.Pos.Line-1) != w.Pos.Line-1 || !sshfile.CommentOut(base, w, w.Pos, owner) {
				continue
			}
			adopted = append(adopted, w)
		}
	}
	return base, adopted
}
