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

// ParseTime reads a time in the form that every release reads alike: whole
// seconds, or numbers each with a unit. A number without unit after one with
// (1m30) is 90 or 1860 seconds, a fraction is an error or cut off, and what
// exceeds an int wraps or is refused, all depending on the release.
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
			return 0, fmt.Errorf("time %q: %q is no whole number", s, rest[:i])
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
