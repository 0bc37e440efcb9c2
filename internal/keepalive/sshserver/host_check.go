package sshserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// What a host has against the wanted settings, before anything is decided.

// checkVersion compares the wanted keywords with what the host's release knows.
func checkVersion(want Want, v sshconf.Version) []keepalive.Problem {
	var problems []keepalive.Problem
	language := language()
	for _, s := range want.Settings {
		problems = append(problems, language.CheckRelease(s, v, false)...)
	}
	for _, m := range want.Match {
		for _, s := range m.Settings {
			problems = append(problems, language.CheckRelease(s, v, true)...)
		}
	}
	return problems
}

// refusals turns what the host's sshd says against the wanted settings alone
// into problems of the settings it means, except for those that known explains.
func refusals(want Want, have Facts, known []keepalive.Problem) []keepalive.Problem {
	var problems []keepalive.Problem
	for i, w := range WantedTexts(want) {
		if i < len(have.Refused) && have.Refused[i] != "" {
			problems = append(problems, language().Refusal(w, have.Refused[i])...)
		}
	}
	return slices.DeleteFunc(problems, func(p keepalive.Problem) bool {
		return p.Attribute != "" && slices.ContainsFunc(known, func(k keepalive.Problem) bool { return !k.Warning && k.Attribute == p.Attribute })
	})
}

// commandLine finds wanted settings that no file can change: options on sshd's command
// line are read before the first file.
func commandLine(want Want, have Facts) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, s := range want.Settings {
		if option, ok := unsettable(s, have); ok {
			problems = append(problems, keepalive.Problem{Code: keepalive.CommandLine, Attribute: s.Attribute,
				Text: fmt.Sprintf("%s cannot be set by any file: sshd was started with %s", s.Keyword, option)})
		}
	}
	return problems
}

// unsettable returns the option on sshd's command line that gives the keyword of s
// another value.
func unsettable(s keepalive.Setting, have Facts) (option string, ok bool) {
	option, ok = optionFor(have.Daemon.Options, s.Keyword)
	if !ok {
		return "", false
	}
	values, _ := effective(have, sshconf.Context{}, s.Keyword)
	wanted, known := canonical(have, sshfile.Global, s.Keyword)
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

// checkCanonical compares what the host's sshd made of the wanted lines of every block
// with what they say.
func checkCanonical(want Want, have Facts) []keepalive.Problem {
	if len(have.Canonical) == 0 {
		return nil
	}
	check := func(block int, settings []keepalive.Setting) []keepalive.Problem {
		printed := func(keyword string) ([]string, bool) { return canonical(have, block, keyword) }
		return append(language().CheckTimes(settings, printed), language().CheckBuild(settings, printed)...)
	}
	problems := check(sshfile.Global, want.Settings)
	for i, m := range want.Match {
		problems = append(problems, check(i, m.Settings)...)
	}
	return problems
}
