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
	case ok && n > 0:
		return printed(strconv.FormatInt(n, 10)), nil
	case servicePattern.MatchString(arg):
		return value{}, nil // hangs on /etc/services
	}
	return value{}, fmt.Errorf("%s: badly formatted port number %q", kw.Name, arg)
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

// portNumber is a2port of misc.c, for what is not the name of a service.
func portNumber(text string) (n int64, ok bool) {
	n, ok = decimal(text)
	return n, ok && n >= 0 && n <= 65535
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

var servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// permitOpen wants host:port, unless it is any or none.
func permitOpen(kw Keyword, args []string, v Version) (value, error) {
	got, err := oneLine(kw, args, v)
	for _, arg := range args {
		if len(args) == 1 && (arg == "any" || arg == "none") {
			continue
		}
		port, ok := portOf(arg)
		n, number := portNumber(port)
		switch {
		case ok && (port == "*" || number && n > 0):
		case ok && servicePattern.MatchString(port):
			got.known = false
		default:
			return value{}, fmt.Errorf("%s: bad port number in %q", kw.Name, arg)
		}
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
