package sshconf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

const (
	maxDepth = 16 // SERVCONF_MAX_DEPTH, READCONF_MAX_DEPTH

	// Ours: includes can make any number of lines out of a few. 16 files that include
	// the next one 8 times each make more than OpenSSH would ever come to the end of.
	maxLines    = 1 << 20
	fewLines    = 10_000
	maxRepeated = 64

	maxProblems = 1000
)

// Evaluate says what sshd makes of the tree, for a connection: what sshd -T
// prints with -C for what the context gives and, with nothing given, without -C.
//
// sshd reads the files twice. At its start it takes what stands outside Match,
// or in Match all, and of each keyword the first value. For a connection it
// takes, in a fresh set of values, only what stands in Match blocks that match,
// and puts the values found so over the first. So any value of a matching Match
// beats every global one, and among matching blocks the first wins. Here both
// readings are done in one walk.
//
// Up to 7.6 sshd -T without -C does not do the second reading.
func Evaluate(t Tree, c Context) Result { return EvaluateAssuming(t, c, nil) }

// EvaluateAssuming is Evaluate where it is known of some Match lines whether they
// apply in the context, although the text does not tell: holds says it by their
// criteria, as written.
func EvaluateAssuming(t Tree, c Context, holds map[string]bool) Result {
	e := &evaluator{tree: t, context: c, holds: holds, globs: newGlobber(t.Files), files: map[string]*File{}, subsystems: map[string]Pos{}, taken: map[string]reading{}}
	e.result = Result{dialect: t.Dialect, version: t.Version, settings: map[string][]Setting{}, includedBy: map[string]Pos{}}
	if _, ok := t.Files[t.Main]; !ok {
		e.problem(Pos{Path: t.Main}, true, "no such file")
		return e.result
	}
	e.walk(t.Main, scope{start: true, onlyMatch: true}, 0)
	for name, list := range e.result.settings {
		kw, _ := Lookup(Server, name)
		markWinners(kw, t.Version, list)
	}
	e.missing("AuthorizedKeysCommand", "AuthorizedKeysCommandUser")
	e.missing("AuthorizedPrincipalsCommand", "AuthorizedPrincipalsCommandUser")
	return e.result
}

// Included reports whether a file at path, were it there, would be read by an
// Include outside Match and Host, and returns the line of that Include in a file
// that is there.
func Included(t Tree, path string) (Pos, bool) {
	pos, ok := Evaluate(t.with(path), Context{}).includedBy[path]
	return pos, ok
}

// with returns t with a file at path, empty if there was none.
func (t Tree) with(path string) Tree {
	if _, ok := t.Files[path]; !ok {
		t = t.Clone()
		t.Files[path] = nil
	}
	return t
}

type evaluator struct {
	tree    Tree
	context Context
	holds   map[string]bool
	globs   globber
	files   map[string]*File
	lines   int
	limit   int // of lines, 0 until it is asked about
	stopped bool
	fatal   bool // some problem is
	result  Result

	subsystems map[string]Pos // those there are at the start
	// taken says in which reading a value of some keywords was found.
	taken map[string]reading
}

// reading names the two: at the start of sshd, and for the connection.
type reading struct{ start, connection bool }

// scope is the state of process_server_config_line_depth in both readings.
type scope struct {
	start      bool // *activep at the start of sshd
	connection bool // *activep for the connection
	// never is SSHCFG_NEVERMATCH, of each reading: an Include stands in a Match
	// that does not match, so no Match below it does.
	neverStart, neverConnection bool
	onlyMatch                   bool // SSHCFG_MATCH_ONLY: no Match in this file so far
	// match is the criteria in force and outer those of the Include; depends and
	// outerDepends what they hang on.
	match, outer          string
	depends, outerDepends string
}

// problem notes what is wrong. Beyond a thousand problems only the first fatal one is
// kept.
func (e *evaluator) problem(at Pos, fatal bool, format string, args ...any) {
	if len(e.result.Problems) >= maxProblems && (!fatal || e.fatal) {
		return
	}
	e.fatal = e.fatal || fatal
	e.result.Problems = append(e.result.Problems, Problem{at, fmt.Sprintf(format, args...), fatal})
}

func (e *evaluator) stop(at Pos, text string) {
	if !e.stopped {
		e.problem(at, true, "%s", text)
	}
	e.stopped = true
}

