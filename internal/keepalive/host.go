package keepalive

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// What a host says against the wishes before anything is decided.

// checkVersion compares the wanted keywords with what the host's release knows.
func checkVersion(want Server, v sshconf.Version) []Problem {
	var problems []Problem
	language := serverLanguage()
	for _, s := range want.Settings {
		problems = append(problems, language.checkRelease(s, v, false)...)
	}
	for _, m := range want.Match {
		for _, s := range m.Settings {
			problems = append(problems, language.checkRelease(s, v, true)...)
		}
	}
	return problems
}

func (g language) checkRelease(s Setting, v sshconf.Version, inMatch bool) []Problem {
	kw, known := sshconf.Lookup(g.Dialect, s.Keyword)
	if !known || v.IsZero() {
		return nil
	}
	var problems []Problem
	say := func(code Code, warning bool, format string, args ...any) {
		problems = append(problems, Problem{Code: code, Warning: warning, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case !kw.RemovedSince.IsZero() && v.AtLeast(kw.RemovedSince.Major, kw.RemovedSince.Minor):
		say(Removed, false, "%s is gone since OpenSSH %s and the host has %s", s.Keyword, kw.RemovedSince, v)
	case !v.AtLeast(kw.Since.Major, kw.Since.Minor):
		say(TooNew, false, "%s needs OpenSSH %s and the host has %s", s.Keyword, kw.Since, v)
	case kw.Deprecated(v):
		say(Deprecated, true, "%s is deprecated since OpenSSH %s: the host accepts it and ignores it", s.Keyword, kw.DeprecatedSince)
	}
	if inMatch && !kw.MatchLegal(v) {
		say(NotInMatch, false, "OpenSSH %s does not allow %s in a Match block", v, s.Keyword)
	}
	return problems
}

// sshd writes "FILE line N: text" or "FILE: line N: text".
var linePattern = regexp.MustCompile(`line (\d+)`)

// refusals turns what the host's sshd says against the wanted settings alone
// into problems of the settings it means, but for those that known explains.
func refusals(want Server, have Facts, known []Problem) []Problem {
	var problems []Problem
	for i, w := range WantedTexts(want) {
		if i < len(have.Refused) && have.Refused[i] != "" {
			problems = append(problems, serverLanguage().refusal(w, have.Refused[i])...)
		}
	}
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return p.Attribute != "" && slices.ContainsFunc(known, func(k Problem) bool { return !k.Warning && k.Attribute == p.Attribute })
	})
}

func (g language) refusal(w Wanted, complaint string) []Problem {
	var problems []Problem
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
		problems = append(problems, Problem{Code: RefusedByHost, Attribute: w.Attributes[n-1],
			Text: fmt.Sprintf("the host's %s refuses %q: %s", g.program, w.Lines[n-1], text)})
	}
	if len(problems) == 0 {
		problems = append(problems, Problem{Code: RefusedByHost, Attribute: w.mentioned(complaint), Text: "the host's " + g.program + " refuses the settings: " + strings.TrimSpace(complaint)})
	}
	return problems
}

// mentioned is the attribute of the one line whose value stands in a complaint that
// names no line, as about a host key that is not there; "" if that is not clear.
func (w Wanted) mentioned(complaint string) string {
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

func (g language) invalidHost(complaint string) Problem {
	code := InvalidHost
	if g.Dialect == sshconf.Client {
		code = InvalidClient
	}
	p := Problem{Code: code, Text: "the host's " + g.program + " refuses its own configuration as it stands: " + strings.TrimSpace(complaint)}
	if m := filePattern.FindStringSubmatch(complaint); m != nil {
		if n, err := strconv.Atoi(m[2]); err == nil {
			p.Pos = sshconf.Pos{Path: m[1], Line: n}
		}
	}
	return p
}

// commandLine finds wishes that no file can fulfil: options on sshd's command
// line are read before the first file.
func commandLine(want Server, have Facts) []Problem {
	var problems []Problem
	for _, s := range want.Settings {
		if option, ok := unsettable(s, have); ok {
			problems = append(problems, Problem{Code: CommandLine, Attribute: s.Attribute,
				Text: fmt.Sprintf("%s cannot be set by any file: sshd was started with %s", s.Keyword, option)})
		}
	}
	return problems
}

// unsettable returns the option on sshd's command line that gives the keyword of s
// another value.
func unsettable(s Setting, have Facts) (option string, ok bool) {
	option, ok = optionFor(have.Daemon.Options, s.Keyword)
	if !ok {
		return "", false
	}
	values, _ := effective(have, sshconf.Context{}, s.Keyword)
	wanted, known := canonical(have, global, s.Keyword)
	return option, !known || !sshconf.Same(sshconf.Server, s.Keyword, values, wanted, have.Version)
}

// optionKeywords are what the options of sshd's command line set, beside -o.
var optionKeywords = map[string]string{
	"-p": "Port", "-h": "HostKey", "-c": "HostCertificate", "-g": "LoginGraceTime",
	"-4": "AddressFamily", "-6": "AddressFamily", "-q": "LogLevel",
}

// optionFor returns the command line option that sets keyword.
func optionFor(options []string, keyword string) (string, bool) {
	for _, o := range options {
		flag, _, _ := strings.Cut(o, " ")
		switch {
		case strings.EqualFold(optionKeywords[flag], keyword):
			return o, true
		case strings.HasPrefix(o, "-o"):
			name := strings.TrimLeft(strings.TrimPrefix(o, "-o"), " ")
			if i := strings.IndexAny(name, "= \t"); i >= 0 && sameKeyword(name[:i], keyword) {
				return o, true
			}
		}
	}
	return "", false
}
