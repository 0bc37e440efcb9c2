package system

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// warnings says what the wanted values mean and what they take away.
func warnings(want Want, values map[string]string, have Facts) (problems []keepalive.Problem) {
	warn := func(code keepalive.Code, s keepalive.Setting, format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: code, Warning: true, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	for _, s := range want.Settings {
		switch {
		case s.Keyword == retries:
			n, _ := Unacknowledged(values)
			warn(HostWide, s, "%s %s: the kernel ends any TCP connection of the host whose data stay unacknowledged for about %d s, also one of another program", retries, values[retries], n)
		case IsKernel(s.Keyword) && !slices.ContainsFunc(problems, func(p keepalive.Problem) bool { return strings.Contains(p.Text, "keepalives") }):
			if n, ok := Unanswered(values); ok {
				warn(HostWide, s, "the kernel ends any idle TCP connection of the host with keepalives (sshd's have them) %d s after its peer is gone, also one of another program", n)
			}
		case s.Keyword == kill && values[kill] == "yes" && values[only] != "":
			warn(NoEffect, s, "%s has no effect: %s names %q on this host, and counts alone", kill, only, values[only])
		case s.Keyword == kill && values[kill] == "yes":
			warn(EndsJobs, s, "%s yes: what a login has started ends with the login, jobs under nohup, setsid, tmux and screen included", kill)
		case s.Keyword == exclude && !slices.Contains(strings.Fields(values[exclude]), "root"):
			warn(RootToo, s, "%s does not name root, whom logind spares unless the list is set", exclude)
		}
	}
	if have.Init == "" && !have.Image && slices.ContainsFunc(want.Settings, func(s keepalive.Setting) bool { return IsKernel(s.Keyword) }) {
		problems = append(problems, keepalive.Problem{Code: NotAtBoot, Warning: true, Text: "nothing on this host reads /etc/sysctl.d at boot: the values hold until then"})
	}
	return problems
}

// Unacknowledged returns the seconds after which the kernel ends a connection whose data
// stay unacknowledged, as a session has that writes to a client that is gone. The first
// retransmission comes after 0.2 s (TCP_RTO_MIN) and a round trip, each pause is twice
// the one before, and none is longer than 120 s (TCP_RTO_MAX). tcp_model_timeout of the
// kernel computes the same from 0.2 s: 924.6 s for 15, as Documentation/networking/
// ip-sysctl.rst says, "a lower bound for the effective timeout", because the kernel looks
// when a pause ends. Measured on Linux 6.18 with 5, where it is 12.6 s: see TestLabVanishedClient.
func Unacknowledged(values map[string]string) (seconds int64, ok bool) {
	n, err := strconv.ParseInt(values[retries], 10, 64)
	if err != nil {
		return 0, false
	}
	const first, longest, doublings = 200, 120_000, 9 // in ms; 0.2 s can be doubled 9 times
	ms := (int64(2)<<min(n, doublings)-1)*first + max(0, n-doublings)*longest
	return (ms + 999) / 1000, true
}

// Unanswered returns the seconds after which the kernel ends an idle connection with
// keepalives whose peer is gone: tcp(7).
func Unanswered(values map[string]string) (seconds int64, ok bool) {
	var n [3]int64
	for i, keyword := range []string{idle, interval, probes} {
		var err error
		if n[i], err = strconv.ParseInt(values[keyword], 10, 64); err != nil {
			return 0, false
		}
	}
	return n[0] + n[1]*n[2], true
}
