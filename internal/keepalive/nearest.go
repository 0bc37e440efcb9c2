package keepalive

import (
	"slices"
	"strings"
)

// Nearest returns the word of list that differs from word by two letters at most, or by
// their order, without regard to case; "" if none does.
func Nearest(word string, list []string) (found string) {
	best := 3
	for _, other := range list {
		a, b := strings.ToLower(word), strings.ToLower(other)
		d := editDistance(a, b)
		if sorted(a) == sorted(b) {
			d = 1
		}
		if d < best {
			best, found = d, other
		}
	}
	return found
}

func sorted(word string) string { return string(slices.Sorted(slices.Values([]byte(word)))) }

// editDistance counts the letters to add, remove or replace between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
