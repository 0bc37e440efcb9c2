package keepalive

import (
	"fmt"
	"strconv"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// shortestIdleLimit stands for a limit that is not declared, in seconds: Azure's load
// balancers forget a connection after 240 s, the NAT gateways and network load
// balancers of AWS after 350 s.
const shortestIdleLimit = 240

// idleLimitText says why probes of this spacing do not keep the path open; "" if they
// do. declared is idle_limit in seconds, 0 for none.
func idleLimitText(spacing, declared int64) string {
	switch {
	case declared == 0 && spacing > shortestIdleLimit:
		return fmt.Sprintf("a probe every %d s does not keep a path open that forgets idle connections sooner: Azure load balancers after 240 s, AWS NAT gateways and network load balancers after 350 s", spacing)
	case declared > 0 && spacing == 0:
		return fmt.Sprintf("no probes are sent, and `idle_limit` says that the path forgets a connection after %d s", declared)
	case declared > 0 && spacing >= declared:
		return fmt.Sprintf("a probe every %d s does not keep the path open: `idle_limit` says that it forgets a connection after %d s", spacing, declared)
	case declared > 0 && !keepsOpen(spacing, declared):
		return fmt.Sprintf("a probe every %d s leaves less than a quarter of `idle_limit`, %d s, for a probe that is late or lost", spacing, declared)
	}
	return ""
}

// timing is the keepalive family of one scope. An attribute is "" where the
// value is inherited or the host's own; a value is -1 where it is not known.
type timing struct {
	interval, count     int64
	intervalAt, countAt string
}

// Warnings explains combinations that are legal and seldom meant.
func Warnings(want Server, have Facts) []Problem {
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
			problems = append(problems, Problem{Code: NoMultiplexing, Warning: true, Attribute: s.Attribute,
				Text: "MaxSessions 1 refuses every second session of a shared connection (ControlMaster)"})
		}
	}
	return problems
}

func inMatch(m Match, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Text = "in Match " + m.Criteria + ": " + problems[i].Text
	}
	return problems
}

// DeadPeer returns what DeadPeerTimeout says of the keepalive values that will
// be in force: the wanted ones, and the host's own where none is wanted.
func DeadPeer(want Server, have Facts) (seconds int64, ok bool) {
	want, _ = want.onHost(have)
	t := timingOf(want.Settings, hostTiming(have))
	if t.interval < 0 || t.count < 0 {
		return 0, false
	}
	return DeadPeerTimeout(t.interval, t.count, have.Version)
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
func timingOf(settings []Setting, outer timing) timing {
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

func timingWarnings(t timing, v sshconf.Version, want Server) []Problem {
	var problems []Problem
	warn := func(code Code, attribute, format string, args ...any) {
		problems = append(problems, Problem{Code: code, Warning: true, Attribute: attribute, Text: fmt.Sprintf(format, args...)})
	}
	if t.countAt != "" && t.count == 0 {
		if v.AtLeast(8, 2) {
			warn(NeverDrops, t.countAt, "ClientAliveCountMax 0 means that OpenSSH %s never drops a dead peer", v)
		} else {
			warn(DropsAtOnce, t.countAt, "ClientAliveCountMax 0 means that OpenSSH %s drops every client after one silent interval, even one that answers", v)
		}
	}
	if t.countAt != "" && t.interval == 0 {
		warn(CountWithout, t.countAt, "ClientAliveCountMax has no effect while ClientAliveInterval is 0")
	}
	if t.intervalAt == "" && t.countAt == "" {
		return problems
	}
	spacing := ProbeSpacing(t.interval, v)
	late := idleLimitText(spacing, want.IdleLimit)
	if t.intervalAt != "" && spacing != t.interval && (want.IdleLimit == 0 || late != "") {
		warn(DoubleInterval, t.intervalAt, "OpenSSH %s probes only every second interval: every %d s instead of %d s", v, spacing, t.interval)
	}
	if t.intervalAt != "" && late != "" {
		warn(IdleLimit, t.intervalAt, "%s", late)
	}
	if t.interval < 0 || t.count < 0 {
		return problems
	}
	task := want.LongestTask
	switch dead, ok := DeadPeerTimeout(t.interval, t.count, v); {
	case ok && dead <= task:
		warn(LongestTask, "longest_task", "a client that answers no probe is dropped after %d s, and `longest_task` is %d s", dead, task)
	case ok && task > 0 && dead < withMargin(task):
		warn(LongestTask, "longest_task", "a client that answers no probe is dropped after %d s, less than `longest_task`, %d s, and a quarter more: load stretches tasks", dead, task)
	}
	return problems
}
