package sshconf

import (
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
		return reached(v, Version{8, 9})
	case "TCPKeepAlive":
		return reached(v, Version{10, 6})
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

func addKeysToAgent(kw Keyword, args []string, v Version) (value, error) {
	if len(args) != 1 {
		return value{}, nil
	}
	switch word := strings.ToLower(args[0]); word {
	case "yes", "no", "true", "false", "ask", "confirm":
		return printed(trueFalse(word)), nil
	}
	return value{}, nil
}

// sendEnv leaves it open what remains after a -pattern took names away.
func sendEnv(kw Keyword, args []string, v Version) (value, error) {
	got, err := entries(noEquals)(kw, args, v)
	for _, arg := range args {
		got.known = got.known && !strings.HasPrefix(arg, "-")
	}
	return got, err
}
