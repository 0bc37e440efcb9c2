package keepalive

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Where the lines of a Coolify go: in place of the last line that sets the key,
// which becomes a comment, as every earlier one does; else at the end of the file.
// One line for each key is left, because those who read the file disagree about
// several: Compose and PHP's dotenv (since 3.4) take the last, and Coolify's upgrade
// keeps only the first (scripts/upgrade.sh: awk -F '=' '!seen[$1]++'). There is no
// block with marks around it: older upgrades sort the file. A line that says what
// is wanted already stays as it is.

// Edit is a change of a file of which only a masked copy is known.
type Edit struct {
	Path   string
	Pieces []dotenv.Piece
}

// Paths returns the files that the plan changes.
func (p Plan) Paths() []string {
	var list []string
	for _, c := range p.Changes {
		list = append(list, c.Path)
	}
	for _, e := range p.Edits {
		list = append(list, e.Path)
	}
	return list
}

// PlanCoolify decides how want gets into the file that have describes. have must
// have been gathered for the same want. A plan with a Problem that is no warning
// must not be carried out.
func PlanCoolify(want Coolify, have CoolifyFacts) Plan {
	v := viewOf(have.Text)
	if line := v.Unclosed(); line > 0 {
		return Plan{Problems: []Problem{unclosed(have.File, line)}}
	}
	if p, odd := notEnv(v, have); odd {
		return Plan{Problems: []Problem{p}}
	}
	held := v.holding(have.File)
	e, problem := compose(want, have, want.Claim.ID)
	if held.keeps(want.Claim) {
		if as, p := compose(want, have, held.id); p == nil && len(edits(as.coolifyView, have)) == 0 {
			e = as
		}
	}
	if problem != nil {
		return Plan{Problems: []Problem{*problem}}
	}
	list := edits(e.coolifyView, have)
	return Plan{
		Edits:          list,
		ManagedFile:    have.File,
		ManagedContent: e.content,
		Effective:      EffectiveCoolify(want, CoolifyFacts{File: have.File, Text: e.Bytes()}),
		Trail:          strings.Join(append([]string{"file=" + have.File, "coolify=" + orUnknown(CoolifyVersion(have))}, e.trail...), " "),
		Problems:       slices.Concat(CoolifyWarnings(want, have), held.problems(want.Claim, e.own, have.File), mounted(Plan{Edits: list}.Paths(), have.Mounts)),
	}
}

// edited is a file in which everything that is wanted stands.
type edited struct {
	coolifyView
	content string // the wanted lines
	own     string // those of them that nobody else had there
	trail   []string
}

// compose writes what is wanted into the file, under the id of a resource.
func compose(want Coolify, have CoolifyFacts, id string) (edited, *Problem) {
	e := edited{coolifyView: viewOf(have.Text)}
	e.strip()
	for _, s := range want.Settings {
		line := s.Keyword + "=" + dotenv.Quote(writtenInEnv(s)) + "\n"
		e.content += line
		there := e.of(s)
		if said(there, s) {
			continue
		}
		e.own += line
		for _, x := range there {
			e.trail = append(e.trail, "replaces="+x.Key)
		}
		if err := e.set(s); err != nil {
			return e, &Problem{Code: UnreadableEnv, Attribute: s.Attribute, Text: have.File + ": " + err.Error()}
		}
	}
	if e.own != "" {
		e.SetResource(id)
	}
	return e, nil
}

// holding is what a resource has put into the file.
func (v coolifyView) holding(file string) (h holding) {
	h.id, _ = v.Resource()
	for _, key := range v.Marked() {
		if !manageable(key) {
			continue
		}
		h.found = true
		if own, ok := v.Managed(key); ok {
			h.lines = append(h.lines, ownedLine{key + "=" + dotenv.Quote(own.Value), sshconf.Pos{Path: file, Line: own.Line}})
		}
	}
	return h
}

// HolderCoolify is the id of the resource whose lines are in the file, "" if none are
// or they have none.
func HolderCoolify(have CoolifyFacts) string {
	v := viewOf(have.Text)
	if h := v.holding(have.File); h.found {
		return h.id
	}
	return ""
}

// of lists the assignments that compete for s.
func (v coolifyView) of(s Setting) []dotenv.Entry {
	return slices.DeleteFunc(v.Entries(), func(e dotenv.Entry) bool {
		return e.Key != s.Keyword && (s.Keyword != muxKey || e.Key != olderMuxKey)
	})
}

// said reports whether the file is right as it is, whoever reads it.
func said(there []dotenv.Entry, s Setting) bool {
	wrong := func(e dotenv.Entry) bool { return e.Problem != "" || !says(s, e.Value) }
	return len(there) > 0 && !slices.ContainsFunc(there, wrong)
}

func (v coolifyView) set(s Setting) error {
	if s.Keyword == muxKey {
		if err := v.Hide(olderMuxKey); err != nil {
			return err
		}
	}
	return v.Set(s.Keyword, writtenInEnv(s))
}

// RestoreCoolify decides how everything is taken back, so that the file has the
// bytes that it had.
func RestoreCoolify(have CoolifyFacts) Plan {
	v := viewOf(have.Text)
	if line := v.Unclosed(); line > 0 {
		return Plan{Problems: []Problem{unclosed(have.File, line)}}
	}
	v.strip()
	list := edits(v, have)
	return Plan{Edits: list, ManagedFile: have.File, Trail: fmt.Sprintf("restore files=%d", len(list))}
}

// notEnv tells a file in which no line assigns anything, as /etc/shadow is, from an
// environment file.
func notEnv(v coolifyView, have CoolifyFacts) (Problem, bool) {
	if len(v.Entries()) > 0 {
		return Problem{}, false
	}
	line := 0
	for text := range strings.Lines(string(have.Text)) {
		line++
		if text = strings.TrimSpace(text); text != "" && text[0] != '#' {
			return Problem{Code: NotEnv, Attribute: "file", Pos: sshconf.Pos{Path: have.File, Line: line},
				Text: fmt.Sprintf("%s:%d assigns nothing, nor does any other line: %s is not an environment file", have.File, line, have.File)}, true
		}
	}
	return Problem{}, false
}

func unclosed(file string, line int) Problem {
	return Problem{Code: UnreadableEnv, Pos: sshconf.Pos{Path: file, Line: line},
		Text: fmt.Sprintf("a quote opens in %s:%d and is never closed: neither Compose nor Coolify can read the file", file, line)}
}

func edits(v coolifyView, have CoolifyFacts) []Edit {
	if bytes.Equal(v.Bytes(), have.Text) {
		return nil
	}
	return []Edit{{have.File, v.Pieces()}}
}

// UnmetCoolify returns the wanted settings that the file does not give, as
// problems.
func UnmetCoolify(want Coolify, have CoolifyFacts) []Problem { return ObserveCoolify(want, have).Drift }

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
