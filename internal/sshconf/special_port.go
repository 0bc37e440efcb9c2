package sshconf

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func port(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	n, ok := portNumber(arg)
	switch {
	case !ok:
		return value{}, fmt.Errorf("%s: badly formatted port number %q", kw.Name, arg)
	case n == 0:
		return value{}, nil
	}
	return printed(strconv.FormatInt(n, 10)), nil
}

var decimalPattern = regexp.MustCompile(`^\s*([+-]?\d+)$`)

// decimal is strtonum for what fits into 64 bits.
func decimal(text string) (n int64, ok bool) {
	m := decimalPattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n, err == nil
}

var servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// portNumber is a2port of misc.c where it has to be above 0. For what may be the name of a
// service n is 0: which there are hangs on /etc/services.
func portNumber(text string) (n int64, ok bool) {
	if n, ok = decimal(text); ok {
		return n, n > 0 && n <= 65535
	}
	return 0, servicePattern.MatchString(text)
}

func permitListen(kw Keyword, args []string, v Version) (value, error) {
	full := slices.Clone(args)
	for i, arg := range full {
		if !strings.Contains(arg, ":") && arg != "any" && arg != "none" {
			full[i] = "*:" + arg
		}
	}
	return permitOpen(kw, full, v)
}

// permitOpen wants host:port, unless it is any or none.
func permitOpen(kw Keyword, args []string, v Version) (value, error) {
	got, err := oneLine(kw, args, v)
	for _, arg := range args {
		if len(args) == 1 && (arg == "any" || arg == "none") {
			continue
		}
		port, ok := portOf(arg)
		if ok && port == "*" {
			continue
		}
		n, valid := portNumber(port)
		if !ok || !valid {
			return value{}, fmt.Errorf("%s: bad port number in %q", kw.Name, arg)
		}
		got.known = got.known && n > 0
	}
	return got, err
}

var hostPattern = regexp.MustCompile(`^(?:\[[^\]]*\]|[^\[:/][^:/]*|):`)

// portOf is what hpdelim of misc.c leaves behind the host.
func portOf(arg string) (port string, ok bool) {
	host := hostPattern.FindString(arg)
	return arg[len(host):], host != ""
}

// permitRemoteOpen is PermitOpen, but that any and none stand alone, in any case.
func permitRemoteOpen(kw Keyword, args []string, v Version) (value, error) {
	for _, arg := range args {
		if word := strings.ToLower(arg); word == "any" || word == "none" {
			if len(args) > 1 {
				return value{}, fmt.Errorf("%s: %q must appear alone", kw.Name, arg)
			}
			return value{}, nil
		}
	}
	got, err := permitOpen(kw, args, v)
	got.known = false
	return got, err
}
