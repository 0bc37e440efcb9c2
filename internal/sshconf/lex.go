package sshconf

import (
	"errors"
	"strings"
)

// The blanks of OpenSSH's misc.c. Only spaces and tabs part the arguments that
// argv_split reads; strdelim takes line ends too.
const (
	blanks     = " \t\r\n"
	argvBlanks = " \t"
)

var (
	errNoArgument  = errors.New("no argument after keyword")
	errQuotes      = errors.New("invalid quotes")
	errEmptySecond = errors.New("a quoted argument is followed by an empty one")
	errGarbage     = errors.New("garbage at end of line")
	errOldNone     = errors.New("none is not a time, unless nothing follows it on the line")
	errNUL         = errors.New("NUL byte")
)

// token is one word of a line: its text, and where it stands in the line.
type token struct {
	text     string
	from, to int
}

// words are the arguments of a line, and where the first begins and the last
// ends in it.
type words struct {
	texts    []string
	from, to int
}

func (w *words) add(tok token) {
	if len(w.texts) == 0 {
		w.from = tok.from
	}
	w.texts, w.to = append(w.texts, tok.text), tok.to
}

// roomFor returns an empty list with room for the words of s: there are no more than it
// has parts between blanks.
func roomFor(s string) words {
	n, blank := 0, true
	for i := range len(s) {
		was := blank
		if blank = strings.IndexByte(blanks, s[i]) >= 0; was && !blank {
			n++
		}
	}
	return words{texts: make([]string, 0, n)}
}

// delim is what strdelim has left of a line: text[at:], unless it ended.
type delim struct {
	text  string
	at    int
	ended bool
}

// next is strdelim (misc.c): the word up to a blank, an equals sign or the end
// of a double-quoted part. ok is false where the C function returns NULL, at
// the end of the line and on a quote that is not closed.
func (d *delim) next(splitEquals bool) (tok token, ok bool) {
	if d.ended {
		return token{}, false
	}
	stops := blanks + `"`
	if splitEquals {
		stops += "="
	}
	s, from := d.text[d.at:], d.at
	i := strings.IndexAny(s, stops)
	if i < 0 {
		d.ended, d.at = true, len(d.text)
		return token{s, from, len(d.text)}, true
	}
	if s[i] == '"' {
		return d.quoted(s, i)
	}
	d.at += i + 1
	d.skip(blanks)
	if splitEquals && s[i] != '=' && strings.HasPrefix(d.text[d.at:], "=") {
		d.at++
		d.skip(blanks)
	}
	return token{s[:i], from, from + i}, true
}

// quoted ends a word that has a double quote at s[i]: the word is all up to the
// closing quote, without the quotes, and an equals sign after it is not skipped.
func (d *delim) quoted(s string, i int) (token, bool) {
	from := d.at
	n := strings.IndexByte(s[i+1:], '"')
	if n < 0 {
		d.ended, d.at = true, len(d.text)
		return token{}, false
	}
	d.at += i + 1 + n + 1
	tok := token{s[:i] + s[i+1:i+1+n], from, d.at}
	d.skip(blanks)
	return tok, true
}

func (d *delim) skip(set string) {
	for d.at < len(d.text) && strings.IndexByte(set, d.text[d.at]) >= 0 {
		d.at++
	}
}

// argvSplit is argv_split (misc.c), since OpenSSH 8.7: both kinds of quotes, a
// few escapes, and an end at a # where a word would start.
func argvSplit(s string, at int) (words, error) {
	w := roomFor(s[at:])
	for i := at; i < len(s); i++ {
		if strings.IndexByte(argvBlanks, s[i]) >= 0 {
			continue
		}
		if s[i] == '#' {
			break
		}
		text, end, err := argvWord(s, i)
		if err != nil {
			return words{}, err
		}
		w.add(token{text, i, end})
		i = end
	}
	return w, nil
}

