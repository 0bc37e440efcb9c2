package keepalive

import (
	"fmt"
	"slices"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Timing is a pair of keepalive values and the timeout that they give.
type Timing struct {
	Interval int64 // ClientAliveInterval in seconds
	CountMax int64 // ClientAliveCountMax
	DeadPeer int64 // seconds until a peer from which nothing arrives is dropped
}

// TimingFor returns the values for a path that forgets connections after
// idleLimit seconds of silence and for clients that may answer nothing for
// longestTask seconds, while they work elsewhere.
//
// A probe goes out after every half of idleLimit. If a probe is lost, TCP repeats
// it after pauses that double, so that it passes at the latest twice the length of
// the outage after it was first sent: half of the limit allows for an outage of a
// quarter of it, and for a release that probes late.
//
// The count is the smallest that keeps such a client for longestTask and a quarter
// more, and at least 1: 0 never drops a dead peer since 8.2, and before that dropped
// every client at its first silence. Raw Net::SSH answers nothing while it is idle:
// in the lab a task of 24 s lost it with 2 s x 3 and kept it with 2 s x 50, and
// without a margin two of four runs were lost when load stretched a task of 60 s to
// 69 s. SSHKit's pool answers probes every 5 s while it waits, and OpenSSH always.
func TimingFor(idleLimit, longestTask int64, v sshconf.Version) (Timing, error) {
	interval := max(1, idleLimit/2/ProbeSpacing(1, v))
	spacing := ProbeSpacing(interval, v)
	if spacing >= idleLimit {
		return Timing{}, fmt.Errorf("OpenSSH %s probes every %d s at most, which keeps no path open that forgets connections after %d s", v, spacing, idleLimit)
	}
	count := min(max(1, (WithMargin(longestTask)+spacing-1)/spacing-1), maxCount)
	dead, _ := DeadPeerTimeout(interval, count, v)
	return Timing{Interval: interval, CountMax: count, DeadPeer: dead}, nil
}

// maxCount is the largest number that sshd takes.
const maxCount = 1<<31 - 1

// WithMargin returns the length of a task in seconds and a quarter more, rounded up:
// tasks take longer on machines under load.
func WithMargin(task int64) int64 { return task + (task+3)/4 }

// keepsOpen reports whether probes of this spacing keep a path open that forgets
// connections after limit seconds, with a quarter of the limit to spare.
func keepsOpen(spacing, limit int64) bool { return spacing <= limit-limit/4 }

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

// DeadPeerTimeout returns the seconds until an sshd of release v drops a peer
// from which nothing arrives; ok is false when it never does. interval is
// ClientAliveInterval in seconds, countMax is ClientAliveCountMax.
//
// The connection is closed when the count of unanswered probes exceeds countMax,
// so after interval x (countMax+1); sshd_config(5) says interval x countMax.
func DeadPeerTimeout(interval, countMax int64, v sshconf.Version) (seconds int64, ok bool) {
	if interval <= 0 {
		return 0, false
	}
	if countMax == 0 && v.AtLeast(8, 2) {
		return 0, false // openssh commit 69334996a: 0 disables the disconnect
	}
	return ProbeSpacing(interval, v) * (countMax + 1), true
}

// ProbeSpacing returns the seconds between two probes to a silent peer.
//
// sshd 9.2 to 9.4, and so Debian 12, waits twice ClientAliveInterval: the
// comparison there is "now > last + interval", fixed in 9.5 by openssh commit
// 9d7193a83. Measured on 9.2: 1 s x 3 closes after 8.0 s, on all others 4.0 s.
func ProbeSpacing(interval int64, v sshconf.Version) int64 {
	if v.AtLeast(9, 2) && !v.AtLeast(9, 5) {
		return 2 * interval
	}
	return interval
}

// shortestIdleLimit stands for a limit that is not declared, in seconds: Azure's load
// balancers forget a connection after 240 s, the NAT gateways and network load
// balancers of AWS after 350 s.
const shortestIdleLimit = 240

// IdleLimitText says why probes of this spacing do not keep the path open; "" if they
// do. declared is idle_limit in seconds, 0 for none.
func IdleLimitText(spacing, declared int64) string {
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

// ParseDuration reads OpenSSH's time formats and, for what they cannot say, Go's:
// "10", "1d", "500ms".
func ParseDuration(text string) (time.Duration, error) {
	seconds, err := sshconf.ParseTime(text)
	if err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	if d, goErr := time.ParseDuration(text); goErr == nil && d >= 0 {
		return d, nil
	}
	return 0, err
}
