package sshconf

import (
	"fmt"
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
