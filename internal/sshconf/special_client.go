package sshconf

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// printsTrue reports whether ssh -G prints true and false for a keyword that
// takes yes and no: it prints the first of the words that mean the same.
func printsTrue(kw Keyword, v Version) bool {
	switch kw.Name {
	case "AddKeysToAgent", "CanonicalizeHostname", "ControlMaster", "RequestTTY", "StrictHostKeyChecking", "Tunnel", "UpdateHostKeys", "VerifyHostKeyDNS":
		return true
	case "PubkeyAuthentication":
		return atLeast(v, Version{8, 9})
	case "TCPKeepAlive":
		return atLeast(v, Version{10, 6})
	}
	return false
}

func trueFalse(word string) string {
	switch word {
	case "yes":
		return "true"
	case "no", "off":
		return "false"
	}
	return word
}

// clientEnum is how ssh -G prints an Enum. 9.9 prints UNKNOWN for Compression.
func clientEnum(kw Keyword, word string, v Version) value {
	switch {
	case printsTrue(kw, v):
		word = trueFalse(word)
	case word == "true":
		word = "yes"
	case word == "false":
		word = "no"
	}
	if kw.Name == "Tunnel" && word == "true" {
		word = "point-to-point"
	}
	return value{[]string{word}, kw.Name != "Compression" || !v.AtLeast(9, 4)}
}

func plainPath(kw Keyword, args []string, v Version) (value, error) {
	got, err := word(kw, args, v)
	got.known = err == nil && !strings.ContainsAny(args[0], "%~$") && args[0] != "none"
	return got, err
}

// controlPersist knows yes and no in lower case only, and takes 0 for yes.
func controlPersist(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	switch arg {
	case "yes", "true":
		return printed("yes"), nil
	case "no", "false":
		return printed("no"), nil
	}
	seconds, known, err := convtime(arg, v)
	if seconds == 0 && known {
		return printed("yes"), err
	}
	return value{[]string{strconv.FormatInt(seconds, 10)}, known}, err
}

func forwardAgent(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	if flag, err := readFlag(Client, kw, arg, v); err == nil {
		return flag, nil
	}
	return value{}, nil // a path, kept apart from the flag
}

// addKeysToAgent takes a word, a time, or confirm and a time.
func addKeysToAgent(kw Keyword, args []string, v Version) (value, error) {
	word := strings.ToLower(args[0])
	time := args[len(args)-1]
	switch {
	case len(args) == 1 && slices.Contains(agentWords, word):
		return printed(trueFalse(word)), nil
	case len(args) > 2 || len(args) == 2 && word != "confirm" || time == "":
		return value{}, unsupported(kw, strings.Join(args, " "))
	}
	if _, _, err := convtime(time, v); err != nil {
		return value{}, fmt.Errorf("%s: %w", kw.Name, err)
	}
	return value{}, nil
}

var agentWords = []string{"yes", "no", "true", "false", "ask", "confirm"}

// escapeChar takes none, one byte, or a control character as ^A.
func escapeChar(kw Keyword, args []string, _ Version) (value, error) {
	arg, err := one(kw, args)
	control := len(arg) == 2 && arg[0] == '^' && arg[1] >= 64 && arg[1] < 128
	if err == nil && arg != "none" && len(arg) != 1 && !control {
		err = fmt.Errorf("%s: bad escape character %q", kw.Name, arg)
	}
	return value{}, err
}

// domain is valid_domain (misc.c), but for the underscore in front, which 8.4
// and 9.2 refuse and 10.0 does not.
var domain = regexp.MustCompile(`^[a-z0-9_]([.]?[a-z0-9_-])*[.]?$`)

func canonicalDomains(kw Keyword, args []string, v Version) (value, error) {
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = strings.ToLower(arg)
		if !domain.MatchString(names[i]) || arg[0] == '_' && !atLeast(v, Version{9, 3}) {
			return value{}, fmt.Errorf("%s: bad domain name %q", kw.Name, arg)
		}
		names[i] = strings.TrimSuffix(names[i], ".")
	}
	return oneLine(kw, names, v)
}

// sendEnv leaves it open what remains after a -pattern took names away.
func sendEnv(kw Keyword, args []string, v Version) (value, error) {
	got, err := entries(noEquals)(kw, args, v)
	for _, arg := range args {
		got.known = got.known && !strings.HasPrefix(arg, "-")
	}
	return got, err
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

// obscureKeystrokeTiming is a flag, or an interval of up to 1000 milliseconds.
func obscureKeystrokeTiming(kw Keyword, args []string, v Version) (value, error) {
	arg, err := one(kw, args)
	if err != nil {
		return value{}, err
	}
	interval, given := strings.CutPrefix(arg, "interval:")
	switch {
	case slices.Contains([]string{"yes", "true", "no", "false"}, arg):
		return value{}, nil
	case !given:
		if unknownRelease(v) {
			return value{}, nil
		}
		return value{}, unsupported(kw, arg)
	}
	if n, ok := decimal(interval); !ok || n < 1 || n > 1000 {
		return value{}, fmt.Errorf("%s: bad interval %q", kw.Name, interval)
	}
	return value{}, nil
}

// clientChannelTimeout is ChannelTimeout of sshd, but that none stands alone.
func clientChannelTimeout(kw Keyword, args []string, v Version) (value, error) {
	if len(args) > 1 && slices.ContainsFunc(args, func(arg string) bool { return strings.EqualFold(arg, "none") }) {
		return value{}, fmt.Errorf("%s: none must be alone", kw.Name)
	}
	_, err := channelTimeout(kw, args, v)
	return value{}, err
}

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

// forwardField is one field of a forwarding: in brackets, or up to a colon, which a backslash
// escapes.
var forwardField = regexp.MustCompile(`^(?:\[[^\]]*\](?::|$)|[^\[:\\](?:[^:\\]|\\.)*(?::|$)|(?:\\.)(?:[^:\\]|\\.)*(?::|$)|:)`)

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
	case dynamic:
		at := len(fields) - 1
		return at == 0 && path[0] || at <= 1 && isListener(fields[at], remote)
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
	n, ok := portNumber(text)
	return isPort(text) || remote && ok && n == 0
}

// isPort reports whether text is a port, or may be the name of a service.
func isPort(text string) bool {
	n, ok := portNumber(text)
	return ok && n > 0 || servicePattern.MatchString(text)
}
