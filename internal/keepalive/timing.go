package keepalive

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"

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
// comparison there is "now > last + interval", mended in 9.5 by openssh commit
// 9d7193a83. Measured on 9.2: 1 s x 3 closes after 8.0 s, on all others 4.0 s.
func ProbeSpacing(interval int64, v sshconf.Version) int64 {
	if v.AtLeast(9, 2) && !v.AtLeast(9, 5) {
		return 2 * interval
	}
	return interval
}
