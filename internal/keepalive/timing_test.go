package keepalive

import (
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The times are those measured on the wire.
func TestDeadPeerTimeout(t *testing.T) {
	for _, c := range []struct {
		release         string
		interval, count int64
		seconds         int64
		drops           bool
	}{
		{"7.4", 1, 3, 4, true}, {"8.4", 1, 3, 4, true}, {"8.7", 2, 1, 4, true}, {"9.1", 1, 3, 4, true},
		{"9.2", 1, 3, 8, true}, {"9.2", 2, 2, 12, true}, {"9.4", 4, 2, 24, true}, {"9.5", 4, 2, 12, true}, {"10.0", 1, 3, 4, true},
		{"8.1", 1, 0, 1, true}, {"8.2", 1, 0, 0, false}, {"10.0", 60, 0, 0, false}, {"9.2", 0, 3, 0, false},
	} {
		v, err := sshconf.ParseVersion(c.release)
		if err != nil {
			t.Fatal(err)
		}
		if s, drops := DeadPeerTimeout(c.interval, c.count, v); s != c.seconds || drops != c.drops {
			t.Errorf("%s: %d s x %d: %d %v, want %d %v", c.release, c.interval, c.count, s, drops, c.seconds, c.drops)
		}
	}
}

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

func TestMeasuredSpacing(t *testing.T) {
	for name, c := range map[string]struct {
		seen []time.Duration
		want time.Duration
	}{
		"nothing":      {nil, 0},
		"one":          {[]time.Duration{5 * time.Second}, 0},
		"two":          {[]time.Duration{5 * time.Second, 7 * time.Second}, 2 * time.Second},
		"an even pair": {[]time.Duration{0, 2 * time.Second, 5 * time.Second}, 2500 * time.Millisecond},
		"one was late": {[]time.Duration{60, 120, 195, 240, 300}, 60},
	} {
		got, ok := MeasuredSpacing(c.seen)
		if got != c.want || ok != (len(c.seen) > 1) {
			t.Errorf("%s: %v, %v, not %v", name, got, ok, c.want)
		}
	}
}

// FuzzMeasuredSpacing: probes at a steady pace have that spacing, though any one
// of them came late.
func FuzzMeasuredSpacing(f *testing.F) {
	f.Add(uint8(6), uint8(3), int64(time.Minute), int64(time.Second), int64(30*time.Second))
	f.Fuzz(func(t *testing.T, n, which uint8, pace, first, late int64) {
		if n < 6 || pace <= 0 || pace > int64(time.Hour) || first < 0 || first > int64(time.Hour) || late < 0 || late >= pace {
			t.Skip()
		}
		seen := make([]time.Duration, n)
		for i := range seen {
			seen[i] = time.Duration(first + int64(i)*pace)
		}
		seen[which%n] += time.Duration(late)
		if got, ok := MeasuredSpacing(seen); !ok || got != time.Duration(pace) {
			t.Errorf("%v, %v at a pace of %v", got, ok, time.Duration(pace))
		}
	})
}
