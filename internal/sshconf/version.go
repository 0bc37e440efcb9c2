package sshconf

import (
	"fmt"
	"regexp"
	"strconv"
)

// Version is an OpenSSH release, as far as it decides how text is read: 9.2.
type Version struct {
	Major, Minor int
}

// Four digits each are more than any release will have, and no text of a machine
// becomes a number out of range.
var versionPattern = regexp.MustCompile(`(?:^|OpenSSH_)(\d{1,4})\.(\d{1,4})(?:\D|$)`)

// ParseVersion finds the release in what a program or a server says of itself:
// "9.2", "9.2p1", "OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.15",
// "SSH-2.0-OpenSSH_9.2p1".
func ParseVersion(s string) (Version, error) {
	m := versionPattern.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("no OpenSSH version in %q", s)
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return Version{}, fmt.Errorf("version %q: %w", s, err)
	}
	minor, err := strconv.Atoi(m[2])
	if err != nil {
		return Version{}, fmt.Errorf("version %q: %w", s, err)
	}
	return Version{major, minor}, nil
}

// AtLeast reports whether v is major.minor or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// IsZero reports whether v is the zero value, which is not a release.
func (v Version) IsZero() bool { return v == Version{} }

// Newest is a release that knows every keyword, value and criterion of this package.
func Newest() Version { return Version{Major: 10, Minor: 6} }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }
