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
//	# sshkeepalive took KEY 1: TEXT   ours follows the last of these
//	# sshkeepalive hid KEY 1: TEXT    there is none of ours
var note = regexp.MustCompile(`^# sshkeepalive (?:(added) ([A-Za-z_][A-Za-z0-9_.]*)$|(took|hid) ([A-Za-z_][A-Za-z0-9_.]*) [0-9]+: )`)

// The resource whose notes these are is named in a line of its own, at the end of the
// file when it is written.
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
		f.insert(len(f.lines), line{lead: "# sshkeepalive resource " + id})
	}
}

// inside says of the lines, by their index, whether an assignment has them.
func (f *File) inside() map[int]bool {
	inside := map[int]bool{}
	for _, e := range f.Entries() {
		for n := range e.Lines {
			inside[e.Line-1+n] = true
		}
	}
	return inside
}

// noted is one note.
type noted struct {
	at   int // index of the line
	verb string
	lead int // length of what stands before the old text
}

// notes finds the notes on key, and says on which keys there are any.
func (f *File) notes(key string) (list []noted, keys []string) {
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
			list = append(list, noted{i, verb, len(m[0])})
		}
	}
	return list, keys
}

// Marked returns the keys that we have set or hidden.
func (f *File) Marked() []string {
	_, keys := f.notes("")
	return keys
}

// Managed returns our assignment of key: the first one below our last note, or, where
// somebody has sorted the file, the first one of all.
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
	ours := line{lead: key + "=" + Quote(value)}
	list, err := f.comment(key, "took")
	if err != nil {
		return err
	}
	if len(list) > 0 {
		f.insert(list[len(list)-1].Line, ours)
		return nil
	}
	f.insert(len(f.lines), line{lead: "# sshkeepalive added " + key})
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
		return nil, fmt.Errorf("a quote opens on line %d and is never closed", unclosed)
	}
	list := slices.DeleteFunc(all, func(e Entry) bool { return e.Key != key })
	for _, e := range list {
		if e.Lines > 1 {
			return nil, fmt.Errorf("the value of %s on line %d goes over several lines", key, e.Line)
		}
	}
	for i, e := range list {
		l := &f.lines[e.Line-1]
		l.lead = "# sshkeepalive " + verb + " " + key + " " + strconv.Itoa(i+1) + ": " + l.lead
	}
	return list, nil
}

// Unset takes back what Set or Hide did to key. Without notes it does nothing.
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
		behind := max(0, n.lead-len(l.lead))
		l.lead = l.lead[min(n.lead, len(l.lead)):]
		l.from += behind
	}
}

// insert puts l at index i. A file whose last line has no end keeps none.
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

// newline is how the lines of the file end.
func (f *File) newline() string { return newlineOf(f.lines) }

// newlineOf is how the last of the lines ends that has an end.
func newlineOf(lines []line) string {
	for _, l := range slices.Backward(lines) {
		if l.end != "" {
			return l.end
		}
	}
	return "\n"
}
