package commit

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// report is the answer of a script.
type report struct {
	answer  string // live, applied, rolledback, failed, busy, stuck, unclear
	step    string
	holder  string        // of the lock
	clash   error         // *ConflictError or *ExposedError
	again   bool          // asked before, and the answer was lost
	left    time.Duration // until the watchdog acts
	pending Pending
	stderr  string
}

// scripted carries out phases by running scripts.
type scripted struct {
	machine  Machine
	req      Request
	protocol protocol
}

func (s *scripted) perform(ctx context.Context, p phase) (report, error) {
	stdout, stderr, exit, err := s.machine.Run(ctx, string(p), s.protocol.program(s.req, p))
	if err != nil {
		return report{}, err
	}
	r, ok := readReport(stdout)
	if !ok {
		return report{}, fmt.Errorf("the script ended with exit status %d and without an answer: %q", exit, stderr)
	}
	if r.step == string(validate) {
		stderr = strings.ReplaceAll(stderr, s.req.StageDir+"/", "/")
	}
	r.stderr = strings.TrimSpace(stderr)
	return r, nil
}

// readReport reads lines "@word value", which end in "@end".
func readReport(stdout string) (report, bool) {
	said := make(map[string]string)
	for line := range strings.Lines(stdout) {
		if rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "@"); ok {
			word, value, _ := strings.Cut(rest, " ")
			said[word] = value
		}
	}
	_, whole := said["end"]
	left, _ := strconv.Atoi(said["left"])
	watchdog, _, _ := strings.Cut(said["watchdog"], " ")
	r := report{
		answer: said["answer"],
		step:   said["step"],
		holder: said["holder"],
		left:   time.Duration(left) * time.Second,
		pending: Pending{
			Watchdog: watchdog,
			Boot:     said["boot"],
			Proof:    said["proof"],
			Before:   strings.Fields(said["before"]),
			After:    strings.Fields(said["after"]),
		},
	}
	switch how := said["how"]; how {
	case "":
	case "taken", "link":
		e := ExposedAt(said["exposed"])
		e.Path, e.Link, e.Owner = said["path"], how == "link", cmp.Or(said["whose"], e.UID)
		r.clash = &e
	default:
		r.clash = &ConflictError{Path: said["path"], How: how}
	}
	return r, whole
}
