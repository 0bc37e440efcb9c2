package acceptance

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what has to come. It is long because other tests
// run beside it, on machines of any speed.
const Patience = 5 * time.Minute

// Eventually waits until done, or fails.
func Eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited %s for: %s", Patience, what)
}
