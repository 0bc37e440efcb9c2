package sshfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Spell returns value as it is written into a file for keyword. Times that some
// release reads as another one (1m30s is 1860 seconds to OpenSSH 7.5 to 8.3) are
// written in seconds; everything else stays as it was declared.
func Spell(keyword, value string) string {
	if !mayHoldTime(keyword) {
		return value
	}
	words := strings.Split(value, " ")
	for i, word := range words {
		if seconds, err := sshconf.ParseTime(word); err == nil && sshconf.Misreadable(word) {
			words[i] = strconv.FormatInt(seconds, 10)
		}
	}
	return strings.Join(words, " ")
}

// mayHoldTime reports whether a word of the keyword's value is a time: RekeyLimit
// has one behind the amount, ControlPersist and AddKeysToAgent one among words.
func mayHoldTime(keyword string) bool {
	switch sshconf.CurrentName(sshconf.Server, keyword) {
	case "RekeyLimit", "ControlPersist", "AddKeysToAgent":
		return true
	}
	for _, d := range []sshconf.Dialect{sshconf.Server, sshconf.Client} {
		if kw, ok := sshconf.Lookup(d, keyword); ok && kw.Type == sshconf.Time {
			return true
		}
	}
	return false
}

// SameSpelling reports whether a and b are the same lines of keyword in a file.
func SameSpelling(keyword string, a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if Spell(keyword, a[i]) != Spell(keyword, b[i]) {
			return false
		}
	}
	return true
}

// CheckTimes finds times for which the host's own program printed another number of
// seconds than ours. No release is known to do so with the text that spelled
// writes; a plan with such a time must not be called effective.
func (g Language) CheckTimes(settings []keepalive.Setting, printed func(keyword string) ([]string, bool)) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, s := range settings {
		kw, ok := sshconf.Lookup(g.Dialect, s.Keyword)
		if !ok || kw.Type != sshconf.Time || len(s.Values) != 1 {
			continue
		}
		seconds, err := sshconf.ParseTime(s.Values[0])
		values, known := printed(s.Keyword)
		if err != nil || !known || len(values) != 1 {
			continue
		}
		theirs, err := strconv.ParseInt(values[0], 10, 64)
		if err == nil && theirs != seconds {
			problems = append(problems, keepalive.Problem{Code: keepalive.TimeMisread, Attribute: s.Attribute,
				Text: fmt.Sprintf("the host's %s reads %s %s as %d seconds, not %d", g.Program, s.Keyword, Spell(s.Keyword, s.Values[0]), theirs, seconds)})
		}
	}
	return problems
}

// CheckBuild warns of declared keywords that the host's program takes and
// ignores, because it was built without what they need: it then prints nothing for
// them. Values of a profile are left out by onHost instead.
func (g Language) CheckBuild(settings []keepalive.Setting, printed func(keyword string) ([]string, bool)) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, s := range settings {
		feature := featureOf(s.Keyword)
		if _, known := printed(s.Keyword); feature == "" || known {
			continue
		}
		problems = append(problems, keepalive.Problem{Code: keepalive.IgnoredByBuild, Warning: true, Attribute: s.Attribute,
			Text: fmt.Sprintf("%s has no effect: the %s of the host was built without %s and ignores the line", s.Keyword, g.Program, feature)})
	}
	return problems
}

// featureOf is the optional part of a build that the keyword belongs to, "" for none.
func featureOf(keyword string) string {
	switch lower := strings.ToLower(keyword); {
	case strings.HasPrefix(lower, "gssapi"):
		return "GSSAPI"
	case strings.HasPrefix(lower, "kerberos"):
		return "Kerberos"
	}
	return ""
}