func (e *evaluator) file(name string) *File {
	f, ok := e.files[name]
	if !ok {
		if f = e.tree.Parsed[name]; f == nil {
			f = Parse(e.tree.Dialect, e.tree.Version, e.tree.Files[name])
		}
		e.files[name] = f
		e.result.Read = append(e.result.Read, name)
	}
	return f
}

// count counts a line that is read, and says whether there may be as many.
func (e *evaluator) count(at Pos) bool {
	if e.limit == 0 {
		for _, data := range e.tree.Files {
			e.limit += 1 + bytes.Count(data, []byte("\n"))
		}
		e.limit = min(maxLines, max(fewLines, maxRepeated*e.limit))
	}
	if e.lines++; e.lines > e.limit {
		e.stop(at, fmt.Sprintf("includes lead to more than %d lines, gave up", e.limit))
		e.result.Endless = true
	}
	return !e.stopped
}

func (e *evaluator) walk(name string, s scope, depth int) {
	f := e.file(name)
	for i, l := range f.Lines {
		at := Pos{name, i + 1}
		if !e.count(at) {
			return
		}
		if l.Keyword != "" || l.Err != nil {
			e.line(f, l, at, &s, depth)
		}
	}
}

func (e *evaluator) line(f *File, l Line, at Pos, s *scope, depth int) {
	kw, ok := Lookup(Server, l.Keyword)
	passed := kw.Deprecated(e.tree.Version) && !f.lexer.argv // arguments and all
	if l.Err != nil && !passed {
		e.problem(at, true, "%v", l.refusal())
		return
	}
	if !ok || !kw.Known(e.tree.Version) {
		e.problem(at, true, "bad configuration option: %s", l.Keyword)
		return
	}
	if e.tree.unsupported(kw) && (s.start || kw.MatchLegal(e.tree.Version)) {
		e.problem(at, false, "%s is ignored: this build has no GSSAPI", kw.Name)
		return
	}
	switch kw.Name {
	case "Include":
		e.include(l, at, *s, depth)
	case "Match":
		e.match(f, l, at, s)
	default:
		e.set(kw, l, at, *s)
	}
}

// unsupported reports whether the build takes lines of the keyword, whatever their
// arguments, and ignores them.
func (t Tree) unsupported(kw Keyword) bool {
	return t.NoGSSAPI && strings.HasPrefix(kw.Name, "GSSAPI")
}

func (e *evaluator) match(f *File, l Line, at Pos, s *scope) {
	atStart, err := matchServer(f.criteria(l), e.tree.Version, Context{})
	if err != nil {
		e.problem(at, true, "%v", err)
		return
	}
	now, err := matchServer(f.criteria(l), e.tree.Version, e.context)
	if err != nil {
		e.problem(at, true, "%v", err)
		return
	}
	if applies, known := e.holds[l.Rest]; known && now.depends != "" {
		now = verdict{matches: applies}
	}
	s.start = atStart.matches && !s.neverStart
	s.connection = now.matches && !s.neverConnection
	s.onlyMatch = false
	s.match = l.Rest
	s.depends = s.outerDepends
	if s.outer != "" {
		s.match = s.outer + " and Match " + l.Rest
	}
	if now.depends != "" && (!s.neverConnection || s.outerDepends != "") {
		s.depends = now.depends
		e.result.Depends = append(e.result.Depends, Dependency{at, l.Rest, "Match " + l.Rest + " depends on " + now.depends})
	}
}

// include reads the files of each pattern. What a Match in them sets going ends
// with the file it is in.
func (e *evaluator) include(l Line, at Pos, s scope, depth int) {
	inner := scope{
		start: s.start, connection: s.connection,
		neverStart:      !s.start,
		neverConnection: !s.connection && !s.onlyMatch,
		onlyMatch:       s.onlyMatch,
		match:           s.match, depends: s.depends, outer: s.match, outerDepends: s.depends,
	}
	for _, pattern := range l.Args {
		if pattern == "" {
			e.problem(at, true, "Include has an empty argument")
			return
		}
		if e.pattern(absolute(pattern, e.tree.Dir), at, inner, depth); e.stopped {
			return
		}
	}
}

func absolute(pattern, dir string) string {
	if strings.HasPrefix(pattern, "/") || strings.HasPrefix(pattern, "~") {
		return pattern // sshd does not expand ~, it just does not prefix it
	}
	return dir + "/" + pattern
}

