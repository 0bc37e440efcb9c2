package sshconf

import (
	"bytes"
	"slices"
	"strings"
)

// Where a value goes in a file that has other authors.
//
// A keyword that the global part of the file sets already is changed where it
// is effective: on its first line (on its last, for the few keywords where
// the last line wins). Only the bytes from the first argument to the last
// change; indent, spelling, separator, comment, and later lines that lose
// anyway stay. A keyword that accumulates has one line for each value: the
// lines that are there take the values in order, further values follow the last
// of them, lines without a value go.
//
// A keyword that the global part does not set gets a line above everything that
// could take its effect away: above the first Include, whose files are read
// where it stands, and above the first Match or Host, which would swallow it.
// Comments that stand directly over that line belong to it and stay with it.
// Without Include, Match or Host the end of the file is the place, after giving
// its last line the newline it may lack.

// Set gives keyword the values, each the argument text of one line as it shall
// be written (see Quote). Whether another file of the tree takes the effect
// away only Evaluate knows.
func (f *File) Set(keyword string, values ...string) {
	lines := f.globals(keyword)
	if !f.accumulates(keyword) && len(lines) > 0 && len(values) > 0 {
		f.replace(f.effective(keyword, lines), values[0])
		return
	}
	n := min(len(lines), len(values))
	for i := range n {
		f.replace(lines[i], values[i])
	}
	for _, i := range slices.Backward(lines[n:]) {
		f.Delete(i, i+1)
	}
	f.Insert(f.place(lines[:n]), spell(keyword, values[n:]))
}

func spell(keyword string, values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = keyword + " " + v
	}
	return out
}

// Drop deletes every line of the global part that sets keyword.
func (f *File) Drop(keyword string) {
	for _, i := range slices.Backward(f.globals(keyword)) {
		f.Delete(i, i+1)
	}
}

// globals lists the lines that set keyword outside Match and Host.
func (f *File) globals(keyword string) []int {
	var list []int
	for i, l := range f.Lines {
		if l.opensBlock(f.lexer.dialect) {
			break
		}
		if l.Keyword != "" && f.same(l.Keyword, keyword) {
			list = append(list, i)
		}
	}
	return list
}

// same reports whether two names are one keyword: the same but for case, or
// aliases of each other.
func (f *File) same(a, b string) bool {
	return strings.EqualFold(a, b) || canonicalName(f.lexer.dialect, f.lexer.version, a) == canonicalName(f.lexer.dialect, f.lexer.version, b)
}

func (f *File) accumulates(keyword string) bool {
	kw, _ := Lookup(f.lexer.dialect, keyword)
	switch kw.Merge(f.lexer.version) {
	case Append, ByName:
		return true
	default:
		return false
	}
}

func (f *File) effective(keyword string, lines []int) int {
	if kw, _ := Lookup(f.lexer.dialect, keyword); kw.Merge(f.lexer.version) == Last {
		return lines[len(lines)-1]
	}
	return lines[0]
}

// place is where a new line goes: after the last of lines, which set the same
// keyword, or else where the paragraph above says.
func (f *File) place(lines []int) int {
	if len(lines) > 0 {
		return lines[len(lines)-1] + 1
	}
	at := slices.IndexFunc(f.Lines, func(l Line) bool {
		return l.opensBlock(f.lexer.dialect) || l.Is("Include")
	})
	if at < 0 {
		return len(f.Lines)
	}
	for at > 0 && f.Lines[at-1].isComment() {
		at--
	}
	return at
}

func (l Line) isComment() bool {
	return bytes.HasPrefix(bytes.TrimLeft(l.Raw, " \t"), []byte("#"))
}

// replace writes value in place of the arguments of line i.
func (f *File) replace(i int, value string) {
	l := f.Lines[i]
	var b []byte
	b = append(b, l.Raw[:l.at]...)
	if len(l.Args) == 0 && !bytes.HasSuffix(b, []byte("=")) {
		b = append(bytes.TrimRight(b, blanks), ' ')
	}
	b = append(b, value...)
	if len(l.Args) == 0 && l.end < len(l.Raw) && strings.IndexByte(blanks, l.Raw[l.end]) < 0 {
		b = append(b, ' ')
	}
	f.Lines[i] = f.lexer.line(append(b, l.Raw[l.end:]...))
}

// Insert puts lines, given without terminators, before line at; at the end of a
// file whose last line has none, that line gets one and the new last line goes
// without.
func (f *File) Insert(at int, lines []string) {
	if len(lines) == 0 {
		return
	}
	eol := f.EOL()
	bare := false
	if at == len(f.Lines) && at > 0 && !terminated(f.Lines[at-1].Raw) {
		bare = true
		f.Lines[at-1] = f.lexer.line(append(bytes.Clone(f.Lines[at-1].Raw), eol...))
	}
	fresh := make([]Line, len(lines))
	for i, text := range lines {
		if !bare || i < len(lines)-1 {
			text += eol
		}
		fresh[i] = f.lexer.line([]byte(text))
	}
	f.Lines = slices.Insert(f.Lines, at, fresh...)
}

func terminated(raw []byte) bool { return bytes.HasSuffix(raw, []byte("\n")) }

// Delete removes the lines from from up to but not including to.
func (f *File) Delete(from, to int) {
	f.Lines = slices.Delete(f.Lines, from, to)
}

// CommentOut puts mark, which must start with a #, before line i. Restore takes
// it away again.
func (f *File) CommentOut(i int, mark string) {
	f.Lines[i] = f.lexer.line(append([]byte(mark), f.Lines[i].Raw...))
}

// Restore takes mark from every line that starts with it, and returns their
// number.
func (f *File) Restore(mark string) int {
	n := 0
	for i, l := range f.Lines {
		if raw, ok := bytes.CutPrefix(l.Raw, []byte(mark)); ok && mark != "" {
			f.Lines[i] = f.lexer.line(raw)
			n++
		}
	}
	return n
}