func argvWord(s string, i int) (word string, end int, err error) {
	plain := strings.IndexAny(s[i:], argvBlanks+`"'\`)
	if plain >= 0 && strings.IndexByte(argvBlanks, s[i+plain]) >= 0 {
		return s[i : i+plain], i + plain, nil
	}
	var b strings.Builder
	var quote byte
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			if i+1 < len(s) && escapable(s[i+1], quote) {
				i++
			}
			b.WriteByte(s[i])
		case quote == 0 && strings.IndexByte(argvBlanks, c) >= 0:
			return b.String(), i, nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", 0, errQuotes
	}
	return b.String(), i, nil
}

func escapable(c, quote byte) bool {
	return c == '\'' || c == '"' || c == '\\' || c == ' ' && quote == 0
}

// lexer reads lines as one dialect of one release does.
type lexer struct {
	dialect Dialect
	version Version
	argv    bool // argv_split, since 8.7
}

func newLexer(d Dialect, v Version) lexer {
	return lexer{dialect: d, version: v, argv: v.IsZero() || v.AtLeast(8, 7)}
}

// line reads one line, terminator included.
func (x lexer) line(raw []byte) Line {
	l := Line{Raw: raw}
	s := string(raw)
	if strings.Contains(s, "\x00") {
		// Before it sees a line sshd cuts it here, newline and all, and so glues
		// the next one to it.
		l.Err = errNUL
		return l
	}
	from, to := x.trim(s)
	d := delim{text: s[:to], at: from}
	keyword, ok := d.next(true)
	if ok && keyword.text == "" {
		keyword, ok = d.next(true)
	}
	if !ok || keyword.text == "" || keyword.text[0] == '#' {
		return l // an unclosed quote in the keyword hides the line, too
	}
	l.Keyword = keyword.text
	x.arguments(&l, d)
	return l
}

// trim returns the part of a line that is looked at: without the blanks around
// it, form feeds at its end, and up to 8.6 in sshd_config all from the first #
// on, quoted or not (load_server_config).
func (x lexer) trim(s string) (from, to int) {
	to = len(s)
	if i := strings.IndexByte(s, '#'); i >= 0 && x.dialect == Server && !x.argv {
		to = i
	}
	for from < to && strings.IndexByte(" \t\r", s[from]) >= 0 {
		from++
	}
	// The first byte is never stripped; sshd has stripped the front by then.
	first := 1
	if x.dialect == Server {
		first = from + 1
	}
	for to > first && strings.IndexByte(blanks+"\f", s[to-1]) >= 0 {
		to--
	}
	if to == from+1 && s[from] == '\n' {
		to = from
	}
	return min(from, to), to
}

func (x lexer) arguments(l *Line, d delim) {
	l.at, l.end = d.at, len(d.text)
	if d.ended || d.at == len(d.text) {
		l.at = len(d.text)
		l.Err = errNoArgument
		return
	}
	w, err := x.words(l.Keyword, d)
	rest := restOfLine(x.dialect, l.Keyword)
	if len(w.texts) == 0 && !rest {
		l.Err = err
		if errors.Is(err, errNoArgument) && x.argv {
			l.end = l.at // a comment stands there
		}
		return
	}
	if !errors.Is(err, errNoArgument) {
		l.Err = err
	}
	l.Args = w.texts
	if !rest {
		l.at, l.end = w.from, w.to
	}
	l.Rest = d.text[l.at:l.end]
}

func (x lexer) words(keyword string, d delim) (words, error) {
	if x.argv {
		w, err := argvSplit(d.text, d.at)
		if err == nil && len(w.texts) == 0 {
			err = errNoArgument
		}
		return w, err
	}
	keyword = strings.ToLower(keyword)
	w, err := oldWords(keyword, d)
	old, n := oldLists[x.dialect][keyword], len(w.texts)
	garbage := errors.Is(err, errGarbage) && !old.unchecked
	if !garbage && (n > 0 && errors.Is(err, errGarbage) || n == 0 && old.mayBeEmpty) {
		err = nil
	}
	if err == nil && x.dialect == Server && keyword == "rekeylimit" && n == 2 && w.texts[1] == "none" && !strings.HasSuffix(d.text, "none") {
		err = errOldNone
	}
	return w, err
}

// oldWords takes words by strdelim, as was done up to 8.6.
func oldWords(keyword string, d delim) (words, error) {
	w := roomFor(d.text[d.at:])
	splitEquals := keyword != "setenv" // strdelimw
	for {
		tok, ok := d.next(splitEquals)
		switch {
		case !ok && len(w.texts) == 0:
			return words{}, errQuotes
		case !ok:
			return w, nil
		case tok.text == "":
			// An empty word ends the list, and nothing may follow it.
			if more, ok := d.next(splitEquals); ok && more.text != "" {
				return w, errGarbage
			}
			if len(w.texts) == 0 {
				return words{}, errNoArgument
			}
			if optionalSecond(keyword) && len(w.texts) == 1 {
				return w, errEmptySecond
			}
			return w, nil
		}
		w.add(tok)
	}
}

// oldList says how up to 8.6 a list was read: whether it may be empty, and
// whether what stood behind an empty word was not read.
type oldList struct{ mayBeEmpty, unchecked bool }

var oldLists = [...]map[string]oldList{
	Server: {
		"acceptenv": {mayBeEmpty: true}, "allowusers": {mayBeEmpty: true}, "denyusers": {mayBeEmpty: true},
		"allowgroups": {mayBeEmpty: true}, "denygroups": {mayBeEmpty: true}, "setenv": {mayBeEmpty: true},
		"pubkeyauthoptions": {mayBeEmpty: true}, "authorizedkeysfile": {true, true}, "authenticationmethods": {unchecked: true},
		"forcecommand": {true, true}, "versionaddendum": {true, true},
		"authorizedkeyscommand": {true, true}, "authorizedprincipalscommand": {true, true},
	},
	Client: {
		"sendenv": {mayBeEmpty: true}, "setenv": {mayBeEmpty: true}, "canonicaldomains": {mayBeEmpty: true},
		"canonicalizepermittedcnames": {mayBeEmpty: true},
		"host":                        {true, true}, "include": {mayBeEmpty: true},
		"globalknownhostsfile": {true, true}, "userknownhostsfile": {true, true},
		"proxycommand": {true, true}, "localcommand": {true, true}, "remotecommand": {true, true}, "proxyjump": {true, true},
	},
}

// optionalSecond reports whether a second argument is looked for. Up to 8.6 the
// nothing after a quoted first one is taken for an empty second, and refused.
func optionalSecond(keyword string) bool {
	switch keyword {
	case "rekeylimit", "ipqos", "addkeystoagent":
		return true
	}
	return false
}

// restOfLine reports whether the argument of keyword is the text to the end of
// the line, comment and quotes included.
func restOfLine(d Dialect, keyword string) bool {
	switch strings.ToLower(keyword) {
	case "forcecommand", "versionaddendum", "authorizedkeyscommand", "authorizedprincipalscommand":
		return d == Server
	case "localcommand", "remotecommand", "proxycommand", "knownhostscommand":
		return d == Client
	}
	return false
}
