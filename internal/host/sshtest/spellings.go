package sshtest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// Spellings are ways in which a machine may repeat a secret, made here without the
// code that masks them.
var Spellings = map[string]func(string) string{
	"as it is":           func(s string) string { return s },
	"among other text":   func(s string) string { return "<" + s + ">" },
	"base64":             func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 of HTTP":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("admin:" + s)) },
	"base64, other user": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x:" + s + "\n")) },
	"base64 of SASL":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("\x00ad\x00" + s)) },
	"base64 for URLs":    func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("ab" + s)) },
	"a query":            url.QueryEscape,
	"a path":             url.PathEscape,
	"small digits":       func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
	"hexadecimal":        func(s string) string { return hex.EncodeToString([]byte(s)) },
	"large hexadecimal":  func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"quoted":             strconv.Quote,
	"quoted ASCII":       strconv.QuoteToASCII,
	"JSON": func(s string) string {
		text, _ := json.Marshal(s)
		return string(text)
	},
	"shell":          func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" },
	"other line end": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"one line":       func(s string) string { return strings.ReplaceAll(s, "\n", " ") },
	"trimmed":        strings.TrimSpace,
}
