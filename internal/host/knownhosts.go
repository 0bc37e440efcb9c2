package host

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// marker is the optional first word of a known_hosts line.
type marker uint8

const (
	plainKey marker = iota
	authorityKey
	revokedKey
	eitherKey // one of host_keys: a key, or the key of an authority
)

// recorded is one key that somebody wrote down for hosts.
type recorded struct {
	marker   marker
	patterns string // the hosts field; "" is this host whatever its name
	key      ssh.PublicKey
	at       string // "known_hosts:3", "host_keys[0]"
}

// readKnownHosts reads lines as sshd(8) describes them under SSH_KNOWN_HOSTS
// FILE FORMAT. As ssh does, and as x/crypto's own reader does not, it skips a
// line that it cannot read and goes on; those are returned as notes.
func readKnownHosts(text, name string) (keys []recorded, notes []string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		at := fmt.Sprintf("%s:%d", name, n)
		entry, err := parseKnownHost(line)
		switch {
		case err != nil:
			notes = append(notes, at+": "+err.Error())
		case entry.key != nil:
			entry.at = at
			keys = append(keys, entry)
		}
	}
	return keys, notes
}

// parseKnownHost reads one line; its key is nil for an empty line or a comment.
func parseKnownHost(line string) (recorded, error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return recorded{}, nil
	}
	fields := strings.Fields(line)
	var entry recorded
	switch fields[0] {
	case "@cert-authority":
		entry.marker, fields = authorityKey, fields[1:]
	case "@revoked":
		entry.marker, fields = revokedKey, fields[1:]
	default:
		if strings.HasPrefix(fields[0], "@") {
			return recorded{}, fmt.Errorf("marker %q is unknown", fields[0])
		}
	}
	if len(fields) < 3 {
		return recorded{}, errors.New("expected hosts, key type and key")
	}
	key, err := parseKey(fields[1], fields[2])
	if err != nil {
		return recorded{}, err
	}
	entry.patterns, entry.key = fields[0], key
	return entry, nil
}

func parseKey(kind, encoded string) (ssh.PublicKey, error) {
	blob, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("the key is not base64: %w", err)
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil, err
	}
	if key.Type() != kind {
		return nil, fmt.Errorf("the line says %s, the key is %s", kind, key.Type())
	}
	return key, nil
}

// parseHostKeys reads the attribute host_keys: public keys, each with or without
// "@cert-authority" (and hosts field) before it.
func parseHostKeys(texts []string) ([]recorded, error) {
	var keys []recorded
	for i, text := range texts {
		at := fmt.Sprintf("host_keys[%d]", i)
		entry, err := parseHostKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		entry.at = at
		keys = append(keys, entry)
	}
	return keys, nil
}

func parseHostKey(text string) (recorded, error) {
	fields := strings.Fields(text)
	entry := recorded{marker: eitherKey}
	if len(fields) > 0 && fields[0] == "@cert-authority" {
		entry.marker, fields = authorityKey, fields[1:]
	}
	// A line pasted from known_hosts has the hosts before the key.
	for start := 0; start <= 1 && start+1 < len(fields); start++ {
		if key, err := parseKey(fields[start], fields[start+1]); err == nil {
			entry.key = key
			return entry, nil
		}
	}
	return recorded{}, errors.New(`not a public key: expected text like "ssh-ed25519 AAAA…"`)
}

// matches reports whether the entry is about host, which is spelled as
// known_hosts spells it: "name" or "[name]:port".
func (r recorded) matches(host string) bool {
	if r.patterns == "" {
		return true
	}
	if strings.HasPrefix(r.patterns, "|") {
		return hashedMatch(r.patterns, host)
	}
	found := false
	for pattern := range strings.SplitSeq(strings.ToLower(r.patterns), ",") {
		negated := strings.HasPrefix(pattern, "!")
		if !wildcardMatch(strings.TrimPrefix(pattern, "!"), host) {
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
	if len(parts) != 4 || parts[0] != "" || parts[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	want, err := base64.StdEncoding.DecodeString(parts[3])
	if err != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(host))
	return hmac.Equal(mac.Sum(nil), want)
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

// knownName spells host and port as known_hosts does.
func knownName(host string, port int) string {
	host = strings.ToLower(host)
	if port == 22 {
		return host
	}
	return fmt.Sprintf("[%s]:%d", host, port)
}

// loadRecorded collects the keys that s may trust, with notes about lines that
// were skipped. A file that the user named must be readable; the usual files may
// be absent.
func loadRecorded(s Spec) (keys []recorded, notes []string, err error) {
	if keys, err = parseHostKeys(s.HostKeys); err != nil {
		return nil, nil, err
	}
	more, notes := readKnownHosts(s.KnownHosts, "known_hosts")
	keys = append(keys, more...)
	files, optional := s.KnownHostsFiles, false
	if len(s.HostKeys) == 0 && s.KnownHosts == "" && len(files) == 0 {
		files, optional = s.UsualKnownHosts, true
		if files == nil {
			files = usualKnownHosts()
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(expandHome(file))
		if optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read known hosts: %w", err)
		}
		more, skipped := readKnownHosts(string(text), file)
		keys, notes = append(keys, more...), append(notes, skipped...)
	}
	return keys, notes, nil
}

func usualKnownHosts() []string {
	return []string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
}

// expandHome replaces a leading ~/ by the home directory of the local user.
func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
