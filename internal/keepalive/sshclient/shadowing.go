package sshclient

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// obstacle is a wanted setting that is not in force for a probe.
type obstacle struct {
	setting keepalive.Setting
	context sshconf.Context
	why     obstacleKind
	winner  sshconf.Setting // shadowed, uncertain
}

type obstacleKind int

const (
	shadowed  obstacleKind = iota // another line is read first
	uncertain                     // another line is read first, if what it depends on is so
	undecided                     // whether our block applies depends on what the text does not say
	unmatched                     // our block does not apply to the probe
	unread                        // ssh does not read our file for the probe
)

// obstacles lists what keeps c's settings from being in force.
func obstacles(c sshfile.Candidate, want Want, have Facts) []obstacle {
	var list []obstacle
	for _, at := range have.Contexts {
		r := sshconf.EvaluateClient(c.Tree, have.query(at))
		for _, s := range want.Settings {
			if kw, known := sshconf.Lookup(sshconf.Client, s.Keyword); !known || kw.Deprecated(have.Version) {
				continue // nothing sets what is ignored
			}
			if l, lost := obstacleOf(c, r, s); lost {
				l.setting, l.context = s, at
				list = append(list, l)
			}
		}
	}
	return list
}

func obstacleOf(c sshfile.Candidate, r sshconf.Result, s keepalive.Setting) (obstacle, bool) {
	settings := r.Settings(s.Keyword)
	at := slices.IndexFunc(settings, func(x sshconf.Setting) bool { return c.Ours(x.Pos) })
	if at < 0 {
		return obstacle{why: unread}, true
	}
	own := settings[at]
	switch {
	case own.Depends != "":
		return obstacle{why: undecided, winner: own}, true
	case !own.Active:
		return obstacle{why: unmatched, winner: own}, true
	case accumulating(s.Keyword, c.Tree.Version):
		return obstacle{}, false
	}
	for _, x := range settings {
		if x.Wins && !c.Ours(x.Pos) && !sshfile.SameMeaning(x, s, c.Tree) {
			return obstacle{why: shadowed, winner: x}, true
		}
	}
	for _, x := range settings[:at] {
		if x.Depends != "" && !sshfile.SameMeaning(x, s, c.Tree) {
			return obstacle{why: uncertain, winner: x}, true
		}
	}
	return obstacle{}, false
}

// accumulating reports whether lines of others add to ours instead of competing.
func accumulating(keyword string, v sshconf.Version) bool {
	kw, _ := sshconf.Lookup(sshconf.Client, keyword)
	return kw.Merge(v) == sshconf.Append
}

// obstacleProblems turns losses into problems: one for each attribute and line.
func obstacleProblems(c sshfile.Candidate, list []obstacle, have Facts) []keepalive.Problem {
	var problems []keepalive.Problem
	seen := map[string]bool{}
	for _, l := range list {
		p := obstacleProblem(c, l, have)
		key := fmt.Sprint(p.Code, p.Pos)
		if l.why == shadowed || l.why == uncertain {
			key += p.Attribute
		}
		if !seen[key] {
			problems = append(problems, p)
		}
		seen[key] = true
	}
	return problems
}

func obstacleProblem(c sshfile.Candidate, l obstacle, have Facts) keepalive.Problem {
	w := l.winner
	w.Pos = c.Now(w.Pos)
	name := ProbeName(l.context)
	switch l.why {
	case undecided:
		return keepalive.Problem{Code: UncertainBlock, Warning: true, Attribute: "match",
			Text: fmt.Sprintf("whether the block applies to %s depends on %s, so it is not proven there", name, w.Depends)}
	case unmatched:
		return keepalive.Problem{Code: ProbeUnmatched, Attribute: "probe_hosts", Text: fmt.Sprintf("the block does not apply to the probe host %s", name)}
	case unread:
		return keepalive.Problem{Code: NotRead, Attribute: "config_file",
			Text: fmt.Sprintf("ssh does not read %s for %s: no Include in %s leads there", have.File, name, mainFiles(have.Tree))}
	case uncertain:
		return keepalive.Problem{Code: UncertainLine, Warning: true, Attribute: l.setting.Attribute, Pos: w.Pos,
			Text: fmt.Sprintf("%s may be %s for %s: %s is read first, if %s says so", l.setting.Keyword, w.Rest, name, w.Pos, w.Depends)}
	case shadowed:
	}
	return keepalive.Problem{Code: EarlierLine, Attribute: l.setting.Attribute, Pos: w.Pos,
		Text: fmt.Sprintf("%s would stay %s for %s because %s", l.setting.Keyword, w.Rest, name, because(w, have))}
}

func mainFiles(t sshconf.Tree) string {
	if t.System == "" {
		return t.Main
	}
	return t.Main + " or " + t.System
}

// because says why a written value is the effective one.
func because(w sshconf.Setting, have Facts) string {
	text := w.Pos.String() + " is read first"
	if w.Match != "" {
		text += fmt.Sprintf(" (%s)", w.Match)
	}
	if have.System && strings.HasPrefix(w.Pos.Path, have.Home+"/") {
		text += "; the user's file beats the system's"
	}
	return text
}
