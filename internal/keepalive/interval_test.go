package keepalive

import (
	"math"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func TestTimingFor(t *testing.T) {
	for name, c := range map[string]struct {
		idle, task int64
		v          sshconf.Version
		want       Timing
	}{
		"an AWS NAT gateway":             {350, 0, sshconf.Version{Major: 9, Minor: 6}, Timing{175, 1, 350}},
		"an Azure load balancer":         {240, 0, sshconf.Version{Major: 10, Minor: 0}, Timing{120, 1, 240}},
		"Debian 12 probes half as often": {240, 0, sshconf.Version{Major: 9, Minor: 2}, Timing{60, 1, 240}},
		"a long build elsewhere":         {350, 3600, sshconf.Version{Major: 8, Minor: 4}, Timing{175, 25, 4550}},
		"a task with just its margin":    {20, 40, sshconf.Version{Major: 9, Minor: 9}, Timing{10, 4, 50}},
		"the same on Debian 12":          {20, 40, sshconf.Version{Major: 9, Minor: 4}, Timing{5, 4, 50}},
		"before 8.2":                     {60, 0, sshconf.Version{Major: 7, Minor: 4}, Timing{30, 1, 60}},
		"the shortest path":              {2, 5, sshconf.Version{Major: 9, Minor: 5}, Timing{1, 6, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := TimingFor(c.idle, c.task, c.v)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestTimingForAPathThatNothingKeepsOpen(t *testing.T) {
	for idle, v := range map[int64]sshconf.Version{0: {Major: 9, Minor: 9}, 1: {Major: 9, Minor: 9}, 2: {Major: 9, Minor: 2}} {
		if got, err := TimingFor(idle, 0, v); err == nil {
			t.Errorf("%d s on %s: got %+v", idle, v, got)
		}
	}
}

// TestTimingKeepsWhatWasMeasured repeats the arithmetic of the lab: raw Net::SSH,
// silent for 24 s.
func TestTimingKeepsWhatWasMeasured(t *testing.T) {
	v := sshconf.Version{Major: 9, Minor: 6}
	for count, kept := range map[int64]bool{3: false, 50: true} {
		if dead, ok := DeadPeerTimeout(2, count, v); !ok || (dead > 24) != kept {
			t.Errorf("2 s x %d: dropped after %d s, kept in the lab: %v", count, dead, kept)
		}
	}
	got, err := TimingFor(5, 24, v)
	if err != nil || got.Interval != 2 || got.CountMax != 14 || got.DeadPeer != 30 {
		t.Errorf("got %+v, %v", got, err)
	}
}

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
		got, err := TimingFor(idle, task, v)
		if err != nil {
			if ProbeSpacing(1, v) < idle {
				t.Fatalf("%v, though a probe every %d s is possible", err, ProbeSpacing(1, v))
			}
			return
		}
		if spacing := ProbeSpacing(got.Interval, v); spacing >= idle || spacing > 2 && spacing > idle/2 {
			t.Errorf("a probe every %d s on a path that forgets after %d s", spacing, idle)
		}
		dead, ok := DeadPeerTimeout(got.Interval, got.CountMax, v)
		if !ok || dead != got.DeadPeer || dead <= task || 4*dead < 5*task && got.CountMax < math.MaxInt32 {
			t.Errorf("%+v drops a client after %d s, its task takes %d s", got, dead, task)
		}
		if less, ok := DeadPeerTimeout(got.Interval, got.CountMax-1, v); got.CountMax > 1 && ok && 4*less >= 5*task {
			t.Errorf("%+v: a smaller count would do", got)
		}
		at := timing{interval: got.Interval, count: got.CountMax, intervalAt: "client_alive_interval", countAt: "client_alive_count_max"}
		if found := timingWarnings(at, v, Server{IdleLimit: idle, LongestTask: task}); len(found) > 0 && got.CountMax < math.MaxInt32 {
			t.Errorf("%+v, for %d and %d s: the plan would warn: %v", got, idle, task, found)
		}
		if got.Interval >= 1<<31 || got.CountMax >= 1<<31 {
			t.Errorf("%+v: sshd does not take that", got)
		}
	})
}
