package sshclient

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The codes of problems that only ssh has.
const (
	BadPattern      keepalive.Code = "bad pattern"
	BadProbe        keepalive.Code = "bad probe host"
	NoProbe         keepalive.Code = "no probe host"
	ProbeUnmatched  keepalive.Code = "probe host not matched"
	NotRead         keepalive.Code = "file not read"
	EarlierLine     keepalive.Code = "earlier line"
	ReadWithF       keepalive.Code = "read with -F only"
	NoBlock         keepalive.Code = "no block"
	UncertainBlock  keepalive.Code = "block depends on more than text"
	UncertainLine   keepalive.Code = "line depends on more than text"
	BadPermissions  keepalive.Code = "bad permissions"
	OthersShutOut   keepalive.Code = "not readable for other users"
	IgnoreInBlock   keepalive.Code = "ignore unknown in block"
	ClosesHealthy   keepalive.Code = "kills healthy connections"
	CountAlone      keepalive.Code = "count of ssh without interval"
	AsksTooLate     keepalive.Code = "idle limit of ssh"
	MastersNeverEnd keepalive.Code = "masters never end"
	MasterUnwatched keepalive.Code = "master unwatched"
	MasterStuck     keepalive.Code = "stale master"
	NoControlPath   keepalive.Code = "no control path"
	SocketShared    keepalive.Code = "socket shared by hosts"
	SocketTooLong   keepalive.Code = "socket name too long"
	SocketTight     keepalive.Code = "little room in socket name"
	SocketDir       keepalive.Code = "socket directory"
	SocketDirGone   keepalive.Code = "socket directory gone"
)

// Check says what is wrong with want that can be known without a host.
func Check(want Want) []keepalive.Problem {
	problems := checkOpening(want)
	for _, p := range language().CheckSettings(want.Settings, false) {
		if p.Code == keepalive.UnknownKeyword && (want.ignoring(p.Attribute) || want.patched(p.Attribute)) {
			continue
		}
		problems = append(problems, p)
	}
	for _, s := range want.Settings {
		problems = append(problems, checkValue(s)...)
		if ignores(s) > 0 && !want.everywhere() {
			problems = append(problems, keepalive.Problem{Code: IgnoreInBlock, Warning: true, Attribute: s.Attribute,
				Text: "IgnoreUnknown counts for the hosts of this block only, and unknown keywords are fatal for all others"})
		}
	}
	if len(want.Settings) == 0 {
		problems = append(problems, keepalive.Problem{Code: keepalive.NothingWanted, Text: "no setting is declared, so there is nothing to manage"})
	}
	return append(problems, checkProbes(want)...)
}

// patched reports whether only a patched build knows the keyword of an attribute:
// UseKeychain and AskPassGUI on macOS, RSAMinSize on Red Hat's 9, KexDHMin on SUSE.
// The host's own ssh judges it, unless an IgnoreUnknown of ours keeps it from that.
// sshconf does not know these keywords, because other builds refuse them.
func (c Want) patched(attribute string) bool {
	for _, s := range c.Settings {
		if s.Attribute == attribute {
			return slices.Contains([]string{"usekeychain", "askpassgui", "rsaminsize", "kexdhmin"}, strings.ToLower(s.Keyword)) && !c.ignoresKeyword(s.Keyword)
		}
	}
	return false
}

// ignoring reports whether IgnoreUnknown of ours covers the setting of an
// attribute. It must count for every host: ssh parses the lines of blocks that do
// not match as well.
func (c Want) ignoring(attribute string) bool {
	for _, s := range c.Settings {
		if s.Attribute == attribute {
			return c.everywhere() && c.ignoresKeyword(s.Keyword)
		}
	}
	return false
}

func (c Want) ignoresKeyword(keyword string) bool {
	block := Want{Match: "all"}
	for _, s := range c.Settings {
		if ignores(s) > 0 {
			block.Settings = append(block.Settings, s)
		}
	}
	text := sshfile.Join(append(sshfile.Lines(block.Settings), keyword+" x"))
	t := sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Newest(), Main: "/sample", Dir: "/", Files: map[string][]byte{"/sample": []byte(text)}}
	return !sshconf.EvaluateClient(t, sshconf.ClientQuery{Host: "x"}).Refused()
}

// patternForm is what a pattern of Host may look like. A comma would be part of
// the name there; Match is what takes lists.
var patternForm = regexp.MustCompile(`^!?[^\s"'#,!\\]+$`)

func checkOpening(want Want) []keepalive.Problem {
	var problems []keepalive.Problem
	bad := func(code keepalive.Code, attribute, format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: code, Attribute: attribute, Text: fmt.Sprintf(format, args...)})
	}
	positive := false
	for i, p := range want.Patterns {
		positive = positive || !strings.HasPrefix(p, "!")
		if !patternForm.MatchString(p) {
			bad(BadPattern, fmt.Sprintf("patterns[%d]", i), "%q is not a valid Host pattern; use one name, with * and ? as wildcards and without blanks, commas, quotes or #", p)
		}
	}
	switch {
	case want.Match != "" && len(want.Patterns) > 0:
		bad(BadPattern, "match", "`patterns` and `match` are both set, and a block has one of them")
	case want.Match == "" && len(want.Patterns) == 0:
		bad(NoBlock, "patterns", "neither `patterns` nor `match` is set, and a block needs one of them")
	case want.Match == "" && !positive:
		bad(BadPattern, "patterns", "a Host line with negated patterns only never matches: add \"*\"")
	case want.Match != "":
		problems = append(problems, sshfile.CheckCriteria("match", want.Match)...)
		problems = append(problems, checkMatchLine(want)...)
	}
	return problems
}

