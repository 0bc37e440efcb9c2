// Package dotenv reads and edits environment files, as Docker Compose and PHP's dotenv
// read them. Every byte of lines that it does not manage stays: comments, order, quotes,
// export, line ends, a missing final newline.
//
// It notes each change in the file, in one comment for each line, so that it can be undone
// to the byte, even after the lines were moved: Coolify's own upgrade sorts the file, or
// drops lines that repeat what is before a "=".
//
// An environment file is full of secrets. The host masks it before it is sent (see
// gather.sh of package envfile), and Pieces returns an edit of the masked
// file that can be carried out on the real one.
//
// The package knows that grammar. It must not know how files are read, which
// keys there are, or what their values mean.
package dotenv

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// File is an environment file.
type File struct {
	source []byte
	lines  []line
}

// line is some text, then bytes of the source, then its end.
type line struct {
	prefix   string
	from, to int
	end      string // "\n", "\r\n", or "" at the end of the file
}

// Entry is one assignment.
type Entry struct {
	Key   string
	Value string // as PHP's dotenv reads it, but for variables
	Line  int    // where it begins, from 1
	// Lines is how many it takes: a value in quotes may be continued.
	Lines int
	// Problem is why readers reject the value, "" if they accept it.
	Problem string
}

// Parse reads data. Every file can be read; see Unclosed.
func Parse(data []byte) *File {
	f := &File{source: data}
	for at := 0; at < len(data); {
		end := len(data)
		if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		text := strings.TrimSuffix(string(data[at:end]), "\n")
		if len(text) < end-at {
			text = strings.TrimSuffix(text, "\r")
		}
		f.lines = append(f.lines, line{from: at, to: at + len(text), end: string(data[at+len(text) : end])})
		at = end
	}
	return f
}

func (f *File) text(l line) string { return l.prefix + string(f.source[l.from:l.to]) }

// Bytes returns the file as it is now.
func (f *File) Bytes() []byte { return Apply(f.source, f.Pieces()) }

// A byte order mark makes the first line no assignment: PHP takes it for a part of
// the name.
var assignment = regexp.MustCompile(`^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*`)

// Entries returns the assignments in their order.
func (f *File) Entries() []Entry {
	list, _ := f.scan()
	return list
}

// Unclosed returns the line of a quote that is never closed, 0 if there is none: readers
// reject such a file.
func (f *File) Unclosed() int {
	_, unclosed := f.scan()
	return unclosed
}

func (f *File) scan() (list []Entry, unclosed int) {
	for i := 0; i < len(f.lines); {
		e, ok, closed := f.entry(i)
		if !ok {
			i++
			continue
		}
		if !closed {
			return list, e.Line
		}
		list = append(list, e)
		i += e.Lines
	}
	return list, 0
}

// entry reads the assignment that begins on line i.
func (f *File) entry(i int) (e Entry, ok, closed bool) {
	text := f.text(f.lines[i])
	m := assignment.FindStringSubmatch(text)
	if m == nil {
		return e, false, false
	}
	e = Entry{Key: m[1], Line: i + 1, Lines: 1}
	value := text[len(m[0]):]
	if value == "" || value[0] != '"' && value[0] != '\'' {
		e.Value, e.Problem = bare(value)
		return e, true, true
	}
	quote, body := value[0], value[1:]
	end := closing(body, quote)
	for ; end < 0 && i+e.Lines < len(f.lines); e.Lines++ {
		more := f.text(f.lines[i+e.Lines])
		if n := closing(more, quote); n >= 0 {
			end = len(body) + 1 + n
		}
		body += "\n" + more
	}
	if end < 0 {
		return e, true, false
	}
	e.Value = unescape(body[:end], quote)
	if rest, _, _ := strings.Cut(body[end+1:], "#"); strings.Trim(rest, " \t\r") != "" {
		e.Problem = "there is text after the closing quote"
	}
	return e, true, true
}

// closing returns the index of the quote in text that is not escaped, -1 without one.
func closing(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return -1
}

// bare reads a value without quotes. To PHP a # begins a comment everywhere, to
// Compose only behind a blank, and a blank inside makes the whole file unreadable to
// PHP. That is the only difference found: of 3000 files and values, phpdotenv 5.4
// read all as we do, and compose-go 2.16 all but those with such a #.
func bare(text string) (value, problem string) {
	value, _, _ = strings.Cut(text, "#")
	value = strings.Trim(value, " \t\r")
	if strings.ContainsAny(value, " \t") {
		problem = "it contains a blank and has no quotes"
	}
	return value, problem
}

var escapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\f`, "\f", `\v`, "\v")

func unescape(body string, quote byte) string {
	if quote == '"' {
		return escapes.Replace(body)
	}
	return strings.ReplaceAll(body, `\'`, `'`)
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]*$`)

// Quote writes a value of one line so that Compose and PHP read the same.
func Quote(value string) string {
	switch {
	case plain.MatchString(value):
		return value
	case !strings.ContainsAny(value, `'\`):
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value) + `"`
}

// Get returns the value of key. Of several assignments the last counts: to Compose,
// and to PHP's dotenv since 3.4.
func (f *File) Get(key string) (Entry, bool) {
	for _, e := range slices.Backward(f.Entries()) {
		if e.Key == key {
			return e, true
		}
	}
	return Entry{}, false
}
