// Package spelling writes the sentences of diagnostics. It knows no Terraform and no host.
package spelling

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence ends an error's text, which begins with a name more often than not
// and is left in lower case for that.
func Sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsRune(".!?", rune(text[len(text)-1])) {
		return text
	}
	return text + "."
}

// Capital leaves names as they are: of attributes, files and hosts.
func Capital(text string) string {
	if word, _, _ := strings.Cut(text, " "); strings.ContainsAny(word, "_./:[") {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
