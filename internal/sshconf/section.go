package sshconf

import (
	"slices"
	"strings"
	"unicode"
)

// Section is the lines that another tool keeps in a file that it shares: from the
// comment that begins them to the comment that ends them, both included. The tool
// rewrites or deletes everything between the two.
type Section struct{ Begin, End int }

// Sections finds the marked sections of a file, in the order of their ends. No two
// tools agree on a form. Two comments are a pair if one of these holds:
//
//   - they have the same words but for one, which says begin in the first and end
//     in the second: # BEGIN ANSIBLE MANAGED BLOCK (blockinfile, and chef, CFEngine
//     and sshkeepalive likewise), # --- BEGIN PVE ---, #-- start managed zone --
//     (Salt), #VAGRANT-BEGIN: 501, # === VAULT: DO NOT EDIT BELOW ===. One of them
//     may have more words at its end: # START zone 42 -DO-NOT-EDIT-;
//   - they are arrows: # >>> conda initialize >>> and # <<< conda initialize <<<;
//   - both are framed, and the second says End and how the first begins: ####
//     Google OS Login control. Do not edit this section. #### and #### End Google
//     OS Login control section. ####;
//   - the second says End without a name, and the first who added the lines:
//     # Added by Docker Desktop and # End of section.
//
// An end takes the nearest begin above that fits. A begin without an end is a
// comment like any other.
func (f *File) Sections() []Section {
	var list []Section
	var open []int // comments that no section has taken yet
	marks := map[int]marker{}
	for i, l := range f.Lines {
		m, ok := l.marker()
		if !ok {
			continue
		}
		marks[i] = m
		if at := begun(open, func(j int) bool { return m.ends(marks[j]) }); at >= 0 {
			list = append(list, Section{open[at], i})
			open = open[:at]
		} else if m.mayBegin() {
			open = append(open, i)
		}
	}
	return list
}

// begun returns the place in open of the last comment that fits, of the hundred
// that are nearest: a hostile file may have any number of them.
func begun(open []int, fits func(line int) bool) int {
	for at := len(open) - 1; at >= max(0, len(open)-100); at-- {
		if fits(open[at]) {
			return at
		}
	}
	return -1
}

// Outside returns where lines that should be inserted before line at go so that
// they stand in no section: at itself, or before the outermost section around it.
func Outside(sections []Section, at int) int {
	for _, s := range slices.Backward(sections) {
		if s.Begin < at && at <= s.End {
			at = s.Begin
		}
	}
	return at
}

// EndsSection reports whether the line is a comment that says that something ends
// here, whether its begin can be found or not.
func (l Line) EndsSection() bool {
	m, ok := l.marker()
	if !ok {
		return false
	}
	return m.arrow == '<' || slices.ContainsFunc(m.words[:min(2, len(m.words))], saysEnd) || saysEnd(m.words[len(m.words)-1])
}

// marker is a comment as far as it may begin or end a section.
type marker struct {
	words  []string // in lower case
	framed bool     // stands between two runs of punctuation
	arrow  byte     // > or < if three of them stand before the words
}

func (l Line) marker() (marker, bool) {
	text, ok := strings.CutPrefix(strings.TrimSpace(l.Text()), "#")
	if !ok {
		return marker{}, false
	}
	m := marker{framed: isFrame(text)}
	if bare := strings.TrimLeft(text, "# \t"); strings.HasPrefix(bare, ">>>") || strings.HasPrefix(bare, "<<<") {
		m.arrow = bare[0]
	}
	m.words = strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return m, len(m.words) > 0
}

// isFrame reports whether text, without the # of the comment, has a run of the same
// punctuation at either end, the # counted.
func isFrame(text string) bool {
	text = "#" + strings.TrimRight(text, " \t")
	last := text[len(text)-1]
	return len(text) > 4 && strings.IndexByte("#=-*~+", last) >= 0 && text[len(text)-2] == last && strings.Contains(text[:len(text)-2], string([]byte{last, last}))
}

var (
	beginWords = []string{"begin", "begins", "beginning", "start", "starts", "below", "open"}
	endWords   = []string{"end", "ends", "ending", "stop", "stops", "finish", "above", "close"}
	// authorWords come before "by" in a comment that says whose lines follow.
	authorWords = []string{"added", "managed", "maintained", "generated", "created", "inserted", "installed"}
	// idleWords name nothing: End of section.
	idleWords = []string{"of", "the", "this", "section", "block"}
)

func saysEnd(word string) bool { return slices.Contains(endWords, word) }

// ends reports whether m ends the section that begin begins.
func (m marker) ends(begin marker) bool {
	if m.arrow != 0 || begin.arrow != 0 {
		return m.arrow == '<' && begin.arrow == '>' && slices.Equal(m.words, begin.words)
	}
	for i, word := range m.words {
		if saysEnd(word) && i < len(begin.words) && slices.Contains(beginWords, begin.words[i]) &&
			alike(without(m.words, i), without(begin.words, i)) {
			return true
		}
	}
	if !saysEnd(m.words[0]) {
		return false
	}
	name := slices.DeleteFunc(slices.Clone(m.words[1:]), func(word string) bool { return slices.Contains(idleWords, word) })
	if len(name) == 0 {
		return begin.author()
	}
	return m.framed && begin.framed && len(begin.words) >= len(name) && slices.Equal(name, begin.words[:len(name)])
}

func (m marker) mayBegin() bool {
	return m.framed || m.arrow == '>' || m.author() || slices.ContainsFunc(m.words, func(word string) bool { return slices.Contains(beginWords, word) })
}

// author reports whether m says whose lines follow.
func (m marker) author() bool {
	return len(m.words) > 2 && slices.Contains(authorWords, m.words[0]) && m.words[1] == "by"
}

func without(words []string, i int) []string { return slices.Delete(slices.Clone(words), i, i+1) }

// alike reports whether the words are the same, or one list goes on where the
// other ends.
func alike(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n]) && (n > 0 || len(a) == len(b))
}
