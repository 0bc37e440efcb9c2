package dotenv

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Our notes. The number keeps them apart for Coolify's upgrade, which drops a line
// whose text in front of the first "=" was there before, comments not excepted.
//
//	# sshkeepalive added KEY          our assignment follows, there was none
//	# sshkeepalive took KEY 1: TEXT   ours follows the last of these: replaced
//	# sshkeepalive hid KEY 1: TEXT    there is none of ours: removed
var note = regexp.MustCompile(`^# sshkeepalive (?:(added) ([A-Za-z_][A-Za-z0-9_.]*)$|(took|hid) ([A-Za-z_][A-Za-z0-9_.]*) [0-9]+: )`)

// The line that names the resource of the notes; it is written at the end of the file.
var resourceNote = regexp.MustCompile(`^# sshkeepalive resource (image|[0-9a-f]{16})$`)

// Resource returns the id of the resource that wrote our notes, and the line, from 1;
// 0 if no line tells.
func (f *File) Resource() (id string, line int) {
	inside := f.inside()
	for i, l := range f.lines {
		if m := resourceNote.FindStringSubmatch(f.text(l)); m != nil && !inside[i] {
			return m[1], i + 1
		}
	}
	return "", 0
}

// SetResource notes the id of the resource, "" for none.
func (f *File) SetResource(id string) {
	for _, line := f.Resource(); line > 0; _, line = f.Resource() {
		f.remove(line - 1)
	}
	if id != "" {
		f.insert(len(f.lines), line{prefix: "# sshkeepalive resource " + id})
	}
}

// inside returns the indexes of the lines that belong to an assignment.
func (f *File) inside() map[int]bool {
	inside := map[int]bool{}
	for _, e := range f.Entries() {
		for n := range e.Lines {
			inside[e.Line-1+n] = true
		}
	}
	return inside
}

// mark is one note.
type mark struct {
	at     int // index of the line
	verb   string
	prefix int // length of the text before the old line
}

// notes returns the notes on key, and all keys that have notes.
func (f *File) notes(key string) (list []mark, keys []string) {
	inside := f.inside()
	for i, l := range f.lines {
		m := note.FindStringSubmatch(f.text(l))
		if m == nil || inside[i] {
			continue
		}
		verb, of := m[1]+m[3], m[2]+m[4]
		if !slices.Contains(keys, of) {
			keys = append(keys, of)
		}
		if of == key {
			list = append(list, mark{i, verb, len(m[0])})
		}
	}
	return list, keys
}

// Marked returns the keys that our notes are about: those set or hidden by this package.
func (f *File) Marked() []string {
	_, keys := f.notes("")
	return keys
}

// Managed returns our assignment of key: the first one below our last note, or, if the
// file was sorted, the first one of all.
func (f *File) Managed(key string) (Entry, bool) {
	list, _ := f.notes(key)
	last := -1
	for _, n := range list {
		if n.verb != "hid" {
			last = n.at
		}
	}
	if last < 0 {
		return Entry{}, false
	}
	found, ok := Entry{}, false
	for _, e := range f.Entries() {
		switch {
		case e.Key != key:
		case e.Line-1 > last:
			return e, true
		case !ok:
			found, ok = e, true
		}
	}
	return found, ok
}

// Set gives key one value, in one line: the last of those that are there, or at
// the end. Lines that were there become notes.
func (f *File) Set(key, value string) error {
	f.Unset(key)
	ours := line{prefix: key + "=" + Quote(value)}
	list, err := f.comment(key, "took")
	if err != nil {
		return err
	}
	if len(list) > 0 {
		f.insert(list[len(list)-1].Line, ours)
		return nil
	}
	f.insert(len(f.lines), line{prefix: "# sshkeepalive added " + key})
	f.insert(len(f.lines), ours)
	return nil
}

// Hide makes every assignment of key a note.
func (f *File) Hide(key string) error {
	f.Unset(key)
	_, err := f.comment(key, "hid")
	return err
}

// comment takes every assignment of key out of force.
func (f *File) comment(key, verb string) ([]Entry, error) {
	all, unclosed := f.scan()
	if unclosed > 0 {
		return nil, fmt.Errorf("the quote on line %d is never closed", unclosed)
	}
	list := slices.DeleteFunc(all, func(e Entry) bool { return e.Key != key })
	for _, e := range list {
		if e.Lines > 1 {
			return nil, fmt.Errorf("the value of %s on line %d spans several lines", key, e.Line)
		}
	}
	for i, e := range list {
		l := &f.lines[e.Line-1]
		l.prefix = "# sshkeepalive " + verb + " " + key + " " + strconv.Itoa(i+1) + ": " + l.prefix
	}
	return list, nil
}

// Unset undoes what Set or Hide did to key. Without notes it does nothing.
func (f *File) Unset(key string) {
	if own, ok := f.Managed(key); ok {
		for range own.Lines {
			f.remove(own.Line - 1)
		}
	}
	list, _ := f.notes(key)
	for _, n := range slices.Backward(list) {
		if n.verb == "added" {
			f.remove(n.at)
			continue
		}
		l := &f.lines[n.at]
		behind := max(0, n.prefix-len(l.prefix))
		l.prefix = l.prefix[min(n.prefix, len(l.prefix)):]
		l.from += behind
	}
}

// insert puts l at index i. A file without a final newline stays without one.
func (f *File) insert(i int, l line) {
	l.end = f.newline()
	if i == len(f.lines) && i > 0 && f.lines[i-1].end == "" {
		f.lines[i-1].end, l.end = l.end, ""
	}
	f.lines = slices.Insert(f.lines, i, l)
}

// remove undoes insert. Where insert gave the line before its end, because the file
// had none there, that end goes too; a carriage return in front of it is older than
// the end and stays.
func (f *File) remove(i int) {
	if f.lines[i].end == "" && i > 0 {
		before := &f.lines[i-1]
		if before.end == "\r\n" && newlineOf(f.lines[:i-1]) == "\n" {
			before.to++
		}
		before.end = ""
	}
	f.lines = slices.Delete(f.lines, i, i+1)
}

// newline returns the line end of the file.
func (f *File) newline() string { return newlineOf(f.lines) }

// newlineOf returns the end of the last line that has one.
func newlineOf(lines []line) string {
	for _, l := range slices.Backward(lines) {
		if l.end != "" {
			return l.end
		}
	}
	return "\n"
}
