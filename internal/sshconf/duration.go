package sshconf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const maxSeconds = 1<<31 - 1

// ErrTooLong is a time of more seconds than an int of OpenSSH holds.
var ErrTooLong = fmt.Errorf("more than %d seconds", maxSeconds)

// ParseTime returns the seconds of a time: whole seconds, or numbers each with a
// unit. Releases 7.5 to 8.3 read some of these otherwise, see Misreadable. It
// refuses what releases read in several ways: a number without unit after one with
// (1m30), a fraction (an error or cut off), and more than an int (wraps or is refused).
func ParseTime(s string) (seconds int64, err error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err == nil && n <= maxSeconds {
		return int64(n), nil
	}
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("time %q: %w", s, ErrTooLong)
	}
	if s == "" {
		return 0, fmt.Errorf("time %q: empty", s)
	}
	for rest := s; rest != ""; {
		i := strings.IndexAny(rest, "smhdwSMHDW")
		if i <= 0 {
			return 0, fmt.Errorf("time %q: neither whole seconds nor numbers with units s, m, h, d, w", s)
		}
		n, err := strconv.ParseUint(rest[:i], 10, 32)
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Errorf("time %q: %w", s, ErrTooLong)
		}
		if err != nil {
			return 0, fmt.Errorf("time %q: %q is not a whole number", s, rest[:i])
		}
		seconds += int64(n) * unit(rest[i])
		if seconds > maxSeconds {
			return 0, fmt.Errorf("time %q: %w", s, ErrTooLong)
		}
		rest = rest[i+1:]
	}
	return seconds, nil
}

func unit(c byte) int64 {
	switch c | 0x20 {
	case 'm':
		return 60
	case 'h':
		return 60 * 60
	case 'd':
		return 24 * 60 * 60
	case 'w':
		return 7 * 24 * 60 * 60
	default:
		return 1
	}
}

// Misreadable reports whether a time that ParseTime takes means something else to
// OpenSSH 7.5 to 8.3: seconds after another unit are multiplied by that unit, so
// that 1m30s is 1860 seconds (openssh commits f5746b40c and 1001dd148; seen on 8.0).
func Misreadable(s string) bool {
	other := strings.IndexAny(s, "mhdwMHDW")
	return other >= 0 && strings.ContainsAny(s[other:], "sS")
}

// misreads reports whether release v is one of those that Misreadable names.
func misreads(v Version) bool { return v.AtLeast(7, 5) && !v.AtLeast(8, 4) }

// stickyTime is a time that ParseTime takes, as 7.5 to 8.3 add it up: the unit of a
// number holds for seconds after it. Sums of more than an int are cut to it.
func stickyTime(s string) (seconds int64) {
	multiplier := int64(1)
	for rest := s; rest != ""; {
		i := strings.IndexAny(rest, "smhdwSMHDW")
		n, _ := strconv.ParseInt(rest[:i], 10, 64)
		if rest[i]|0x20 != 's' {
			multiplier = unit(rest[i])
		}
		seconds = min(seconds+n*multiplier, maxSeconds)
		rest = rest[i+1:]
	}
	return seconds
}
