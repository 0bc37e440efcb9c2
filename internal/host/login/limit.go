package login

import (
	"context"
	"sync"
	"time"
)

// limit ends a context after a time that does not run while it is paused: a person
// who is to touch a key takes longer than a server that lives.
type limit struct {
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	since time.Time
	left  time.Duration
}

// newLimit returns a context that ends with ctx, or d later with the cause
// context.DeadlineExceeded.
func newLimit(ctx context.Context, d time.Duration) (context.Context, *limit) {
	l := &limit{left: d, since: time.Now()}
	ctx, l.cancel = context.WithCancelCause(ctx)
	l.timer = time.AfterFunc(d, l.end)
	return ctx, l
}

func (l *limit) end() { l.cancel(context.DeadlineExceeded) }

// pause stops the time, and the function that it returns lets it go on.
func (l *limit) pause() (resume func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	l.left -= time.Since(l.since)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.since = time.Now()
		l.timer = time.AfterFunc(max(l.left, 0), l.end)
	}
}

// release ends the time and the context.
func (l *limit) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	l.cancel(nil)
}
