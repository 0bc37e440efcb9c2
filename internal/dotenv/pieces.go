package dotenv

// Piece is a range of bytes of the file that was read, or, if Text is set, new text.
type Piece struct {
	From, To int
	Text     string
}

// Pieces returns the file as ranges of the original and new text.
func (f *File) Pieces() []Piece {
	var list []Piece
	for _, l := range f.lines {
		list = appendText(list, l.prefix)
		list = appendRange(list, l.from, l.to)
		if to := l.to + len(l.end); to <= len(f.source) && string(f.source[l.to:to]) == l.end {
			list = appendRange(list, l.to, to)
		} else {
			list = appendText(list, l.end)
		}
	}
	return list
}

func appendText(list []Piece, text string) []Piece {
	last := len(list) - 1
	switch {
	case text == "":
		return list
	case last >= 0 && list[last].Text != "":
		list[last].Text += text
		return list
	}
	return append(list, Piece{Text: text})
}

func appendRange(list []Piece, from, to int) []Piece {
	last := len(list) - 1
	switch {
	case from == to:
		return list
	case last >= 0 && list[last].Text == "" && list[last].To == from:
		list[last].To = to
		return list
	}
	return append(list, Piece{From: from, To: to})
}

// Apply returns the text that the pieces make of source.
func Apply(source []byte, pieces []Piece) []byte {
	out := []byte{}
	for _, p := range pieces {
		out = append(append(out, source[p.From:p.To]...), p.Text...)
	}
	return out
}
