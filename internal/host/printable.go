package host

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text with everything spelled as Go spells it that a terminal
// does not show as it is: control characters, which move the cursor and change what
// stands there already; characters that turn the direction of writing or have no
// width (U+202E, U+200B), which make a name look like another one; blanks that are
// not the usual one; and bytes that are not UTF-8. Line feeds and tabs stay, and a
// carriage return before a line feed is left out. Text from hosts, and from what
// stands between, passes here before it is shown.
func Printable(text string) string {
	clean := true
	for _, r := range text {
		if r != '\n' && r != '\t' && !shown(r) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n', r == '\t', shown(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// shown reports whether a terminal shows r, and nothing but r. Unicode counts some
// characters of no width among the letters and marks, such as the Hangul filler
// and the variation selectors.
func shown(r rune) bool {
	if r < 0x7f {
		return r >= ' ' // as almost all text is
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
