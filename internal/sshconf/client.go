package sshconf

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// ClientQuery is what ssh knows before it reads its files: ssh -l User Host.
type ClientQuery struct {
	Host      string // as typed
	User      string // "" if the command line names none
	LocalUser string
	Home      string // of LocalUser, for ~ and relative patterns in Include
	Port      string // "" if the command line names none
	Local     *Local // nil: nothing else is known of where ssh runs
}

// EvaluateClient says what ssh -G makes of the tree for a host.
//
// ssh reads the user's file, then the system's, and keeps the first value of
// each keyword. If a Match final was read, or host names are canonicalised, it
// reads both once more, with the host name that came out of the first reading,
// and keeps what it had. Commands are run and the environment is asked only by
// what Local brings, and no name is resolved: what depends on anything else is in
// Depends, and does not match.
func EvaluateClient(t Tree, q ClientQuery) Result {
	c := &client{query: q, host: q.Host, first: map[string]string{}, inactive: map[occurrence]int{}, active: map[occurrence]bool{}, keyFiles: map[string]bool{}, depended: map[Dependency]bool{}, included: map[string]bool{}}
	c.tree, c.globs, c.files = t, newGlobber(t.Files), map[string]*File{}
	c.result = Result{dialect: t.Dialect, version: t.Version, settings: map[string][]Setting{}, includedBy: map[string]Pos{}}
	c.first["user"] = q.User
	if q.Port != "" {
		c.first["port"] = q.Port
	}
	c.read()
	if c.canonical() {
		c.result.Depends = append(c.result.Depends, Dependency{Text: "CanonicalizeHostname lets name resolution decide the host name"})
	}
	if c.wantFinal || c.canonical() {
		c.host = c.hostname()
		if _, isAddress := parseAddr(c.host); !isAddress {
			c.host = strings.ToLower(c.host)
		}
		c.final = true
		c.read()
	}
	for name, list := range c.result.settings {
		list = slices.DeleteFunc(list, func(s Setting) bool { return s.reread })
		c.result.settings[name] = list
		kw, _ := Lookup(Client, name)
		markWinners(kw, t.Version, list)
	}
	// ssh.c looks when all is read, so that it is a fault of this host's values alone.
	if n, known := c.result.Printed("ConnectionAttempts"); known && slices.Equal(n, []string{"0"}) {
		w, _ := c.result.Winner("ConnectionAttempts")
		c.result.Problems = append(c.result.Problems, Problem{Pos: w.Pos, Text: "ConnectionAttempts: ssh ends with 0 for this host", Fatal: true})
	}
	return c.result
}

// client is process_config_line_depth (readconf.c) with the options that
// reading itself depends on.
type client struct {
	evaluator
	query     ClientQuery
	host      string            // what Host patterns are matched with
	first     map[string]string // first value of some keywords, by name in lower case
	wantFinal bool
	final     bool
	user      bool // in the user's file, not the system's
	order     int  // settings so far

	// What the first reading found of each line, for the second one: that it is
	// active, or where among the settings it stands as inactive.
	active   map[occurrence]bool
	inactive map[occurrence]int
	keyFiles map[string]bool // IdentityFile and CertificateFile so far
	depended map[Dependency]bool
	included map[string]bool // patterns
}

// occurrence is a line as one of the two configurations includes it: a file that both
// include has its key files in both (add_identity_file).
type occurrence struct {
	at   Pos
	user bool
}

// clientScope is the state within one file.
type clientScope struct {
	active, never         bool
	match, outer          string
	depends, outerDepends string
}

func (c *client) read() {
	for i, name := range []string{c.tree.Main, c.tree.System} {
		c.user = i == 0
		if _, ok := c.tree.Files[name]; ok {
			c.walkClient(name, clientScope{active: true}, 0)
		}
	}
}

func (c *client) canonical() bool {
	word := strings.ToLower(c.first["canonicalizehostname"])
	return word == "yes" || word == "true" || word == "always"
}

// hostname is options.hostname with its tokens, else the host as typed.
func (c *client) hostname() string {
	name, ok := c.first["hostname"]
	if !ok {
		return c.host
	}
	if c.final {
		return c.host
	}
	return strings.NewReplacer("%%", "%", "%h", c.query.Host).Replace(name)
}

