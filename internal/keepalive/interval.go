package keepalive

import (
	"fmt"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Timing is a pair of keepalive values and what they come to.
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
// the outage after it was first sent: half of the limit forgives an outage of a
// quarter of it, and a release that probes late.
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
	count := min(max(1, (withMargin(longestTask)+spacing-1)/spacing-1), maxCount)
	dead, _ := DeadPeerTimeout(interval, count, v)
	return Timing{Interval: interval, CountMax: count, DeadPeer: dead}, nil
}

// maxCount is the largest number that sshd takes.
const maxCount = 1<<31 - 1

// withMargin is a task of so many seconds and a quarter more, rounded up: machines
// under load stretch what their users declare.
func withMargin(task int64) int64 { return task + (task+3)/4 }

// keepsOpen reports whether probes of this spacing keep a path open that forgets
// connections after limit seconds, with a quarter of the limit to spare.
func keepsOpen(spacing, limit int64) bool { return spacing <= limit-limit/4 }
