// Package knownhosts reads lines of known_hosts files and public host keys as OpenSSH
// does, and says which of them are about a host.
//
// It must not know where the lines come from, nor whether a key is accepted.
package knownhosts

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Marker is the optional first word of a known_hosts line.
type Marker uint8

const (
	PlainKey Marker = iota
	AuthorityKey
	RevokedKey
	EitherKey // one of host_keys: a key, or the key of an authority
)

// Key is one key that is written down for hosts.
type Key struct {
	Marker   Marker
	Patterns string // the hosts field; "" is this host whatever its name
	Public   ssh.PublicKey
	At       string // "/etc/ssh/ssh_known_hosts:3", "connection.host_keys[0]"
	File     string // the file in at, if it is one
	Shared   bool   // stands where it counts for every host, such as the connection block
}

// Parse reads lines as OpenSSH does (hostkeys_foreach_file of hostfile.c).
// As ssh does, and as x/crypto's own reader does not, it skips a line that it
// cannot read and goes on; those are returned as notes.
func Parse(text, name string) (keys []Key, notes []string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		at := fmt.Sprintf("%s:%d", name, n)
		entry, err := parseKnownHost(line)
		switch {
		case err != nil:
			notes = append(notes, at+": "+err.Error())
		case entry.Public != nil:
			entry.At = at
			keys = append(keys, entry)
		}
	}
	return keys, notes
}

// blanks separate the fields of a line: no other white space does.
const blanks = " \t"

// parseKnownHost reads one line; its key is nil for an empty line or a comment.
func parseKnownHost(line string) (Key, error) {
	line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "\x00") // where a C string ends
	line = strings.TrimLeft(line, blanks)
	if line == "" || line[0] == '#' {
		return Key{}, nil
	}
	marker, line, err := cutMarker(line)
	if err != nil {
		return Key{}, err
	}
	hosts, line := cutField(line)
	if line == "" || line[0] == '#' {
		return Key{}, errors.New("expected hosts, key type and key")
	}
	kind, line := cutField(line)
	encoded, _ := cutField(line)
	if encoded == "" {
		return Key{}, errors.New("expected hosts, key type and key")
	}
	key, err := parseKey(kind, encoded)
	if err != nil {
		return Key{}, err
	}
	return Key{Marker: marker, Patterns: hosts, Public: key}, nil
}

// cutField returns the text before the next blanks and that after them.
func cutField(line string) (field, rest string) {
	end := strings.IndexAny(line, blanks)
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimLeft(line[end:], blanks)
}

// cutMarker takes the marker off a line. ssh has a marker end at the first space
// of the line, wherever it is, and skips a line whose marker ends with a tab. A
// revocation that is written so counts here all the same.
func cutMarker(line string) (m Marker, rest string, err error) {
	if line[0] != '@' {
		return PlainKey, line, nil
	}
	word, rest := cutField(line)
	if end := strings.IndexByte(line, ' '); word != "@revoked" && end >= 0 {
		word = line[:end]
	}
	switch word {
	case "@cert-authority":
		m = AuthorityKey
	case "@revoked":
		m = RevokedKey
	default:
		return m, "", fmt.Errorf("marker %q is unknown", word)
	}
	if strings.HasPrefix(rest, "@") {
		return m, "", errors.New("more than one marker")
	}
	return m, rest, nil
}

// keyTypes are the names of signature algorithms that ssh takes for those of types.
var keyTypes = map[string]string{
	ssh.KeyAlgoRSASHA256: ssh.KeyAlgoRSA, ssh.KeyAlgoRSASHA512: ssh.KeyAlgoRSA,
	ssh.CertAlgoRSASHA256v01: ssh.CertAlgoRSAv01, ssh.CertAlgoRSASHA512v01: ssh.CertAlgoRSAv01,
}

func parseKey(kind, encoded string) (ssh.PublicKey, error) {
	// As b64_pton, but for the blanks, which are no part of a field.
	encoded = strings.NewReplacer("\r", "", "\v", "", "\f", "").Replace(encoded)
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("the key is not base64: %w", err)
	}
	if kind == AlgorithmDSA {
		return parseDSA(blob)
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil, err
	}
	if name, ok := keyTypes[kind]; ok {
		kind = name
	}
	if key.Type() != kind {
		return nil, fmt.Errorf("the line says %s, the key is %s", kind, key.Type())
	}
	return key, checkSize(key)
}

// Matches reports whether the entry is about host, which is spelled as
// known_hosts spells it: "name" or "[name]:port".
func (r Key) Matches(host string) bool {
	if r.Patterns == "" {
		return true
	}
	if strings.HasPrefix(r.Patterns, "|") {
		return hashedMatch(r.Patterns, host)
	}
	// match_pattern_list of OpenSSH gives up at a longer pattern.
	const longest = 1022
	found := false
	for pattern := range strings.SplitSeq(Lower(r.Patterns), ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if len(pattern) > longest {
			return false
		}
		if !wildcardMatch(pattern, host) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// hashedMatch compares with a name hashed by HashKnownHosts: |1|salt|hash.
func hashedMatch(pattern, host string) bool {
	parts := strings.Split(pattern, "|")
	if len(parts) != 4 || parts[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(salt) != sha1.Size {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(host))
	return parts[3] == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// wildcardMatch knows * and ?, as match_pattern of OpenSSH does.
func wildcardMatch(pattern, text string) bool {
	star, back := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			back++
			p, t = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Name spells host and port as known_hosts does.
func Name(host string, port int) string {
	host = CanonicalHost(host)
	if port == 22 {
		return host
	}
	return fmt.Sprintf("[%s]:%d", host, port)
}

// CanonicalHost is a name in lower case, or an address as ssh spells it.
func CanonicalHost(host string) string {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	return Lower(host)
}

// Lower is strings.ToLower for ASCII only, as OpenSSH compares names.
func Lower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

func (r Key) IsAuthority() bool { return r.Marker == AuthorityKey || r.Marker == EitherKey }
