package knownhosts

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func ParseHostKey(text string) (Key, error) {
	fields := strings.Fields(text)
	entry := Key{Marker: EitherKey}
	if len(fields) > 0 && fields[0] == "@cert-authority" {
		entry.Marker, fields = AuthorityKey, fields[1:]
	}
	// A line pasted from known_hosts has the hosts before the key.
	for start := 0; start <= 1 && start+1 < len(fields); start++ {
		if key, err := parseKey(fields[start], fields[start+1]); err == nil {
			entry.Public = key
			return entry, nil
		}
	}
	return Key{}, notAHostKey(fields)
}

// HostKeyTextError is the error of a text where a public host key is expected.
type HostKeyTextError struct{ what string }

func (e *HostKeyTextError) Error() string { return "not a public key: " + e.what }

// notAHostKey says what a text is that is not a public key. It repeats nothing but the
// beginning of a key, since what was pasted may be a private key.
func notAHostKey(fields []string) error {
	for i, field := range fields {
		switch _, isType := hostKeyLengths[field]; {
		case strings.Contains(field, "BEGIN"):
			return &HostKeyTextError{"this is the text of a key file or of a certificate"}
		case strings.HasPrefix(field, "SHA256:"), strings.HasPrefix(field, "MD5:"):
			return &HostKeyTextError{"this is the fingerprint of a key"}
		case isType && i+1 == len(fields):
			return &HostKeyTextError{fmt.Sprintf("%q has a type, and no key after it", field)}
		case isType:
			return incompleteHostKey(field, fields[i+1])
		}
	}
	return &HostKeyTextError{"it must be a type and a key, such as `ssh-ed25519` and 68 characters that begin with AAAA"}
}

// hostKeyLengths is how many characters a key of a type has, 0 if that varies.
var hostKeyLengths = map[string]int{"ssh-ed25519": 68, "ssh-rsa": 0, "ecdsa-sha2-nistp256": 140, "ecdsa-sha2-nistp384": 184, "ecdsa-sha2-nistp521": 232}

func incompleteHostKey(kind, key string) error {
	length := utf8.RuneCountInString(key)
	start := firstRunes(key, 12)
	what := fmt.Sprintf("the key after %s, which begins with %q, has %d characters and cannot be read", kind, start, length)
	if want := hostKeyLengths[kind]; want > 0 {
		what += fmt.Sprintf("; a whole one has %d", want)
	}
	if strings.ContainsAny(key, "….") {
		what += ". The dots stand for the rest of the key"
	}
	return &HostKeyTextError{what}
}

// firstRunes is the first n characters of a text.
func firstRunes(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}
