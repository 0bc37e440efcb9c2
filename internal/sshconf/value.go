package sshconf

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// value is what a line says once it is read: the lines that a dump prints for
// it. known is false where they depend on what the text does not tell.
type value struct {
	printed []string
	known   bool
}

func printed(lines ...string) value { return value{lines, true} }

// readValue reads the arguments of a line as sshd or ssh of release v does. An
// error is a value that it refuses.
func readValue(d Dialect, kw Keyword, l Line, v Version) (value, error) {
	if l.Err != nil {
		return value{}, l.Err
	}
	if target, ok := Lookup(d, kw.AliasOf); ok && target.Known(v) {
		kw = target
	}
	if kw.Type == RestOfLine {
		return readRest(kw, l)
	}
	if len(l.Args) == 0 {
		return value{}, nil
	}
	if special, ok := argumentReaders[d][kw.Name]; ok {
		return special(kw, l.Args, v)
	}
	if kw.Type == Text || kw.Type == Block {
		return value{}, nil
	}
	if len(l.Args) != 1 {
		return value{}, fmt.Errorf("%s takes one argument, not %d", kw.Name, len(l.Args))
	}
	return readOne(d, kw, l.Args[0], v)
}

func readOne(d Dialect, kw Keyword, arg string, v Version) (value, error) {
	switch kw.Type {
	case Flag:
		return readFlag(d, kw, arg, v)
	case Enum:
		return readEnum(d, kw, arg, v)
	case Count:
		return readCount(kw, arg, v)
	case Time:
		return readTime(d, kw, arg, v)
	case Path:
		return readPath(kw, arg)
	default:
		return readAlgorithms(kw, arg, v)
	}
}

func readRest(kw Keyword, l Line) (value, error) {
	switch {
	case l.Rest == "":
		return value{}, errNoArgument
	case strings.EqualFold(l.Rest, "none"):
		return printed("none"), nil
	case strings.HasPrefix(kw.Name, "Authorized") && l.Rest[0] != '/':
		return value{}, fmt.Errorf("%s must be an absolute path", kw.Name)
	}
	return printed(l.Rest), nil
}

func unsupported(kw Keyword, arg string) error {
	return fmt.Errorf("%s: unsupported option %q", kw.Name, arg)
}

// readFlag is multistate_flag: in any case since 7.7.
func readFlag(d Dialect, kw Keyword, arg string, v Version) (value, error) {
	word := arg
	if atLeast(v, Version{7, 7}) {
		word = strings.ToLower(arg)
	}
	switch {
	case word == "yes" || word == "no":
	case d == Client && word == "true":
		word = "yes"
	case d == Client && word == "false":
		word = "no"
	default:
		return value{}, unsupported(kw, arg)
	}
	if d == Client && printsTrue(kw, v) {
		word = trueFalse(word)
	}
	return printed(word), nil
}

// enumName is the word that a dump prints for word.
func enumName(kw Keyword, word string, v Version) string {
	switch {
	case kw.Name == "PermitRootLogin" && (word == "prohibit-password" || word == "without-password"):
		if atLeast(v, Version{10, 1}) {
			return "prohibit-password"
		}
		return "without-password"
	case kw.Name == "Compression" && word == "delayed", strings.HasPrefix(kw.Name, "Allow") && word == "all":
		return "yes"
	}
	return word
}

func readEnum(d Dialect, kw Keyword, arg string, v Version) (value, error) {
	word := arg
	if kw.Name != "PermitTunnel" { // compared with strcmp
		word = strings.ToLower(arg)
	}
	if !slices.Contains(kw.Words, word) {
		boolean := (d == Client || serverBoolean(kw, v)) && slices.Contains(kw.Words, "yes") && (word == "true" || word == "false")
		switch {
		case len(kw.Words) == 0 || unknownRelease(v):
			return value{}, nil // newer words than ours
		case !boolean:
			return value{}, unsupported(kw, arg)
		}
	}
	if word == "shosts-only" && !atLeast(v, Version{8, 3}) {
		return value{}, unsupported(kw, arg)
	}
	if d == Client {
		return clientEnum(kw, word, v), nil
	}
	if serverBoolean(kw, v) {
		return printed(trueFalse(word)), nil
	}
	return printed(enumName(kw, word, v)), nil
}

// serverBoolean reports whether sshd takes true and false beside yes and no, and
// prints those: TCPKeepAlive and WarnWeakCrypto since 10.6.
func serverBoolean(kw Keyword, v Version) bool {
	return (kw.Name == "TCPKeepAlive" || kw.Name == "WarnWeakCrypto") && atLeast(v, Version{10, 6})
}

// readCount is atoi_err: decimal, from 0 to the largest int.
func readCount(kw Keyword, arg string, v Version) (value, error) {
	if !atLeast(v, Version{8, 0}) {
		n, err := strconv.ParseUint(arg, 10, 31)
		return value{[]string{strconv.FormatUint(n, 10)}, err == nil}, nil // atoi reads anything
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimLeft(arg, " \t\n\v\f\r"), "+"), 10, 31)
	if err != nil {
		return value{}, fmt.Errorf("%s: invalid integer value %q", kw.Name, arg)
	}
	return printed(strconv.FormatUint(n, 10)), nil
}

func readTime(d Dialect, kw Keyword, arg string, v Version) (value, error) {
	none := arg == "none"
	if d == Server {
		none = strings.EqualFold(arg, "none") && kw.Name == "UnusedConnectionTimeout"
	}
	if none {
		return value{[]string{"none"}, d == Server}, nil
	}
	seconds, known, err := convtime(arg, v)
	if err != nil {
		return value{}, fmt.Errorf("%s: %w", kw.Name, err)
	}
	if kw.Name == "UnusedConnectionTimeout" && seconds == 0 && known {
		return printed("none"), nil
	}
	return value{[]string{strconv.FormatInt(seconds, 10)}, known}, nil
}

