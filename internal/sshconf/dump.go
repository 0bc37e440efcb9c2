package sshconf

import "strings"

// Dump is what sshd -T or ssh -G print: for each keyword, in lower case, the
// text after it on each line that prints it.
//
// Names are folded because sshd prints them in lower case up to 10.3 and in
// mixed case from 10.4.
type Dump map[string][]string

// ParseDump reads the output of sshd -T or ssh -G.
func ParseDump(out string) Dump {
	d := Dump{}
	for line := range strings.Lines(out) {
		keyword, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if keyword == "" {
			continue
		}
		keyword = strings.ToLower(keyword)
		d[keyword] = append(d[keyword], value)
	}
	return d
}

// HasGSSAPI reports whether the program that printed the dump was built with GSSAPI.
func (d Dump) HasGSSAPI() bool { return d["gssapiauthentication"] != nil }
