package sshfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// CheckRelease finds keywords that release v does not have, ignores, or does not allow
// in a Match block.
func (g Language) CheckRelease(s keepalive.Setting, v sshconf.Version, inMatch bool) []keepalive.Problem {
	kw, known := sshconf.Lookup(g.Dialect, s.Keyword)
	if !known || v.IsZero() {
		return nil
	}
	var problems []keepalive.Problem
	say := func(code keepalive.Code, warning bool, format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: code, Warning: warning, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case !kw.RemovedSince.IsZero() && v.AtLeast(kw.RemovedSince.Major, kw.RemovedSince.Minor):
		say(keepalive.Removed, false, "%s was removed in OpenSSH %s, and the host has %s", s.Keyword, kw.RemovedSince, v)
	case !v.AtLeast(kw.Since.Major, kw.Since.Minor):
		say(keepalive.TooNew, false, "%s needs OpenSSH %s and the host has %s", s.Keyword, kw.Since, v)
	case kw.Deprecated(v):
		say(keepalive.Deprecated, true, "%s is deprecated since OpenSSH %s: the host accepts it and ignores it", s.Keyword, kw.DeprecatedSince)
	}
	if inMatch && !kw.MatchLegal(v) {
		say(keepalive.NotInMatch, false, "OpenSSH %s does not allow %s in a Match block", v, s.Keyword)
	}
	return problems
}

// sshd writes "FILE line N: text" or "FILE: line N: text".
var linePattern = regexp.MustCompile(`line (\d+)`)

// Refusal turns what the host's program says against wanted lines into problems of the
// settings it means.
func (g Language) Refusal(w keepalive.Wanted, complaint string) []keepalive.Problem {
	var problems []keepalive.Problem
	before := "" // said without a line: sshd names what is wrong with a Match first
	for line := range strings.Lines(complaint) {
		line = strings.TrimSpace(line)
		m := linePattern.FindStringSubmatch(line)
		if m == nil {
			before = line
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 || n > len(w.Lines) {
			continue
		}
		_, text, _ := strings.Cut(line, m[0])
		if text = strings.TrimLeft(text, ": "); text == "Bad Match condition" && before != "" {
			text = before
		}
		problems = append(problems, keepalive.Problem{Code: keepalive.RefusedByHost, Attribute: w.Attributes[n-1],
			Text: fmt.Sprintf("the host's %s refuses %q: %s", g.Program, w.Lines[n-1], text)})
	}
	if len(problems) == 0 {
		problems = append(problems, keepalive.Problem{Code: keepalive.RefusedByHost, Attribute: mentioned(w, complaint), Text: "the host's " + g.Program + " refuses the settings: " + strings.TrimSpace(complaint)})
	}
	return problems
}

// mentioned is the attribute of the one line whose value stands in a complaint that
// names no line, as about a host key that is not there; "" if that is not clear.
func mentioned(w keepalive.Wanted, complaint string) string {
	found := ""
	for i, line := range w.Lines {
		_, value, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(value, "/") || !strings.Contains(complaint, value) {
			continue
		}
		if found != "" && found != w.Attributes[i] {
			return ""
		}
		found = w.Attributes[i]
	}
	return found
}

// filePattern finds the file and line a complaint is about.
var filePattern = regexp.MustCompile(`(/\S+?):? line (\d+)`)

// InvalidHost is the problem of a host whose program refuses its current configuration.
func (g Language) InvalidHost(complaint string) keepalive.Problem {
	code := keepalive.InvalidHost
	if g.Dialect == sshconf.Client {
		code = keepalive.InvalidClient
	}
	p := keepalive.Problem{Code: code, Text: "the host's " + g.Program + " refuses its own configuration as it stands: " + strings.TrimSpace(complaint)}
	if m := filePattern.FindStringSubmatch(complaint); m != nil {
		if n, err := strconv.Atoi(m[2]); err == nil {
			p.Pos = sshconf.Pos{Path: m[1], Line: n}
		}
	}
	return p
}

// EndlessProblem refuses a tree that OpenSSH itself would hardly come to the end of.
func EndlessProblem(main string) keepalive.Problem {
	return keepalive.Problem{Code: keepalive.EndlessIncludes, Attribute: "config_file",
		Text: fmt.Sprintf("the Include lines of %s, and of the files that it includes, read the same files again and again without end", main)}
}
