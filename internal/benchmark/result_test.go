package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// plan100 is the row that the targets are about.
var plan100 = row{hosts: 100, who: ours, what: planSame, parallel: 10}

// of100 has three samples of a row beside each other, of which one is off.
func (r *results) of100(who, what string, parallel int, wall, cpu time.Duration) {
	for _, off := range []time.Duration{9 * time.Second, 0, -time.Second} {
		m := measured{took: took{wall: wall + off, cpu: cpu}}
		r.add(row{hosts: 100, who: who, what: what, parallel: parallel}, m)
	}
}

func TestVerdict(t *testing.T) {
	var r results
	r.of100(ours, planSame, 10, 10*time.Second, 4*time.Second)
	r.of100(lean, planSame, 10, 4*time.Second, 3*time.Second)
	r.of100(nothing, planSame, 10, time.Second, 7*time.Second/2)
	r.of100(raw, readSame, 10, 6*time.Second, time.Second/2)
	r.of100(ansible, secondRun+", "+defaults, 5, 90*time.Second, 40*time.Second)
	got := r.verdicts()
	want := verdict{plan: plan100, floor: ratio{1, 2, true}, ordinary: ratio{1.5, 1, true}, ansible: ratio{9, 10, true}}
	got[0].bare, got[0].tuned = ratio{}, ratio{} // absent, whatever they divide
	if !slices.Equal(got, []verdict{want}) {
		t.Errorf("verdicts are %+v, and not %+v", got, want)
	}
	page := report{results: &r}.String()
	for _, line := range []string{"| 100 | 0 ms | 10 | 1.50 ✗ | 1.00 ✓ | 1.00 ✓ | 2.00 ✗ | – | – |", "| 100 | 0 ms | 10 | 9.00 ✗ | 10.00 | – | – |"} {
		if !strings.Contains(page, line) {
			t.Errorf("%s\nis missing in\n%s", line, page)
		}
	}
}

func TestChoice(t *testing.T) {
	for args, says := range map[string]string{
		"-hosts 1,x":              `"x" is not valid`,
		"-hosts 0":                `"0" is not valid`,
		"-rtt 5":                  `"5" is not valid`,
		"-rtt -1s":                `"-1s" is not valid`,
		"-contenders ssh,telnet":  `unknown contender "telnet"`,
		"-hosts 2 -contenders no": "choose from sshkeepalive, no-op, x/crypto, ssh, Ansible",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", args, err)
		}
	}
	for args, again := range map[string]string{
		"":                       "make benchmark",
		"-o BENCHMARKS.md":       "make benchmark",
		"-o x -hosts 2 -rtt 1ms": "make benchmark BENCHMARK='-hosts 2 -rtt 1ms'",
	} {
		c, err := parse(strings.Fields(args), io.Discard)
		if err != nil || c.again() != again {
			t.Errorf("%q is repeated by %q, %v", args, c.again(), err)
		}
	}
}
