package dotenv

// Piece is bytes of the file that was read, or, where Text is given, new ones.
type Piece struct {
	From, To int
	Text     string
}

// Pieces says what the file consists of now.
func (f *File) Pieces() []Piece {
	var list []Piece
	for _, l := range f.lines {
		list = fresh(list, l.lead)
		list = kept(list, l.from, l.to)
		if to := l.to + len(l.end); to <= len(f.source) && string(f.source[l.to:to]) == l.end {
			list = kept(list, l.to, to)
		} else {
			list = fresh(list, l.end)
		}
	}
	return list
}

func fresh(list []Piece, text string) []Piece {
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

func kept(list []Piece, from, to int) []Piece {
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

// Apply makes the pieces of source.
func Apply(source []byte, pieces []Piece) []byte {
	out := []byte{}
	for _, p := range pieces {
		out = append(append(out, source[p.From:p.To]...), p.Text...)
	}
	return out
}