func (c *client) walkClient(name string, s clientScope, depth int) {
	f := c.file(name)
	for i, l := range f.Lines {
		at := Pos{name, i + 1}
		if !c.count(at) {
			return
		}
		if l.Keyword != "" || l.Err != nil {
			c.lineClient(f, l, at, &s, depth)
		}
	}
}

func (c *client) lineClient(f *File, l Line, at Pos, s *clientScope, depth int) {
	kw, ok := Lookup(Client, l.Keyword)
	known := ok && kw.Known(c.tree.Version)
	argv := c.files[at.Path].lexer.argv
	switch {
	case l.Err != nil && (argv || known && !kw.Deprecated(c.tree.Version)):
		c.problem(at, true, "%v", l.refusal())
	case !known && matchPatternList(strings.ToLower(l.Keyword), c.first["ignoreunknown"], true) == 1:
	case !known:
		c.problem(at, true, "bad configuration option: %s", strings.ToLower(l.Keyword))
	case kw.Name == "Host":
		c.hostLine(l, at, s)
	case kw.Name == "Match":
		c.matchLine(f, l, at, s)
	case kw.Name == "Include":
		c.includeLine(l, at, *s, depth)
	case kw.Deprecated(c.tree.Version):
		c.problem(at, false, "%s is deprecated and ignored", kw.Name)
	case c.tree.unsupported(kw):
		c.problem(at, false, "%s is ignored: this build has no GSSAPI", kw.Name)
	default:
		c.setClient(kw, l, at, *s)
	}
}

// hostLine matches the patterns of a Host: any pattern with an exclamation mark
// that matches ends it.
func (c *client) hostLine(l Line, at Pos, s *clientScope) {
	s.active, s.depends = false, s.outerDepends
	s.match = s.within("Host " + l.Rest)
	for _, p := range l.Args {
		p, negated := strings.CutPrefix(p, "!")
		switch {
		case p == "" && !negated:
			c.problem(at, true, "Host has an empty argument")
			return
		case s.never || !matchPattern(c.host, p):
		case negated:
			s.active = false
			return
		default:
			s.active = true
		}
	}
}

func (s *clientScope) within(criteria string) string {
	if s.outer == "" {
		return criteria
	}
	return s.outer + " and " + criteria
}

func (c *client) matchLine(f *File, l Line, at Pos, s *clientScope) {
	m := clientMatch{client: c, next: f.criteria(l), never: s.never}
	result, err := m.verdict()
	if err != nil {
		c.problem(at, true, "%v", err)
		return
	}
	s.match = s.within("Match " + l.Rest)
	s.active, s.depends = result.matches && !s.never, s.outerDepends
	if result.depends != "" && (!s.never || s.outerDepends != "") {
		s.depends = result.depends
		// A Match final depends on nothing before the second reading.
		if d := (Dependency{at, l.Rest, "Match " + l.Rest + " depends on " + result.depends}); !c.depended[d] {
			c.depended[d] = true
			c.result.Depends = append(c.result.Depends, d)
		}
	}
}

func (c *client) includeLine(l Line, at Pos, s clientScope, depth int) {
	inner := clientScope{active: s.active, never: s.never || !s.active, match: s.match, outer: s.match, depends: s.depends, outerDepends: s.depends}
	for _, pattern := range l.Args {
		if pattern == "" {
			c.problem(at, true, "Include has an empty argument")
			return
		}
		full, ok := c.absoluteClient(pattern, at)
		if !ok {
			continue
		}
		if !c.included[full] {
			c.included[full] = true
			c.result.Includes = append(c.result.Includes, full)
		}
		found := c.globs.find(full)
		if len(found) == 0 && !hasWildcard(full) {
			c.problem(at, false, "Include %s: no such file", full)
		}
		for _, name := range found {
			if _, seen := c.result.includedBy[name]; !seen && inner.match == "" {
				c.result.includedBy[name] = at
			}
			if depth+1 > maxDepth {
				c.stop(at, "too many recursive configuration includes")
				return
			}
			c.walkClient(name, inner, depth+1)
		}
	}
}

