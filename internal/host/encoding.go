package host

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// encodings are the ways in which programs repeat a secret: as it is, quoted for a
// shell, a language or a page, in percent signs, in hexadecimal digits, and in
// base64, alone and anywhere within a longer text, such as the user:password of HTTP.
func encodings(secret string, users []string) []string {
	if len(secret) < shortestSecret {
		return pairs(secret, users)
	}
	forms := []string{
		secret, Printable(secret), strings.ReplaceAll(secret, "'", `'\''`), strings.ReplaceAll(secret, "'", `'"'"'`),
		inside(strconv.Quote(secret)), inside(strconv.QuoteToASCII(secret)), jsonText(secret, true), jsonText(secret, false), html.EscapeString(secret),
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret), percent(secret)} {
		forms = append(forms, escaped, lowerHex(escaped))
	}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, alphabet.EncodeToString([]byte(secret)))
		for shift := range 3 {
			forms = append(forms, core(alphabet, secret, shift))
		}
	}
	return append(forms, pairs(secret, users)...)
}

// inside is a text without the quotes around it.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

func jsonText(secret string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if encoder.Encode(secret) != nil {
		return ""
	}
	return inside(strings.TrimSuffix(b.String(), "\n"))
}

// percent spells every byte with a percent sign.
func percent(secret string) string {
	var b strings.Builder
	for i := range len(secret) {
		fmt.Fprintf(&b, "%%%02X", secret[i])
	}
	return b.String()
}

// lowerHex is a text in percent signs with small digits.
func lowerHex(escaped string) string {
	var b strings.Builder
	for i := 0; i < len(escaped); i++ {
		if escaped[i] != '%' || i+3 > len(escaped) {
			b.WriteByte(escaped[i])
			continue
		}
		b.WriteString(strings.ToLower(escaped[i : i+3]))
		i += 2
	}
	return b.String()
}

// shortestCore keeps pieces of base64 from being found by chance.
const shortestCore = 6

// core is what stays the same of a secret in base64 wherever it stands in the text
// that is encoded: shift is the number of bytes before it, modulo three. Some
// characters hold a part of these bytes too.
func core(alphabet *base64.Encoding, secret string, shift int) string {
	encoded := alphabet.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
	from, to := (8*shift+5)/6, 8*(shift+len(secret))/6
	if to-from < shortestCore {
		return ""
	}
	return encoded[from:to]
}

// pairs are the tokens of HTTP, in which a secret of few bytes is not found otherwise.
func pairs(secret string, users []string) []string {
	if secret == "" {
		return nil
	}
	var forms []string
	for _, user := range users {
		forms = append(forms, base64.RawStdEncoding.EncodeToString([]byte(user+":"+secret)), base64.RawURLEncoding.EncodeToString([]byte(user+":"+secret)))
	}
	return forms
}
