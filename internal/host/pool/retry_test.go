package pool

import (
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// TestSilentHostCostsAtMostTwelveSeconds, whatever up to its default connect_timeout is.
func TestSilentHostCostsAtMostTwelveSeconds(t *testing.T) {
	silent := &host.Error{Kind: host.Unreachable, Phase: host.PhaseTCP}
	for timeout := time.Second; timeout <= 10*time.Second; timeout += 500 * time.Millisecond {
		for range 50 { // the pauses are random
			var elapsed time.Duration
			n := 0
			for again := true; again; {
				n++
				elapsed += timeout
				var pause time.Duration
				if pause, again = defaultRetryPolicy.next(n, silent, elapsed, 0); again {
					elapsed += pause
				}
			}
			if elapsed > 12*time.Second || timeout <= 2*time.Second && n != 3 {
				t.Fatalf("connect_timeout of %s: %d attempts in %s", timeout, n, elapsed)
			}
		}
	}
	busy := &host.Error{Kind: host.Unreachable, Phase: host.PhaseIdent}
	if _, again := defaultRetryPolicy.next(1, busy, 10*time.Second, 0); !again {
		t.Error("a host that accepted the connection and was slow is not tried again")
	}
}