// absoluteClient anchors a pattern: below ~/.ssh in the user's file, below the
// system's directory in the system's, where ~ is an error.
func (c *client) absoluteClient(pattern string, at Pos) (string, bool) {
	pattern, ok := c.expandInclude(pattern, at)
	if !ok {
		return "", false
	}
	rest, home := strings.CutPrefix(pattern, "~")
	switch {
	case home && !c.user:
		c.problem(at, true, "bad include path %s", pattern)
		return "", false
	case home && (rest == "" || rest[0] == '/'):
		return path.Join(c.query.Home, "/") + rest, true
	case home:
		c.result.Depends = append(c.result.Depends, Dependency{Pos: at, Text: "Include " + pattern + " depends on the home directory of another user"})
		return "", false
	case strings.HasPrefix(pattern, "/"):
		return pattern, true
	case c.user:
		return path.Join(c.query.Home, ".ssh") + "/" + pattern, true
	}
	return c.tree.Dir + "/" + pattern, true
}

// expandInclude replaces tokens and variables, which Include knows since 9.9.
func (c *client) expandInclude(pattern string, at Pos) (string, bool) {
	if !atLeast(c.tree.Version, Version{9, 9}) || !strings.ContainsAny(pattern, "%$") {
		return pattern, true
	}
	if c.query.Local == nil || c.query.Local.Env == nil {
		c.result.Depends = append(c.result.Depends, Dependency{Pos: at, Text: "Include " + pattern + " depends on the environment"})
		return "", false
	}
	expanded, err := c.tokens().Expand(pattern, c.query.Local.Env)
	if err != nil {
		c.problem(at, true, "Include %s: %v", pattern, err)
	}
	return expanded, err == nil
}

func (c *client) setClient(kw Keyword, l Line, at Pos, s clientScope) {
	v := c.tree.Version
	if _, err := readValue(Client, kw, l, v); err != nil {
		c.problem(at, true, "%v", err)
		return
	}
	name := canonicalName(Client, v, kw.Name)
	if kw.Name == "StreamLocalBindMask" && !atLeast(v, Version{10, 6}) || kw.Name == "SyslogFacility" {
		s.active = true // ssh does not look whether they are
	}
	// Before the second reading ssh puts the host name it has in HostName's place.
	if c.final && (name == "hostname" || !c.changesOnSecondPass(name, at, s)) {
		return
	}
	if !c.final && s.active {
		c.active[occurrence{at, c.user}] = true
	} else if !c.final {
		c.inactive[occurrence{at, c.user}] = len(c.result.settings[name])
	}
	if _, set := c.first[name]; s.active && (!set || c.first[name] == "") && len(l.Args) > 0 {
		c.first[name] = l.Args[0]
		if kw.Name == "ProxyJump" {
			c.first[name] = l.Rest
		}
	}
	set := Setting{
		Keyword: l.Keyword, Args: l.Args, Rest: l.Rest, Pos: at, Match: s.match, Depends: s.depends,
		line: l, Active: s.active, atStart: s.active, fromUser: c.user, Order: c.order,
	}
	c.order++
	if name == "user" && c.query.User != "" || c.repeated(name, set) {
		set.atStart = false
	}
	c.result.settings[name] = append(c.result.settings[name], set)
}

// repeated reports whether ssh has this key file already, from the same of the
// two configurations (add_identity_file, add_certificate_file).
func (c *client) repeated(name string, set Setting) bool {
	if name != "identityfile" && name != "certificatefile" || !set.atStart {
		return false
	}
	key := fmt.Sprintf("%s %t %q", name, set.fromUser, set.Args)
	seen := c.keyFiles[key]
	c.keyFiles[key] = true
	return seen
}

// changesOnSecondPass reports whether the second reading of a line counts: the first found it
// inactive, so this one takes its place. SendEnv alone adds the same again.
func (c *client) changesOnSecondPass(name string, at Pos, s clientScope) bool {
	if !s.active || c.active[occurrence{at, c.user}] && name != "sendenv" {
		return false
	}
	if i, ok := c.inactive[occurrence{at, c.user}]; ok {
		c.result.settings[name][i].reread = true
	}
	return true
}