// checkMatchLine lets the evaluator read the criteria.
func checkMatchLine(want Want) []keepalive.Problem {
	t := sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Newest(), Main: "/sample", Dir: "/",
		Files: map[string][]byte{"/sample": []byte(want.Block() + "\n")}}
	for _, p := range sshconf.EvaluateClient(t, sshconf.ClientQuery{Host: "x"}).Problems {
		if p.Fatal {
			return []keepalive.Problem{{Code: BadPattern, Attribute: "match", Text: "no release of ssh accepts Match " + want.Match + ": " + p.Text}}
		}
	}
	return nil
}

var probeForm = regexp.MustCompile(`^([^\s@'"-][^\s'"]*@)?[A-Za-z0-9_.:%\[\]][A-Za-z0-9_.:%\[\]-]*$`)

// CheckProbes finds the names that cannot be typed after ssh.
func CheckProbes(names []string) []keepalive.Problem {
	var problems []keepalive.Problem
	for i, name := range names {
		if !probeForm.MatchString(name) {
			problems = append(problems, keepalive.Problem{Code: BadProbe, Attribute: fmt.Sprintf("probe_hosts[%d]", i),
				Text: fmt.Sprintf("%q is not a [user@]host without wildcards, as it is typed after ssh", name)})
		}
	}
	return problems
}

func checkProbes(want Want) []keepalive.Problem {
	problems := CheckProbes(want.ProbeHosts)
	if len(ProbesOf(want)) == 0 && !keepalive.HasErrors(checkOpening(want)) {
		problems = append(problems, keepalive.Problem{Code: NoProbe, Warning: true, Attribute: "probe_hosts",
			Text: "no example host name matches the block, so nothing proves that the settings are effective"})
	}
	return problems
}

// checkValue finds values that ssh reads otherwise than they look.
func checkValue(s keepalive.Setting) []keepalive.Problem {
	var problems []keepalive.Problem
	bad := func(format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: keepalive.BadValue, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	for _, v := range s.Values {
		if sshfile.BadText(v) != "" {
			continue
		}
		l := sshconf.Parse(sshconf.Client, sshconf.Newest(), []byte(s.Keyword+" "+v)).Lines[0]
		switch {
		case l.Err != nil:
			bad("ssh cannot read %q: %v", v, l.Err)
		case l.Rest != strings.TrimSpace(v):
			bad("ssh reads only %q of %q: OpenSSH 8.7 reads # as a comment, older releases refuse the line", l.Rest, v)
		case strings.EqualFold(s.Keyword, "ControlPath"):
			problems = append(problems, checkSocketText(s, l)...)
		}
	}
	return problems
}

// checkHost compares want with what the host says.
func checkHost(want Want, have Facts) []keepalive.Problem {
	language := language()
	var problems []keepalive.Problem
	for _, s := range want.Settings {
		problems = append(problems, language.CheckRelease(s, have.Version, false)...)
	}
	if have.Refused != "" {
		for _, p := range language.Refusal(Text(want), have.Refused) {
			p.Text = strings.Replace(p.Text, unmet, "", 1)
			problems = append(problems, p)
		}
	}
	for _, dump := range have.Canonical[:min(1, len(have.Canonical))] {
		printed := func(keyword string) ([]string, bool) {
			values, ok := dump[strings.ToLower(keyword)]
			return values, ok
		}
		problems = slices.Concat(problems, language.CheckTimes(want.Settings, printed), language.CheckBuild(want.Settings, printed))
	}
	return slices.Concat(problems, checkSockets(want, have), checkReadable(have), checkAlone(have))
}

// checkAlone warns of a file that ssh reads only when it is told to.
func checkAlone(have Facts) []keepalive.Problem {
	if have.Tree.Main != have.File || have.Tree.System != "" {
		return nil
	}
	return []keepalive.Problem{{Code: ReadWithF, Warning: true, Attribute: "config_file",
		Text: fmt.Sprintf("%s is read by ssh -F only: plain ssh reads %s/.ssh/config and the system's file", have.File, have.Home)}}
}

// checkReadable finds files of the system that some users cannot read: ssh then
// refuses to work for them at all.
func checkReadable(have Facts) []keepalive.Problem {
	if !have.System {
		return nil
	}
	s, ok := have.Stats[have.File]
	if !ok || s.Mode&0o044 == 0o044 {
		return nil
	}
	return []keepalive.Problem{{Code: OthersShutOut, Warning: true, Attribute: "config_file",
		Text: fmt.Sprintf("%s has mode %04o: ssh of every user who cannot read it ends with an error", have.File, s.Mode)}}
}

var (
	permissionPattern = regexp.MustCompile(`Bad owner or permissions on (\S.*)`)
	unreadablePattern = regexp.MustCompile(`Can't open user config file (.*?): (Permission denied)`)
)

// invalidProblem says why ssh refuses its own files.
func invalidProblem(have Facts) keepalive.Problem {
	if m := permissionPattern.FindStringSubmatch(have.Invalid); m != nil {
		name := strings.TrimSpace(m[1])
		s := have.Stats[name]
		return keepalive.Problem{Code: BadPermissions, Attribute: "config_file",
			Text: fmt.Sprintf("ssh of %s refuses %s: it belongs to user %d and has mode %04o, and must belong to %s or root and not be writable by others",
				have.User, name, s.UID, s.Mode, have.User)}
	}
	if m := unreadablePattern.FindStringSubmatch(have.Invalid); m != nil {
		return keepalive.Problem{Code: BadPermissions, Attribute: "config_file",
			Text: fmt.Sprintf("ssh of %s cannot read %s, which is included: %s", have.User, m[1], m[2])}
	}
	return language().InvalidHost(have.Invalid)
}

// CheckKeywords says which of the keywords no ssh -G ever prints.
func CheckKeywords(keywords []string) []keepalive.Problem { return language().CheckNames(keywords) }
