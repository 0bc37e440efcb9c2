package coolify

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Where the lines of a Coolify go: in place of the last line that sets the key,
// which becomes a comment, as every earlier one does; else at the end of the file.
// One line for each key is left, because the programs that read the file disagree about
// several: Compose and PHP's dotenv (since 3.4) take the last, and Coolify's upgrade
// keeps only the first (scripts/upgrade.sh: awk -F '=' '!seen[$1]++'). There is no
// block with marks around it: older upgrades sort the file. A line that says what
// is wanted already stays as it is, unless it is adopted.

// Plan decides how want gets into the file that have describes. have must
// have been gathered for the same want. A plan with a Problem that is not a
// warning must not be carried out.
func Plan(want Want, have Facts) keepalive.Plan {
	v := viewOf(have.Text)
	if line := v.Unclosed(); line > 0 {
		return keepalive.Plan{Problems: []keepalive.Problem{unclosed(have.File, line)}}
	}
	if p, odd := notEnv(v, have); odd {
		return keepalive.Plan{Problems: []keepalive.Problem{p}}
	}
	held := v.ownedLines(have.File)
	e, problem := compose(want, have, want.Claim.ID)
	if held.Keeps(want.Claim) {
		if as, p := compose(want, have, held.ID); p == nil && len(edits(as.envView, have)) == 0 {
			e = as
		}
	}
	if problem != nil {
		return keepalive.Plan{Problems: []keepalive.Problem{*problem}}
	}
	list := edits(e.envView, have)
	return keepalive.Plan{
		Edits:          list,
		ManagedFile:    have.File,
		ManagedContent: e.content,
		Effective:      Effective(want, Facts{File: have.File, Text: e.Bytes()}),
		Trail:          strings.Join(append([]string{"file=" + have.File, "coolify=" + orUnknown(Version(have))}, e.trail...), " "),
		Problems:       slices.Concat(Warnings(want, have), newlyAdopted(want, have), held.Problems(want.Claim, e.own, have.File), keepalive.MountProblems(keepalive.Plan{Edits: list}.Paths(), have.Mounts)),
	}
}

// edited is a file in which everything that is wanted stands.
type edited struct {
	envView
	content string // the wanted lines
	own     string // those of them that were not there before
	trail   []string
}

// compose writes what is wanted into the file, under the id of a resource.
func compose(want Want, have Facts, id string) (edited, *keepalive.Problem) {
	e := edited{envView: viewOf(have.Text)}
	e.strip()
	for _, s := range want.Settings {
		line := s.Keyword + "=" + dotenv.Quote(written(s)) + "\n"
		e.content += line
		there := e.assignmentsOf(s)
		if alreadySet(there, s) && !want.Claim.Adopt {
			continue
		}
		e.own += line
		for _, x := range there {
			e.trail = append(e.trail, "replaces="+x.Key)
		}
		if err := e.set(s); err != nil {
			return e, &keepalive.Problem{Code: UnreadableEnv, Attribute: s.Attribute, Text: have.File + ": " + err.Error()}
		}
	}
	if e.own != "" {
		e.SetResource(id)
	}
	return e, nil
}

// newlyAdopted warns of lines that are replaced by ours, if want adopts them: those that
// are in force on the host and not ours.
func newlyAdopted(want Want, have Facts) []keepalive.Problem {
	if !want.Claim.Adopt {
		return nil
	}
	v := viewOf(have.Text)
	var lines []string
	for _, s := range want.Settings {
		own, managed := v.Managed(s.Keyword)
		for _, e := range v.assignmentsOf(s) {
			if !managed || e.Line != own.Line {
				lines = append(lines, fmt.Sprintf("%s:%d: %s=%s", have.File, e.Line, e.Key, e.Value))
			}
		}
	}
	return keepalive.AdoptsLinesProblems(lines)
}

// ownedLines is what a resource has put into the file.
func (v envView) ownedLines(file string) (h keepalive.OwnedLines) {
	h.ID, _ = v.Resource()
	for _, key := range v.Marked() {
		if !manageable(key) {
			continue
		}
		h.Found = true
		if own, ok := v.Managed(key); ok {
			h.Lines = append(h.Lines, keepalive.OwnedLine{Text: key + "=" + dotenv.Quote(own.Value), Pos: sshconf.Pos{Path: file, Line: own.Line}})
		}
	}
	return h
}

// Holder is the id of the resource whose lines are in the file, "" if none are
// or they have none.
func Holder(have Facts) string {
	v := viewOf(have.Text)
	if h := v.ownedLines(have.File); h.Found {
		return h.ID
	}
	return ""
}

// assignmentsOf lists the assignments that compete for s.
func (v envView) assignmentsOf(s keepalive.Setting) []dotenv.Entry {
	return slices.DeleteFunc(v.Entries(), func(e dotenv.Entry) bool {
		return e.Key != s.Keyword && (s.Keyword != muxKey || e.Key != olderMuxKey)
	})
}

// alreadySet reports whether the file is right as it is, for every program that reads it.
func alreadySet(there []dotenv.Entry, s keepalive.Setting) bool {
	wrong := func(e dotenv.Entry) bool { return e.Problem != "" || !matches(s, e.Value) }
	return len(there) > 0 && !slices.ContainsFunc(there, wrong)
}

func (v envView) set(s keepalive.Setting) error {
	if s.Keyword == muxKey {
		if err := v.Hide(olderMuxKey); err != nil {
			return err
		}
	}
	return v.Set(s.Keyword, written(s))
}

// Restore decides how everything is taken back, so that the file has the
// bytes that it had.
func Restore(have Facts) keepalive.Plan {
	v := viewOf(have.Text)
	if line := v.Unclosed(); line > 0 {
		return keepalive.Plan{Problems: []keepalive.Problem{unclosed(have.File, line)}}
	}
	v.strip()
	list := edits(v, have)
	return keepalive.Plan{Edits: list, ManagedFile: have.File, Trail: fmt.Sprintf("restore files=%d", len(list))}
}

// notEnv tells a file in which no line assigns anything, as /etc/shadow is, from an
// environment file.
func notEnv(v envView, have Facts) (keepalive.Problem, bool) {
	if len(v.Entries()) > 0 {
		return keepalive.Problem{}, false
	}
	line := 0
	for text := range strings.Lines(string(have.Text)) {
		line++
		if text = strings.TrimSpace(text); text != "" && text[0] != '#' {
			return keepalive.Problem{Code: NotEnv, Attribute: "file", Pos: sshconf.Pos{Path: have.File, Line: line},
				Text: fmt.Sprintf("%s:%d assigns nothing, nor does any other line: %s is not an environment file", have.File, line, have.File)}, true
		}
	}
	return keepalive.Problem{}, false
}

func unclosed(file string, line int) keepalive.Problem {
	return keepalive.Problem{Code: UnreadableEnv, Pos: sshconf.Pos{Path: file, Line: line},
		Text: fmt.Sprintf("a quote opens in %s:%d and is never closed: neither Compose nor Coolify can read the file", file, line)}
}

func edits(v envView, have Facts) []keepalive.Edit {
	if bytes.Equal(v.Bytes(), have.Text) {
		return nil
	}
	return []keepalive.Edit{{Path: have.File, Pieces: v.Pieces()}}
}

// Mismatches returns the wanted settings that the file does not give, as
// problems.
func Mismatches(want Want, have Facts) []keepalive.Problem { return Observe(want, have).Drift }

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
