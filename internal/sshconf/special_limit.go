package sshconf

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	classPattern   = regexp.MustCompile(`^(af[1-4][1-3]|cs[0-7]|ef)$`)
	qosWord        = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	anyBasePattern = regexp.MustCompile(`^\s*\+?(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$`)
)

// ipQoS is printed as written for the classes that all releases know.
func ipQoS(kw Keyword, args []string, v Version) (value, error) {
	if len(args) < 1 || len(args) > 2 {
		return value{}, fmt.Errorf("%s takes one or two arguments, not %d", kw.Name, len(args))
	}
	both := []string{strings.ToLower(args[0]), strings.ToLower(args[len(args)-1])}
	got := value{[]string{strings.Join(both, " ")}, true}
	for _, class := range both {
		if !isClass(class, v) {
			return value{}, fmt.Errorf("%s: bad value %q", kw.Name, class)
		}
		got.known = got.known && classPattern.MatchString(class)
	}
	return got, nil
}

// isClass is parse_ipqos of misc.c. Since 9.8 its numbers are decimal; before, they could be
// hexadecimal and octal.
func isClass(class string, v Version) bool {
	switch class {
	case "none", "lowdelay", "throughput", "reliability":
		return true
	case "le":
		return atLeast(v, Version{8, 2})
	case "va":
		return atLeast(v, Version{10, 3})
	}
	if classPattern.MatchString(class) || unknownRelease(v) && qosWord.MatchString(class) {
		return true
	}
	number := decimal
	if !atLeast(v, Version{9, 8}) {
		number = anyBase
	}
	n, ok := number(class)
	return ok && n >= 0 && n <= 255
}

// anyBase is strtol with the base 0, for what is not negative.
func anyBase(text string) (n int64, ok bool) {
	m := anyBasePattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 0, 64)
	return n, err == nil
}

func countOrNone(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil || arg == "none" {
		return printed("none"), err
	}
	if n, _ := decimal(arg); n == math.MaxInt32 { // what none is to sshd
		return printed("none"), nil
	}
	return readCount(kw, arg, v)
}

var scanPattern = regexp.MustCompile(`^\s*([+-]?\d+)`)

// scanned is what sscanf reads by "%d:%d", for up to most numbers: those at the start of
// text, whatever comes after them. A number that is too large becomes another one, as in C.
func scanned(text string, most int) (numbers []int32) {
	for len(numbers) < most {
		m := scanPattern.FindStringSubmatch(text)
		if m == nil {
			break
		}
		n, _ := strconv.ParseInt(m[1], 10, 64) // out of range it is the nearest, as strtol says
		numbers = append(numbers, int32(n))    //nolint:gosec // cut as sscanf cuts it
		after, more := strings.CutPrefix(text[len(m[0]):], ":")
		if !more {
			break
		}
		text = after
	}
	return numbers
}

func maxStartups(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	invalid := fmt.Errorf("%s: invalid spec %q", kw.Name, arg)
	var start, rate, full int32
	switch n := scanned(arg, 3); len(n) {
	case 1:
		start, rate, full = n[0], 30, n[0]
	case 3:
		start, rate, full = n[0], n[1], n[2]
	default:
		return value{}, invalid
	}
	if start > full || rate < 1 || rate > 100 {
		return value{}, invalid
	}
	if start < 1 {
		if atLeast(v, Version{9, 2}) {
			return value{}, invalid
		}
		return value{}, nil // -1 is the default, and 0 is none
	}
	return printed(fmt.Sprintf("%d:%d:%d", start, rate, full)), nil
}

// netBlockSize wants a mask for IPv4 and may have one for IPv6.
func netBlockSize(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	n := scanned(arg, 2)
	if len(n) == 0 || n[0] < 0 || n[0] > 32 || len(n) == 2 && (n[1] < 0 || n[1] > 128) {
		return value{}, fmt.Errorf("%s: invalid spec %q", kw.Name, arg)
	}
	return value{}, nil
}

