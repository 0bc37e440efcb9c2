package sshconf

import (
	"bytes"
	"fmt"
	"strings"
)

// File is the text of one configuration file, line by line. Edits change the
// lines they name and no other byte.
type File struct {
	Lines []Line

	lexer lexer
}

// Line is one line of a file as one release of OpenSSH reads it.
type Line struct {
	Raw     []byte   // all of its bytes, terminator included
	Keyword string   // as spelled, without quotes; "" for blank lines and comments
	Args    []string // without quotes and escapes
	// Rest is the argument text as written, from the first argument to the last,
	// without a comment after it.
	Rest string
	// Err says why the line is refused before its keyword is even looked at.
	Err error

	at, end int // where Rest stands in Raw
}

// Is reports whether the line sets keyword, however that is spelled.
func (l Line) Is(keyword string) bool { return strings.EqualFold(l.Keyword, keyword) }

// refusal is Err with the keyword it is about.
func (l Line) refusal() error {
	if l.Keyword == "" {
		return l.Err
	}
	return fmt.Errorf("%s: %w", l.Keyword, l.Err)
}

// Text is the line without its terminator.
func (l Line) Text() string {
	return string(bytes.TrimSuffix(bytes.TrimSuffix(l.Raw, []byte("\n")), []byte("\r")))
}

// Parse reads data. It never fails: a line that OpenSSH would refuse is a line
// with Err. A zero version is read like the newest.
func Parse(d Dialect, v Version, data []byte) *File {
	f := &File{lexer: newLexer(d, v)}
	data = bytes.Clone(data)
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			n = len(data)
		}
		f.Lines = append(f.Lines, f.lexer.line(data[:n:n]))
		data = data[n:]
	}
	return f
}

// Bytes returns the text of the file.
func (f *File) Bytes() []byte {
	n := 0
	for _, l := range f.Lines {
		n += len(l.Raw)
	}
	out := make([]byte, 0, n)
	for _, l := range f.Lines {
		out = append(out, l.Raw...)
	}
	return out
}

// EOL is the line terminator of the file: that of its first line, and a newline
// if it has none. A lone carriage return counts as half a one, so that the
// answer is the same after Insert gave that line its newline.
func (f *File) EOL() string {
	if len(f.Lines) > 0 && bytes.HasSuffix(bytes.TrimSuffix(f.Lines[0].Raw, []byte("\n")), []byte("\r")) {
		return "\r\n"
	}
	return "\n"
}

func (l Line) opensBlock(d Dialect) bool {
	return l.Is("Match") || d == Client && l.Is("Host")
}
