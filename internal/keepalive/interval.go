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
// A probe goes out after every half of idleLimit. TCP repeats a lost probe after
// pauses that double, so that it passes at the latest twice the length of the
// outage after it was first sent: half of the limit forgives an outage of a
// quarter of it, and a release that probes late.
//
// The count is the smallest that keeps such a client, and at least 1: 0 never
// drops a dead peer since 8.2, and before dropped every client at its first
// silence. Raw Net::SSH answers nothing while it is idle: through a task of 24 s
// 2 s x 3 lost it and 2 s x 50 kept it, on every kind of path.
func TimingFor(idleLimit, longestTask int64, v sshconf.Version) (Timing, error) {
	interval := max(1, idleLimit/2/ProbeSpacing(1, v))
	spacing := ProbeSpacing(interval, v)
	if spacing >= idleLimit {
		return Timing{}, fmt.Errorf("OpenSSH %s probes every %d s at most, which keeps no path open that forgets connections after %d s", v, spacing, idleLimit)
	}
	count := max(1, longestTask/spacing)
	dead, _ := DeadPeerTimeout(interval, count, v)
	return Timing{Interval: interval, CountMax: count, DeadPeer: dead}, nil
}
