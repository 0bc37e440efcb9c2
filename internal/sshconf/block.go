package sshconf

import "bytes"

// Blocks are lines of ours between two marks in a file that has other
// authors. The law: a file into which a block was inserted, anywhere, and from
// which it was removed has the bytes it had before.
//
// Only one thing cannot be read off the marks: that the line above the block
// had no terminator before. So a block at the end of such a file goes without
// one, too, and removing a block that ends the file without a terminator
// also removes the one above it. The terminator of the line with the begin mark
// says which one that was, whatever the file looks like now.

// InsertBlock puts lines between the marks before line at. The marks are
// comments, must differ from each other and from every line, and must not stand
// in the file yet.
func (f *File) InsertBlock(at int, begin, end string, lines []string) {
	block := make([]string, 0, len(lines)+2)
	block = append(block, begin)
	block = append(block, lines...)
	f.Insert(at, append(block, end))
}

// FindBlock returns the lines of the block from its begin mark up to, and not
// including, the line after its end mark.
func (f *File) FindBlock(begin, end string) (from, to int, ok bool) {
	from = -1
	for i, l := range f.Lines {
		switch text := l.Text(); {
		case from < 0 && text == begin:
			from = i
		case from >= 0 && text == end:
			return from, i + 1, true
		}
	}
	return 0, 0, false
}

// RemoveBlock takes the block away, marks included, and reports whether there
// was one.
func (f *File) RemoveBlock(begin, end string) bool {
	from, to, ok := f.FindBlock(begin, end)
	if !ok {
		return false
	}
	if from > 0 && to == len(f.Lines) && !terminated(f.Lines[to-1].Raw) {
		eol := bytes.TrimPrefix(f.Lines[from].Raw, []byte(begin))
		f.Lines[from-1] = f.lexer.line(bytes.TrimSuffix(f.Lines[from-1].Raw, eol))
	}
	f.Delete(from, to)
	return true
}
