package reconcile

import (
	"errors"
	"testing"
)

// TestNoDecisionAboutWhatCouldNotBeLookedAt: a look that fails after a conflict leaves the
// conflict as the answer. Deciding about the empty facts of such a look panicked.
func TestNoDecisionAboutWhatCouldNotBeLookedAt(t *testing.T) {
	t.Parallel()
	conflict := &ConflictError{}
	tries := 0
	_, outcome, err := retry("seen", func(string) (string, Outcome, error) {
		tries++
		return "seen", Unchanged, conflict
	}, func() (string, error) {
		return "", errors.New("refused")
	}, func(_, _ string) bool {
		t.Error("decided about a look that failed")
		return true
	})
	if tries != 1 || outcome != Unchanged || !errors.Is(err, conflict) {
		t.Errorf("have %d tries, %s, %v", tries, outcome, err)
	}
}
