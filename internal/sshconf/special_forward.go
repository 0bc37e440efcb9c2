package sshconf

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

// forwarding is parse_forward of readconf.c, for what has no variable in it.
func forwarding(kw Keyword, args []string, _ Version) (value, error) {
	local, remote := kw.Name == "LocalForward", kw.Name == "RemoteForward"
	dynamic := kw.Name == "DynamicForward" || remote && len(args) == 1
	switch {
	case len(args) == 0 || args[0] == "" || local && len(args) == 1:
		return value{}, fmt.Errorf("%s: missing argument", kw.Name)
	case len(args) > 2 || len(args) == 2 && kw.Name == "DynamicForward":
		return value{}, fmt.Errorf("%s takes fewer arguments than %d", kw.Name, len(args))
	}
	spec := strings.Join(args, ":")
	if !strings.Contains(spec, "$") && !isForwarding(strings.TrimLeft(spec, " \t"), dynamic, remote) {
		return value{}, fmt.Errorf("%s: bad forwarding specification %q", kw.Name, strings.Join(args, " "))
	}
	return value{}, nil
}

// forwardField is one field of a forwarding: what stands in brackets, or what comes before a
// colon, which a backslash escapes.
var forwardField = regexp.MustCompile(`^(?:\[[^\]]*\](?::|$)|(?:[^\[:\\]|\\.)(?:[^:\\]|\\.)*(?::|$)|:)`)

func isForwarding(spec string, dynamic, remote bool) bool {
	var fields []string
	for ; spec != "" && len(fields) < 4; spec = spec[len(fields[len(fields)-1]):] {
		field := forwardField.FindString(spec)
		if field == "" {
			return false
		}
		fields = append(fields, field)
	}
	if spec != "" {
		return false
	}
	path := make([]bool, len(fields))
	for i, field := range fields {
		fields[i] = strings.Trim(strings.TrimSuffix(field, ":"), "[]")
		path[i] = strings.Contains(fields[i], "/")
	}
	switch {
	case dynamic && len(fields) == 1:
		return path[0] || isListener(fields[0], remote)
	case dynamic:
		return len(fields) == 2 && isListener(fields[1], remote)
	case len(fields) == 2:
		return path[1] && (path[0] || isListener(fields[0], remote))
	case len(fields) == 3 && path[0]:
		return isPort(fields[2])
	case len(fields) == 3 && path[2]:
		return isListener(fields[1], remote)
	case len(fields) == 3:
		return isListener(fields[0], remote) && isPort(fields[2])
	}
	return len(fields) == 4 && isListener(fields[1], remote) && isPort(fields[3])
}

// isListener reports whether ssh may listen on a port: sshd chooses one for 0.
func isListener(text string, remote bool) bool {
	n, number := decimal(text)
	return isPort(text) || remote && number && n == 0
}

func isPort(text string) bool {
	_, ok := portNumber(text)
	return ok
}

// tunnelDevice is a2tun of misc.c.
func tunnelDevice(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	ours, theirs, both := strings.Cut(arg, ":")
	if !isTunnel(ours) || both && !isTunnel(theirs) {
		return value{}, fmt.Errorf("%s: bad tun device %q", kw.Name, arg)
	}
	return value{}, nil
}

func isTunnel(text string) bool {
	n, ok := decimal(text)
	return strings.EqualFold(text, "any") || ok && n >= 0 && n <= math.MaxInt32-2
}
