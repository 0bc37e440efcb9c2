package host

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

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

// recorded is one key that is written down for hosts.
type recorded struct {
	marker   marker
	patterns string // the hosts field; "" is this host whatever its name
	key      ssh.PublicKey
	at       string // "/etc/ssh/ssh_known_hosts:3", "connection.host_keys[0]"
	file     string // the file in at, if it is one
	shared   bool   // stands where it counts for every host, such as the connection block
}

// records are all keys that are recorded for anything, and where they were looked
// for.
type records struct {
	keys  []recorded
	notes []string // what was passed over: lines, and files
	// passed are the files among the notes.
	passed []string
	places []string
}

// looked names where keys were looked for.
func (r records) looked() string {
	if len(r.places) == 0 {
		return "any file"
	}
	return strings.Join(r.places, ", ")
}

func (r *records) add(text string, from recorded) {
	keys, notes := readKnownHosts(text, from.at)
	for _, key := range keys {
		key.file, key.shared = from.file, from.shared
		r.keys = append(r.keys, key)
	}
	r.notes, r.places = append(r.notes, notes...), append(r.places, from.at)
}

// readKnownHosts reads lines as OpenSSH does (hostkeys_foreach_file of hostfile.c).
// As ssh does, and as x/crypto's own reader does not, it skips a line that it
// cannot read and goes on; those are returned as notes.
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

// blanks separate the fields of a line: no other white space does.
const blanks = " \t"

// parseKnownHost reads one line; its key is nil for an empty line or a comment.
func parseKnownHost(line string) (recorded, error) {
	line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "\x00") // where a C string ends
	line = strings.TrimLeft(line, blanks)
	if line == "" || line[0] == '#' {
		return recorded{}, nil
	}
	marker, line, err := cutMarker(line)
	if err != nil {
		return recorded{}, err
	}
	hosts, line := cutField(line)
	if line == "" || line[0] == '#' {
		return recorded{}, errors.New("expected hosts, key type and key")
	}
	kind, line := cutField(line)
	encoded, _ := cutField(line)
	if encoded == "" {
		return recorded{}, errors.New("expected hosts, key type and key")
	}
	key, err := parseKey(kind, encoded)
	if err != nil {
		return recorded{}, err
	}
	return recorded{marker: marker, patterns: hosts, key: key}, nil
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
func cutMarker(line string) (m marker, rest string, err error) {
	if line[0] != '@' {
		return plainKey, line, nil
	}
	word, rest := cutField(line)
	if end := strings.IndexByte(line, ' '); word != "@revoked" && end >= 0 {
		word = line[:end]
	}
	switch word {
	case "@cert-authority":
		m = authorityKey
	case "@revoked":
		m = revokedKey
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
	if kind == algorithmDSA {
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

// leastRSA is RequiredRSASize of OpenSSH. Go's own limit is the same, and depends
// on a setting.
const leastRSA = 1024

func checkSize(key ssh.PublicKey) error {
	crypted, ok := plainOf(key).(ssh.CryptoPublicKey)
	if !ok {
		return nil
	}
	if public, ok := crypted.CryptoPublicKey().(*rsa.PublicKey); ok && public.N.BitLen() < leastRSA {
		return fmt.Errorf("an RSA key of %d bits is too short: %d are the least", public.N.BitLen(), leastRSA)
	}
	return nil
}

// algorithmDSA is the type of DSA keys, which x/crypto no longer offers.
const algorithmDSA = "ssh-dss"

// dsaKey is a recorded DSA key. No server can show it to us, but it is one: ssh up
// to 9.9 does not take a host for a new one whose DSA key is recorded.
type dsaKey []byte

func parseDSA(blob []byte) (ssh.PublicKey, error) {
	var key struct {
		Type       string
		P, Q, G, Y *big.Int
	}
	if err := ssh.Unmarshal(blob, &key); err != nil || key.Type != algorithmDSA {
		return nil, errors.New("the key is not a DSA key")
	}
	return dsaKey(blob), nil
}

func (k dsaKey) Type() string    { return algorithmDSA }
func (k dsaKey) Marshal() []byte { return k }

func (k dsaKey) Verify([]byte, *ssh.Signature) error {
	return errors.New("DSA signatures are not accepted")
}

// parseHostKeys reads host_keys: public keys, each with or without "@cert-authority"
// (and hosts field) before it.
func (s Spec) parseHostKeys() ([]recorded, error) {
	var keys []recorded
	for i, text := range s.HostKeys {
		at := s.hostKeyAt(i)
		entry, err := parseHostKey(text)
		if err != nil {
			return nil, &SettingError{Name: at, Err: err}
		}
		entry.at, entry.shared = at, s.SharedKeys
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
	return recorded{}, notAHostKey(fields)
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

// matches reports whether the entry is about host, which is spelled as
// known_hosts spells it: "name" or "[name]:port".
func (r recorded) matches(host string) bool {
	if r.patterns == "" {
		return true
	}
	if strings.HasPrefix(r.patterns, "|") {
		return hashedMatch(r.patterns, host)
	}
	// match_pattern_list of OpenSSH gives up at a longer pattern.
	const longest = 1022
	found := false
	for pattern := range strings.SplitSeq(lower(r.patterns), ",") {
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

// knownName spells host and port as known_hosts does.
func knownName(host string, port int) string {
	host = canonicalHost(host)
	if port == 22 {
		return host
	}
	return fmt.Sprintf("[%s]:%d", host, port)
}

// canonicalHost is a name in lower case, or an address as ssh spells it.
func canonicalHost(host string) string {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	return lower(host)
}

// loadRecorded collects the keys that s may trust. A file that the user named must
// be readable; ssh passes over one of the usual files that is not, and so do we,
// with a note.
func loadRecorded(s Spec) (records, error) {
	var r records
	keys, err := s.parseHostKeys()
	if err != nil {
		return r, err
	}
	r.keys = keys
	if s.KnownHosts != "" {
		r.add(s.KnownHosts, recorded{at: s.Names.Written("known_hosts")})
	}
	files, usual := s.KnownHostsFiles, false
	if len(s.HostKeys) == 0 && s.KnownHosts == "" && len(files) == 0 {
		files, usual = s.DefaultKnownHosts, true
		if files == nil {
			files = usualKnownHosts()
		}
	}
	for _, file := range files {
		if err := r.read(file); err != nil && !usual {
			return r, fmt.Errorf("read known hosts: %w", err)
		} else if err != nil {
			r.pass(file, err)
		}
	}
	return r, nil
}

func (r *records) read(file string) error {
	text, err := os.ReadFile(expandHome(file))
	if err != nil {
		return err
	}
	r.add(string(text), recorded{at: file, file: file})
	return nil
}

// pass notes a usual file that cannot be read. One that is absent needs no note.
func (r *records) pass(file string, err error) {
	r.places = append(r.places, file)
	var path *fs.PathError
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if errors.As(err, &path) {
		err = path.Err
	}
	note := file + ": " + err.Error()
	r.notes, r.passed = append(r.notes, note), append(r.passed, note)
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
