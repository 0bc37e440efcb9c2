package sshconf

import (
	"slices"
	"strings"
)

// Printed returns the lines that sshd -T or ssh -G print for keyword, without
// its name. It is false if no line sets the keyword, so that the program's own
// default is printed, and if what is printed depends on more than the text.
func (r Result) Printed(keyword string) ([]string, bool) {
	kw, ok := Lookup(r.dialect, canonicalName(r.dialect, r.version, keyword))
	winners := r.Winners(keyword)
	if !ok || len(winners) == 0 || r.interdependent(kw) {
		return nil, false
	}
	values := make([]value, len(winners))
	for i, s := range winners {
		got, err := readValue(r.dialect, kw, s.line, r.version)
		if err != nil || !got.known {
			return nil, false
		}
		values[i] = got
	}
	switch {
	case kw.Name == "RekeyLimit":
		return []string{joinRekey(winners, values)}, true
	case kw.Name == "MaxStartups":
		return []string{joinStartups(winners, values)}, true
	case kw.Merge(r.version) == Parts:
		return nil, false
	}
	var lines []string
	for _, got := range values {
		lines = append(lines, got.printed...)
	}
	return lines, true
}

// interdependent reports whether what is printed for kw hangs on other keywords, too.
func (r Result) interdependent(kw Keyword) bool {
	switch kw.Name {
	case "KbdInteractiveAuthentication", "ChallengeResponseAuthentication":
		return !atLeast(r.version, Version{8, 7}) // one answers for the other
	}
	return false
}

// joinRekey takes the bytes of the line that has no more than those to say, if
// there is one, and the time of the other.
func joinRekey(winners []Setting, values []value) string {
	bytes := strings.Fields(values[0].printed[0])
	if len(winners) == 1 {
		return strings.Join(bytes, " ")
	}
	first, other := 0, 1
	if winners[1].before(winners[0]) {
		first, other = 1, 0
	}
	bytes = strings.Fields(values[first].printed[0])
	return bytes[0] + " " + strings.Fields(values[other].printed[0])[1]
}

// before reports whether s is looked at before t: for a connection, the lines of
// matching blocks come first.
func (s Setting) before(t Setting) bool { return s.forConnection && !t.forConnection }

// joinStartups takes the rate of the line before for one that has none.
func joinStartups(winners []Setting, values []value) string {
	last := len(winners) - 1
	if len(winners) == 1 || strings.Contains(winners[last].Args[0], ":") {
		return values[last].printed[0]
	}
	n := strings.SplitN(values[last].printed[0], ":", 3)
	rate := strings.SplitN(values[slices.IndexFunc(winners, func(s Setting) bool { return strings.Contains(s.Args[0], ":") })].printed[0], ":", 3)[1]
	return n[0] + ":" + rate + ":" + n[2]
}