// penalties are the names of PerSourcePenalties, and the release that has each first.
var penalties = map[string]Version{
	"crash": {9, 8}, "authfail": {9, 8}, "noauth": {9, 8}, "grace-exceeded": {9, 8}, "max": {9, 8}, "min": {9, 8}, "refuseconnection": {9, 9}, "invaliduser": {10, 3},
	"max-sources4": {9, 8}, "max-sources6": {9, 8}, "overflow": {9, 8}, "overflow6": {9, 8},
}

func perSourcePenalties(kw Keyword, args []string, v Version) (value, error) {
	if len(args) == 0 {
		return value{}, fmt.Errorf("%s takes an argument", kw.Name)
	}
	for i, arg := range args {
		if word := strings.ToLower(arg); word == "yes" || word == "no" {
			if i < len(args)-1 {
				return value{}, fmt.Errorf("%s: %q must appear alone", kw.Name, arg)
			}
			continue
		}
		name, text, pair := strings.Cut(arg, ":")
		since, known := penalties[name]
		var bad error
		switch {
		case !pair || known && !atLeast(v, since) || !known && !unknownRelease(v):
			bad = unsupported(kw, arg)
		case !known:
		case strings.HasPrefix(name, "overflow"):
			if text != "deny-all" && text != "permissive" {
				bad = unsupported(kw, arg)
			}
		case strings.HasPrefix(name, "max-sources"):
			_, bad = readCount(kw, text, v)
		default:
			_, _, bad = convtime(text, v)
			if errors.Is(bad, ErrTooLong) && atLeast(v, Version{10, 3}) {
				bad = nil // convtime_double
			}
		}
		if bad != nil {
			return value{}, bad
		}
	}
	return value{}, nil
}

// rekeyLimit prints bytes and seconds.
func rekeyLimit(kw Keyword, args []string, v Version) (value, error) {
	if len(args) < 1 || len(args) > 2 || args[0] == "" {
		return value{}, fmt.Errorf("%s takes one or two arguments, not %d", kw.Name, len(args))
	}
	bytes, known, err := scaled(args[0])
	if err != nil {
		return value{}, fmt.Errorf("%s: %w", kw.Name, err)
	}
	seconds := int64(0)
	if len(args) == 2 && args[1] != "none" {
		var certain bool
		if seconds, certain, err = convtime(args[1], v); err != nil {
			return value{}, fmt.Errorf("%s: %w", kw.Name, err)
		}
		known = known && certain
	}
	return value{[]string{fmt.Sprintf("%d %d", bytes, seconds)}, known}, nil
}

var (
	scaledPattern = regexp.MustCompile(`^(\d{1,18})([bBkKmMgGtTpPeE]?)$`)
	scaledForm    = regexp.MustCompile(`^\s*[+-]?[\d.]*(?:[bBkKmMgGtTpPeE](?:[^0-9A-Za-z].*)?)?$`)
	scaledLong    = regexp.MustCompile(`^\s*[+-]?0*[1-9]\d{19}`)
	scaledBelow   = regexp.MustCompile(`^-\d*[1-9]`)
)

// scaled is scan_scaled, for what it reads without rounding.
func scaled(arg string) (n int64, known bool, err error) {
	if arg == "default" {
		return 0, true, nil
	}
	m := scaledPattern.FindStringSubmatch(arg)
	if m == nil {
		switch {
		case !scaledForm.MatchString(arg):
			return 0, false, fmt.Errorf("bad number %q", arg)
		case scaledLong.MatchString(arg):
			return 0, false, fmt.Errorf("%q is too large", arg)
		case scaledBelow.MatchString(arg):
			return 0, false, fmt.Errorf("%q is too small", arg)
		}
		return 0, false, nil
	}
	if n, err = strconv.ParseInt(m[1], 10, 64); err != nil {
		return 0, false, err
	}
	for range max(0, strings.Index("BKMGTPE", strings.ToUpper(m[2]))) {
		if n > 1<<52 {
			return 0, false, fmt.Errorf("%q is too large", arg)
		}
		n *= 1024
	}
	if n > 0 && n < 16 {
		return 0, false, fmt.Errorf("%q is too small", arg)
	}
	return n, true, nil
}
