package sshconf

import (
	"strconv"
	"testing"
)

// TestCompoundTimesBefore84 holds the numbers that sshd 8.0 printed for compound
// times, and those of releases without its fault.
func TestCompoundTimesBefore84(t *testing.T) {
	for _, c := range []struct {
		text     string
		old, now int64
	}{
		{"90", 90, 90}, {"90s", 90, 90}, {"1m", 60, 60}, {"1h30m", 5400, 5400}, {"1s1m", 61, 61},
		{"1m30s", 1860, 90}, {"1M30S", 1860, 90}, {"1h30s", 3600 + 30*3600, 3630}, {"1h1m10s", 3660 + 600, 3670},
		{"30s10s", 40, 40}, {"1m30s1h", 1860 + 3600, 3690},
	} {
		for version, want := range map[Version]int64{{7, 4}: c.now, {7, 5}: c.old, {8, 0}: c.old, {8, 3}: c.old, {8, 4}: c.now, {}: c.now} {
			if got, ok := Canonical(Server, "ClientAliveInterval", c.text, version); !ok || got != strconv.FormatInt(want, 10) {
				t.Errorf("%s in %s: %s %t, want %d", c.text, version, got, ok, want)
			}
		}
	}
}
