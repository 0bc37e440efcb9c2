package sshconf

import (
	"path"
	"slices"
	"strings"
)

// globber finds the files of a tree that glob(3) would find for a pattern,
// called without flags in the C locale as sshd and ssh do: in byte order, no
// braces, and wildcards do not match a leading dot.
type globber struct {
	paths []string // sorted
}

func newGlobber(files map[string][]byte) globber {
	paths := make([]string, 0, len(files))
	for name := range files {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	return globber{paths}
}

// find returns the paths that match, sorted. The pattern is absolute.
func (g globber) find(pattern string) []string {
	pattern = cleanPattern(pattern)
	i := strings.IndexAny(pattern, `*?[\`)
	if i < 0 {
		if _, ok := slices.BinarySearch(g.paths, pattern); ok {
			return []string{pattern}
		}
		return nil
	}
	prefix := pattern[:i]
	from, _ := slices.BinarySearch(g.paths, prefix)
	var found []string
	for _, p := range g.paths[from:] {
		if !strings.HasPrefix(p, prefix) {
			break
		}
		if globMatch(pattern, p) {
			found = append(found, p)
		}
	}
	return found
}

// cleanPattern takes the double slashes and dots out of a pattern, as far as no
// wildcard stands before them.
func cleanPattern(pattern string) string {
	i := strings.IndexAny(pattern, `*?[\`)
	if i < 0 {
		return path.Clean(pattern)
	}
	slash := strings.LastIndexByte(pattern[:i], '/') + 1
	head := path.Clean("/" + pattern[:slash])
	return strings.TrimSuffix(head, "/") + "/" + pattern[slash:]
}

// globMatch compares part by part, so no wildcard matches a slash.
func globMatch(pattern, name string) bool {
	for {
		p, morePattern, okPattern := strings.Cut(pattern, "/")
		n, moreName, okName := strings.Cut(name, "/")
		if !globPart(p, n) || okPattern != okName {
			return false
		}
		if !okPattern {
			return true
		}
		pattern, name = morePattern, moreName
	}
}

func globPart(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	i, p, star, mark := 0, 0, -1, 0
	for i < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, i
			p++
			continue
		}
		if width, hit := globByte(pattern[p:], name[i]); hit {
			i++
			p += width
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		i, p = mark, star+1
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// globByte matches one byte against the head of a pattern and returns the width
// of that head.
func globByte(pattern string, c byte) (width int, hit bool) {
	switch {
	case pattern == "":
		return 0, false
	case pattern[0] == '?':
		return 1, true
	case pattern[0] == '\\' && len(pattern) > 1:
		return 2, pattern[1] == c
	case pattern[0] == '[':
		if end := bracketEnd(pattern); end > 0 {
			return end + 1, bracketMatch(pattern[1:end], c)
		}
	}
	return 1, pattern[0] == c
}

// bracketEnd returns the index of the bracket that closes pattern[0], or -1. A
// closing bracket that comes first is one of the set.
func bracketEnd(pattern string) int {
	i := 1
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		i++
	}
	for first := i; i < len(pattern); i++ {
		switch {
		case pattern[i] == ']' && i > first:
			return i
		case strings.HasPrefix(pattern[i:], "[:"):
			if n := strings.Index(pattern[i+2:], ":]"); n >= 0 {
				i += n + 3
			}
		case pattern[i] == '\\':
			i++
		}
	}
	return -1
}

func bracketMatch(set string, c byte) bool {
	negated := strings.HasPrefix(set, "!") || strings.HasPrefix(set, "^")
	if negated {
		set = set[1:]
	}
	hit := false
	for set != "" {
		if name, rest, ok := className(set); ok {
			hit = hit || inClass(name, c)
			set = rest
			continue
		}
		var low byte
		low, set = setByte(set)
		high := low
		if len(set) > 1 && set[0] == '-' {
			high, set = setByte(set[1:])
		}
		hit = hit || low <= c && c <= high
	}
	return hit != negated
}

func setByte(set string) (byte, string) {
	if set[0] == '\\' && len(set) > 1 {
		return set[1], set[2:]
	}
	return set[0], set[1:]
}

func className(set string) (name, rest string, ok bool) {
	if !strings.HasPrefix(set, "[:") {
		return "", set, false
	}
	return strings.Cut(set[2:], ":]")
}

func inClass(name string, c byte) bool {
	digit := c >= '0' && c <= '9'
	lower, upper := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
	switch name {
	case "digit":
		return digit
	case "lower":
		return lower
	case "upper":
		return upper
	case "alpha":
		return lower || upper
	case "alnum":
		return digit || lower || upper
	case "punct":
		return c > ' ' && c < 0x7f && !digit && !lower && !upper
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r'
	case "xdigit":
		return digit || strings.IndexByte("abcdefABCDEF", c) >= 0
	}
	return false
}
