package keepalive

import (
	"testing"
	"time"
)

func TestMeasuredSpacing(t *testing.T) {
	for name, c := range map[string]struct {
		seen []time.Duration
		want time.Duration
	}{
		"nothing":      {nil, 0},
		"one":          {[]time.Duration{5 * time.Second}, 0},
		"two":          {[]time.Duration{5 * time.Second, 7 * time.Second}, 2 * time.Second},
		"an even pair": {[]time.Duration{0, 2 * time.Second, 5 * time.Second}, 2500 * time.Millisecond},
		"one was late": {[]time.Duration{60, 120, 195, 240, 300}, 60},
	} {
		got, ok := MeasuredSpacing(c.seen)
		if got != c.want || ok != (len(c.seen) > 1) {
			t.Errorf("%s: %v, %v, not %v", name, got, ok, c.want)
		}
	}
}

// FuzzMeasuredSpacing: probes at a steady pace have that spacing, though any one
// of them came late.
func FuzzMeasuredSpacing(f *testing.F) {
	f.Add(uint8(6), uint8(3), int64(time.Minute), int64(time.Second), int64(30*time.Second))
	f.Fuzz(func(t *testing.T, n, which uint8, pace, first, late int64) {
		if n < 6 || pace <= 0 || pace > int64(time.Hour) || first < 0 || first > int64(time.Hour) || late < 0 || late >= pace {
			t.Skip()
		}
		seen := make([]time.Duration, n)
		for i := range seen {
			seen[i] = time.Duration(first + int64(i)*pace)
		}
		seen[which%n] += time.Duration(late)
		if got, ok := MeasuredSpacing(seen); !ok || got != time.Duration(pace) {
			t.Errorf("%v, %v at a pace of %v", got, ok, time.Duration(pace))
		}
	})
}
