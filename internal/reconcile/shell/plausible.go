package shell

import (
	"fmt"
	"math"
	"path"
	"strings"
	"unicode"
)

// A host writes its report of facts itself, and may write what it likes. What follows
// bounds what a report can do to us: it is 8 MiB at most (see host.Script), its
// sections are counted, its numbers have a range, and what it calls a path is one.

// most is how many sections of a word a report may have. Of files a real tree has some
// dozens, and userconf reads as many of this machine; of dumps there is one for each
// context and setting.
var most = map[string]int{
	"file": 2000, "includedir": 2000, "attr": 10_000, "stat": 10_000, "option": 1000,
	"dump": 5000, "context": 5000, "canon": 5000, "socket": 20_000, "check": 20_000, "pending": 1000,
	"sysctl": 2000, "logind": 2000, "there": 100, "value": 100, "lacks": 100, "bus": 100,
}

// anyWord is how many sections of any other word there may be.
const anyWord = 100_000

// paths are the sections that name a file or a directory of the host.
var paths = map[string]bool{
	"file": true, "includedir": true, "main": true, "dir": true, "sshd": true, "pidfile": true,
	"ssh": true, "home": true, "managed": true, "system": true,
	"sysctl": true, "logind": true, "there": true,
}

// plausible refuses a section that no host has to report.
func (s *Report) plausible(word, arg string) error {
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	s.counts[word]++
	limit, named := most[word]
	if !named {
		limit = anyWord
	}
	if s.counts[word] > limit {
		return fmt.Errorf("the report of facts has more than %d sections %q", limit, s.Cut(word, 40))
	}
	switch {
	case paths[word]:
		return s.checkPath(arg)
	case word == "machine":
		return s.checkMachineID(arg)
	case word == "version" && len(arg) > 500:
		return fmt.Errorf("the host reports a version of %d bytes", len(arg))
	}
	return nil
}

// checkPath accepts an absolute path. PATH_MAX is 4096 on Linux. One that climbs above
// its own root would lead out of the directory that a candidate tree is staged in.
func (s *Report) checkPath(name string) error {
	const longest = 4096
	if !path.IsAbs(name) || len(name) > longest || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("the host reports %q as a path, which is not an absolute one", s.Cut(name, 200))
	}
	depth := 0
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return fmt.Errorf("the host reports the path %q, which climbs above the root", s.Cut(name, 200))
		}
	}
	return nil
}

// checkMachineID accepts a word. systemd's have 32 hexadecimal digits.
func (s *Report) checkMachineID(id string) error {
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("the host reports %q as its machine id", s.Cut(id, 100))
	}
	return nil
}

// CheckPID accepts the number of a process other than 1 and 0, which kill takes for all.
func CheckPID(pid int) error {
	if pid < 1 || pid > math.MaxInt32 {
		return fmt.Errorf("the host reports %d as the number of a process", pid)
	}
	return nil
}

// largest bounds the numbers of a report, so that sums of them stay numbers: times are
// seconds since 1970.
const largest = 1 << 40