func (e *evaluator) pattern(pattern string, at Pos, inner scope, depth int) {
	if !strings.HasPrefix(pattern, "/") {
		return
	}
	e.result.Includes = append(e.result.Includes, pattern)
	found := e.globs.find(pattern)
	if len(found) == 0 && !hasWildcard(pattern) {
		e.problem(at, false, "Include %s: no such file", pattern)
	}
	for _, name := range found {
		if inner.match == "" {
			if _, seen := e.result.includedBy[name]; !seen {
				e.result.includedBy[name] = at
			}
		}
		if depth+1 > maxDepth {
			e.stop(at, "too many recursive configuration includes")
			return
		}
		e.walk(name, inner, depth+1)
	}
}

func hasWildcard(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

func (e *evaluator) set(kw Keyword, l Line, at Pos, s scope) {
	v := e.tree.Version
	if !s.start && !kw.MatchLegal(v) {
		e.problem(at, true, "%s is not allowed within a Match block", kw.Name)
		return
	}
	if kw.Deprecated(v) {
		e.problem(at, false, "%s is deprecated and ignored", kw.Name)
		return
	}
	set := Setting{
		Keyword: l.Keyword, Args: l.Args, Rest: l.Rest, Pos: at, Match: s.match, Depends: s.depends,
		line: l, atStart: s.start, forConnection: s.connection && kw.matchEffective(v), Order: e.lines,
	}
	if _, err := readValue(Server, kw, l, v); err != nil && !e.valueIgnored(kw, set) {
		e.problem(at, true, "%v", err)
		return
	}
	switch kw.Name {
	case "Subsystem":
		e.subsystem(set)
	case "AuthorizedKeysCommand":
		e.take(kw.Name, set)
	case "AuthenticationMethods":
		e.methods(set)
	case "AuthorizedPrincipalsCommand":
		// A slip of 8.7 to 9.8 keeps the line from counting once
		// AuthorizedKeysCommand is set.
		slip, keys := kw.Merge(v) == Last, e.taken["AuthorizedKeysCommand"]
		set.atStart = set.atStart && !(slip && keys.start)
		set.forConnection = set.forConnection && !(slip && keys.connection)
		e.take(kw.Name, set)
	}
	set.Active = set.atStart || set.forConnection
	name := canonicalName(Server, v, kw.Name)
	e.result.settings[name] = append(e.result.settings[name], set)
}

func (e *evaluator) take(keyword string, set Setting) {
	was := e.taken[keyword]
	e.taken[keyword] = reading{was.start || set.atStart, was.connection || set.forConnection}
}

// methods refuses any where, in either reading, another list is set already, as
// was done from 8.7 to 9.6: also if this one is not active.
func (e *evaluator) methods(set Setting) {
	v, taken := e.tree.Version, e.taken["AuthenticationMethods"]
	strict := atLeast(v, Version{8, 7}) && !atLeast(v, Version{9, 7})
	if strict && (taken.start || taken.connection) && slices.Contains(set.Args, "any") {
		e.problem(set.Pos, true, "AuthenticationMethods any must be alone, and there is another list")
	}
	e.take("AuthenticationMethods", set)
}

// valueIgnored reports whether sshd does not look at the value of a line, which
// may then be anything: up to 8.6 at some that have no effect in either reading.
func (e *evaluator) valueIgnored(kw Keyword, set Setting) bool {
	taken := e.taken[kw.Name]
	switch {
	case set.line.Err != nil || atLeast(e.tree.Version, Version{8, 7}):
		return false
	case kw.Name == "AuthenticationMethods": // there already
		return taken.start && taken.connection
	case kw.Name == "AuthorizedKeysCommand", kw.Name == "AuthorizedPrincipalsCommand": // there, or not active
		return set.Rest != "" && (taken.start || !set.atStart) && (taken.connection || !set.forConnection)
	}
	return false
}

// subsystem refuses one that is there already, as sshd did before 9.5.
func (e *evaluator) subsystem(set Setting) {
	if !set.atStart || atLeast(e.tree.Version, Version{9, 5}) {
		return
	}
	name := set.Args[0]
	if at, twice := e.subsystems[name]; twice {
		e.problem(set.Pos, true, "Subsystem %s is already defined at %s", name, at)
		return
	}
	e.subsystems[name] = set.Pos
}

// missing refuses a keyword that is active from the start on without the other,
// which sshd looks for before it looks at any Match.
func (e *evaluator) missing(keyword, other string) {
	for _, s := range e.result.Settings(other) {
		if s.atStart {
			return
		}
	}
	for _, s := range e.result.Settings(keyword) {
		if s.atStart {
			if !strings.EqualFold(s.Rest, "none") {
				e.problem(s.Pos, true, "%s set without %s", keyword, other)
			}
			return
		}
	}
}
