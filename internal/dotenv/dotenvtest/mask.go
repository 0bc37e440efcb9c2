// Package dotenvtest masks environment files in Go, as gather.sh of package envfile
// does it on a host. Tests compare the two, and use Mask where there is no host.
// It must not import package dotenv: it is an independent model of the same grammar.
package dotenvtest

import (
	"regexp"
	"slices"
	"strings"
)

// What is not masked: notes of package dotenv, except the old line in them, and the
// names of keys with these prefixes.
var (
	assignment = regexp.MustCompile(`^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*`)

	openNote = regexp.MustCompile(`^# sshkeepalive (resource [0-9a-z]+\r?$|added (SSH|MUX)_[A-Za-z0-9_.]*\r?$|(took|hid) (SSH|MUX)_[A-Za-z0-9_.]* [0-9]+: )`)
	openKey  = regexp.MustCompile(`^(SSH|MUX)_`)

	closing = map[byte]*regexp.Regexp{'"': regexp.MustCompile(`(?s)^(?:[^"\\]|\\.)*"`), '\'': regexp.MustCompile(`(?s)^(?:[^'\\]|\\.)*'`)}
)

// Mask replaces every byte that may be a secret with x: names, and the values of all
// keys except those in reveal. Quotes, backslashes, blanks and # stay, so that the result
// parses as data does. Values that span several lines are never revealed.
func Mask(data []byte, reveal []string) []byte {
	var out strings.Builder
	var quote byte
	for text := range strings.Lines(string(data)) {
		body, ended := strings.CutSuffix(text, "\n")
		body, quote = maskLine(body, quote, reveal)
		out.WriteString(body)
		if ended {
			out.WriteByte('\n')
		}
	}
	return []byte(out.String())
}

// maskLine masks a line that begins inside quote, 0 for none, and returns the quote that
// is still open at its end.
func maskLine(text string, quote byte, reveal []string) (string, byte) {
	if quote != 0 {
		if closed(text, quote) {
			quote = 0
		}
		return hide(text), quote
	}
	if prefix := openNote.FindString(text); prefix != "" {
		old, _ := maskAssignment(text[len(prefix):], reveal)
		return prefix + old, 0
	}
	return maskAssignment(text, reveal)
}

func maskAssignment(text string, reveal []string) (masked string, quote byte) {
	m := assignment.FindStringSubmatchIndex(text)
	if m == nil {
		return hide(text), 0
	}
	prefix, key, value := text[:m[1]], text[m[2]:m[3]], text[m[1]:]
	open := slices.Contains(reveal, key)
	if value != "" && (value[0] == '"' || value[0] == '\'') && !closed(value[1:], value[0]) {
		quote, open = value[0], false
	}
	if !openKey.MatchString(key) && !open {
		prefix = text[:m[2]] + strings.Repeat("x", len(key)) + text[m[3]:m[1]]
	}
	if !open {
		value = hide(value)
	}
	return prefix + value, quote
}

func hide(text string) string {
	masked := []byte(text)
	for i, c := range masked {
		if !strings.ContainsRune("\"'\\ \t\r#", rune(c)) {
			masked[i] = 'x'
		}
	}
	return string(masked)
}

// closed reports whether a quote closes in text, after what is escaped.
func closed(text string, quote byte) bool { return closing[quote].MatchString(text) }
