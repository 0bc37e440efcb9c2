package process

import (
	"bytes"
	"testing"
)

// However output is cut into pieces, a mark is seen.
func FuzzCapture(f *testing.F) {
	f.Add([]byte("abc mark def"), uint8(3))
	f.Fuzz(func(t *testing.T, noise []byte, piece uint8) {
		text := append(bytes.ReplaceAll(noise, []byte("mark"), nil), "mark"...)
		c := Output{Limit: 64}
		first, second := c.Await("mark")
		for part := range chunks(text, int(piece)+1) {
			_, _ = c.Write(part)
		}
		if !closed(first) || closed(second) {
			t.Errorf("first %v, second %v in %q", closed(first), closed(second), text)
		}
	})
}

func chunks(b []byte, n int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			k := min(n, len(b))
			if !yield(b[:k]) {
				return
			}
			b = b[k:]
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
