package sshserver

import (
	"math"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// FuzzTimingFor: the path sees a probe before it forgets, the client outlasts
// its task, no smaller count would do, and our own warnings find no fault.
func FuzzTimingFor(f *testing.F) {
	f.Add(int64(350), int64(3600), 9, 2)
	f.Add(int64(3), int64(0), 7, 4)
	f.Add(int64(1<<31-1), int64(1<<31-1), 10, 0)
	f.Fuzz(func(t *testing.T, idle, task int64, major, minor int) {
		if idle < 0 || idle >= 1<<31 || task < 0 || task >= 1<<31 {
			t.Skip()
		}
		v := sshconf.Version{Major: major, Minor: minor}
		got, err := keepalive.TimingFor(idle, task, v)
		if err != nil {
			if keepalive.ProbeSpacing(1, v) < idle {
				t.Fatalf("%v, though a probe every %d s is possible", err, keepalive.ProbeSpacing(1, v))
			}
			return
		}
		if spacing := keepalive.ProbeSpacing(got.Interval, v); spacing >= idle || spacing > 2 && spacing > idle/2 {
			t.Errorf("a probe every %d s on a path that forgets after %d s", spacing, idle)
		}
		dead, ok := keepalive.DeadPeerTimeout(got.Interval, got.CountMax, v)
		if !ok || dead != got.DeadPeer || dead <= task || 4*dead < 5*task && got.CountMax < math.MaxInt32 {
			t.Errorf("%+v drops a client after %d s, its task takes %d s", got, dead, task)
		}
		if less, ok := keepalive.DeadPeerTimeout(got.Interval, got.CountMax-1, v); got.CountMax > 1 && ok && 4*less >= 5*task {
			t.Errorf("%+v: a smaller count would do", got)
		}
		at := timing{interval: got.Interval, count: got.CountMax, intervalAt: "client_alive_interval", countAt: "client_alive_count_max"}
		if found := timingWarnings(at, v, Want{IdleLimit: idle, LongestTask: task}); len(found) > 0 && got.CountMax < math.MaxInt32 {
			t.Errorf("%+v, for %d and %d s: the plan would warn: %v", got, idle, task, found)
		}
		if got.Interval >= 1<<31 || got.CountMax >= 1<<31 {
			t.Errorf("%+v: sshd does not take that", got)
		}
	})
}
