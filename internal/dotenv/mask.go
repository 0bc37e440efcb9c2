package dotenv

import (
	"regexp"
	"slices"
	"strings"
)

// What may be seen of every file: our own notes, with the old text masked as the
// line that it was, and the names of keys with these beginnings.
var (
	openNote = regexp.MustCompile(`^# sshkeepalive (resource [0-9a-z]+\r?$|added (SSH|MUX)_[A-Za-z0-9_.]*\r?$|(took|hid) (SSH|MUX)_[A-Za-z0-9_.]* [0-9]+: )`)
	openKey  = regexp.MustCompile(`^(SSH|MUX)_`)
)

// Mask replaces every byte that may be a secret by an x: names, and values of all
// keys but those in reveal. Quotes, backslashes, blanks and # stay, so that the
// result parses as data does. Values over several lines are never revealed. It is
// what coolify_gather.sh of the reconcile package does on a host.
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

// maskLine masks a line that begins inside quote, 0 being outside, and says inside
// which it ends.
func maskLine(text string, quote byte, reveal []string) (string, byte) {
	if quote != 0 {
		if closing(text, quote) >= 0 {
			quote = 0
		}
		return hide(text), quote
	}
	if lead := openNote.FindString(text); lead != "" {
		old, _ := maskAssignment(text[len(lead):], reveal)
		return lead + old, 0
	}
	return maskAssignment(text, reveal)
}

func maskAssignment(text string, reveal []string) (masked string, quote byte) {
	m := assignment.FindStringSubmatchIndex(text)
	if m == nil {
		return hide(text), 0
	}
	lead, key, value := text[:m[1]], text[m[2]:m[3]], text[m[1]:]
	open := slices.Contains(reveal, key)
	if value != "" && (value[0] == '"' || value[0] == '\'') && closing(value[1:], value[0]) < 0 {
		quote, open = value[0], false
	}
	if !openKey.MatchString(key) && !open {
		lead = text[:m[2]] + strings.Repeat("x", len(key)) + text[m[3]:m[1]]
	}
	if !open {
		value = hide(value)
	}
	return lead + value, quote
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
