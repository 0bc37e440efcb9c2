package keepalive

import (
	"slices"
	"time"
)

// MeasuredSpacing returns the time between two probes that were seen at the given
// times; ok is false for fewer than two. It is the median: one that TCP had to
// send again comes late and makes the next one early.
func MeasuredSpacing(seen []time.Duration) (spacing time.Duration, ok bool) {
	if len(seen) < 2 {
		return 0, false
	}
	gaps := make([]time.Duration, len(seen)-1)
	for i := range gaps {
		gaps[i] = seen[i+1] - seen[i]
	}
	slices.Sort(gaps)
	n := len(gaps)
	return (gaps[(n-1)/2] + gaps[n/2]) / 2, true
}
