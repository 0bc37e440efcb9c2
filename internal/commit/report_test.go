package commit

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzReadReport: a host's answer is its own word.
func FuzzReadReport(f *testing.F) {
	f.Add("@answer live\n@left 45\n@watchdog systemd x\n@proof inode\n@before 1 2\n@after 3\n@end\n")
	f.Add("@how changed\n@path /etc/ssh/sshd_config\n@left -9223372036854775808\n@end x")
	f.Fuzz(func(t *testing.T, stdout string) {
		if r, whole := readReport(stdout); whole && !strings.Contains(stdout, "@end") {
			t.Fatalf("%+v is whole", r)
		}
	})
}

// liar answers that the watchdog acts after left.
type liar struct{ left string }

func (l *liar) Run(context.Context, string, string) (stdout, stderr string, exit int, err error) {
	return "@answer live\n@step swap\n@left " + l.left + "\n@watchdog sleeper\n@end\n", "", 0, nil
}

// TestTimeThatAHostClaims: a host that says that its watchdog acts in a year, or did so
// long ago, does not have us wait for that.
func TestTimeThatAHostClaims(t *testing.T) {
	for _, left := range []string{"31536000", strconv.FormatInt(1<<62, 10), "-1", "-9223372036854775808", "soon"} {
		c := change{protocol: standardProtocol, on: &scripted{machine: &liar{left: left}, protocol: standardProtocol}, window: 2 * time.Second, armed: true}
		r, err := c.start(t.Context())
		if err != nil || r.left < 0 || r.left > 2*time.Second {
			t.Errorf("%s: %s left, %v", left, r.left, err)
		}
	}
}