// convtime is convtime (misc.c). What releases read in different ways is not
// known, where a release at hand does not settle it.
func convtime(arg string, v Version) (seconds int64, known bool, err error) {
	seconds, err = ParseTime(arg)
	switch {
	case err == nil && misreads(v) && Misreadable(arg):
		return stickyTime(arg), true, nil
	case err == nil:
		return seconds, true, nil
	}
	if strings.Contains(arg, ".") {
		return fractionalTime(arg, v, err)
	}
	plain := arg
	if !atLeast(v, Version{9, 8}) {
		plain = strings.TrimPrefix(strings.TrimLeft(arg, " \t\n\v\f\r"), "+")
	}
	if n := len(plain); n > 0 && plain[n-1] >= '0' && plain[n-1] <= '9' {
		plain += "s"
	}
	if seconds, again := ParseTime(plain); again == nil {
		if misreads(v) && Misreadable(plain) {
			return stickyTime(plain), true, nil
		}
		return seconds, true, nil
	}
	if !atLeast(v, Version{8, 5}) && strings.Trim(plain, "0123456789smhdwSMHDW") == "" && plain != "" {
		return 0, false, nil // overflows wrap
	}
	return 0, false, err
}

// decimalSeconds is a time whose seconds have a fraction.
var decimalSeconds = regexp.MustCompile(`^(.*[mhdwMHDW])?([0-9]*)\.[0-9]*[sS]?$`)

// fractionalTime is convtime since 10.3, which takes a fraction of seconds, of no
// other unit, and cuts it off. Older releases refuse it with err.
func fractionalTime(arg string, v Version, err error) (seconds int64, known bool, _ error) {
	m := decimalSeconds.FindStringSubmatch(arg)
	if m == nil || !strings.ContainsAny(arg, "0123456789") || !atLeast(v, Version{10, 3}) {
		return 0, false, err
	}
	seconds, err = ParseTime(m[1] + cmp.Or(m[2], "0") + "s")
	return seconds, err == nil, err
}

// readPath is derelativise_path: what is relative, or starts with a tilde, is
// printed as seen from where sshd runs.
func readPath(kw Keyword, arg string) (value, error) {
	switch {
	case arg == "":
		return value{}, fmt.Errorf("%s: missing file name", kw.Name)
	case strings.EqualFold(arg, "none"):
		return printed("none"), nil
	case strings.HasPrefix(arg, "/"):
		return printed(arg), nil
	}
	return value{}, nil
}

// algorithmNames tells what may be a list of names in some build, and what no
// build has names of.
var algorithmNames = regexp.MustCompile(`^[A-Za-z0-9@._*?!,-]*$`)

func readAlgorithms(kw Keyword, arg string, v Version) (value, error) {
	if arg == "" {
		return value{}, fmt.Errorf("%s: missing argument", kw.Name)
	}
	if arg[0] == '^' && !atLeast(v, Version{8, 1}) {
		return value{}, fmt.Errorf("%s: bad names %q: ^ is known since OpenSSH 8.1", kw.Name, arg)
	}
	list := strings.TrimLeft(arg[:1], "+^") + arg[1:]
	if arg[0] != '-' && !algorithmNames.MatchString(list) {
		return value{}, fmt.Errorf("%s: bad names %q", kw.Name, arg)
	}
	if strings.ContainsAny(arg, "+^*?!") || arg[0] == '-' {
		return value{}, nil
	}
	names := strings.Split(arg, ",")
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return value{}, nil
		}
	}
	return printed(arg), nil
}

// Canonical returns what sshd -T or ssh -G of release v print for the value,
// given as it is written in a file, with a newline between the lines if they
// print several. It is false if that is not known: for values that are refused,
// that depend on the program's own lists or place, or that are never printed.
func Canonical(d Dialect, keyword, text string, v Version) (string, bool) {
	kw, ok := Lookup(d, keyword)
	if !ok {
		return "", false
	}
	l := newLexer(d, v).line([]byte(kw.Name + " " + text))
	got, err := readValue(d, kw, l, v)
	if err != nil || !got.known {
		return "", false
	}
	return strings.Join(got.printed, "\n"), true
}

// Same reports whether two dumps of keyword, one element for each line, say the
// same. They may come from different releases, or be as written in a file.
func Same(d Dialect, keyword string, a, b []string, v Version) bool {
	kw, _ := Lookup(d, keyword)
	return slices.Equal(comparableLines(d, kw, a, v), comparableLines(d, kw, b, v))
}

func comparableLines(d Dialect, kw Keyword, lines []string, v Version) []string {
	var out []string
	for _, line := range lines {
		text, ok := Canonical(d, kw.Name, line, v)
		if !ok {
			text = line
		}
		out = append(out, strings.Split(oneSpelling(kw, text), "\n")...)
	}
	if unordered(kw) {
		slices.Sort(out)
	}
	return out
}

// oneSpelling maps the spellings of all releases to one.
func oneSpelling(kw Keyword, text string) string {
	if kw.Type != Flag && kw.Type != Enum {
		return text
	}
	switch lower := strings.ToLower(text); lower {
	case "true", "all":
		return "yes"
	case "false":
		return "no"
	case "prohibit-password":
		return "without-password"
	case "silent":
		return "quiet"
	case "debug1":
		return "debug"
	default:
		return lower
	}
}

// unordered reports whether the order of the lines means nothing.
func unordered(kw Keyword) bool {
	switch kw.Name {
	case "AcceptEnv", "AllowUsers", "DenyUsers", "AllowGroups", "DenyGroups", "Port", "ListenAddress", "SendEnv", "SetEnv":
		return true
	}
	return false
}
