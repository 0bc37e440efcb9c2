package sshserver

import (
	"fmt"
	"strconv"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// timing is the keepalive family of one scope. An attribute is "" where the
// value is inherited or the host's own; a value is -1 where it is not known.
type timing struct {
	interval, count     int64
	intervalAt, countAt string
}

// Warnings explains combinations that are legal and seldom meant.
func Warnings(want Want, have Facts) []keepalive.Problem {
	outer := timingOf(want.Settings, hostTiming(have))
	problems := timingWarnings(outer, have.Version, want)
	for _, m := range want.Match {
		inner := timingOf(m.Settings, timing{interval: outer.interval, count: outer.count})
		if inner.intervalAt+inner.countAt != "" {
			problems = append(problems, inMatch(m, timingWarnings(inner, have.Version, want))...)
		}
	}
	for _, s := range want.Settings {
		if s.Keyword == "MaxSessions" && len(s.Values) == 1 && s.Values[0] == "1" {
			problems = append(problems, keepalive.Problem{Code: keepalive.NoMultiplexing, Warning: true, Attribute: s.Attribute,
				Text: "MaxSessions 1 refuses every second session of a shared connection (ControlMaster)"})
		}
	}
	return problems
}

func inMatch(m Match, problems []keepalive.Problem) []keepalive.Problem {
	for i := range problems {
		problems[i].Text = "in Match " + m.Criteria + ": " + problems[i].Text
	}
	return problems
}

// DeadPeer returns what DeadPeerTimeout says of the keepalive values that will
// be in force: the wanted ones, and the host's own where none is wanted.
func DeadPeer(want Want, have Facts) (seconds int64, ok bool) {
	want, _ = want.onHost(have)
	t := timingOf(want.Settings, hostTiming(have))
	if t.interval < 0 || t.count < 0 {
		return 0, false
	}
	return keepalive.DeadPeerTimeout(t.interval, t.count, have.Version)
}

func hostTiming(have Facts) timing {
	return timing{interval: hostNumber(have, "ClientAliveInterval"), count: hostNumber(have, "ClientAliveCountMax")}
}

func hostNumber(have Facts, keyword string) int64 {
	values, _ := effective(have, sshconf.Context{}, keyword)
	if len(values) != 1 {
		return -1
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// timingOf reads interval and count from the settings, over those of outer.
func timingOf(settings []keepalive.Setting, outer timing) timing {
	t := outer
	for _, s := range settings {
		if len(s.Values) != 1 {
			continue
		}
		switch s.Keyword {
		case "ClientAliveInterval":
			if n, err := sshconf.ParseTime(s.Values[0]); err == nil {
				t.interval, t.intervalAt = n, s.Attribute
			}
		case "ClientAliveCountMax":
			if n, err := strconv.ParseInt(s.Values[0], 10, 64); err == nil {
				t.count, t.countAt = n, s.Attribute
			}
		}
	}
	return t
}

func timingWarnings(t timing, v sshconf.Version, want Want) []keepalive.Problem {
	var problems []keepalive.Problem
	warn := func(code keepalive.Code, attribute, format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: code, Warning: true, Attribute: attribute, Text: fmt.Sprintf(format, args...)})
	}
	if t.countAt != "" && t.count == 0 {
		if v.AtLeast(8, 2) {
			warn(keepalive.NeverDrops, t.countAt, "ClientAliveCountMax 0 means that OpenSSH %s never drops a dead peer", v)
		} else {
			warn(keepalive.DropsAtOnce, t.countAt, "ClientAliveCountMax 0 means that OpenSSH %s drops every client after one silent interval, even one that answers", v)
		}
	}
	if t.countAt != "" && t.interval == 0 {
		warn(keepalive.CountWithout, t.countAt, "ClientAliveCountMax has no effect while ClientAliveInterval is 0")
	}
	if t.intervalAt == "" && t.countAt == "" {
		return problems
	}
	spacing := keepalive.ProbeSpacing(t.interval, v)
	late := keepalive.IdleLimitText(spacing, want.IdleLimit)
	if t.intervalAt != "" && spacing != t.interval && (want.IdleLimit == 0 || late != "") {
		warn(keepalive.DoubleInterval, t.intervalAt, "OpenSSH %s probes only every second interval: every %d s instead of %d s", v, spacing, t.interval)
	}
	if t.intervalAt != "" && late != "" {
		warn(keepalive.IdleLimit, t.intervalAt, "%s", late)
	}
	if t.interval < 0 || t.count < 0 {
		return problems
	}
	task := want.LongestTask
	switch dead, ok := keepalive.DeadPeerTimeout(t.interval, t.count, v); {
	case ok && dead <= task:
		warn(keepalive.LongestTask, "longest_task", "a client that answers no probe is dropped after %d s, and `longest_task` is %d s", dead, task)
	case ok && task > 0 && dead < keepalive.WithMargin(task):
		warn(keepalive.LongestTask, "longest_task", "a client that answers no probe is dropped after %d s, less than `longest_task`, %d s, and a quarter more: load stretches tasks", dead, task)
	}
	return problems
}
