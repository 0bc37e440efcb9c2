package pool

import (
	"context"
	"io"
	"sync"
	"time"
)

func copyAll(to io.Writer, from io.Reader) { _, _ = io.Copy(to, from) }

// pipe copies both ways until both sides are at their end.
func pipe(a, b io.ReadWriteCloser) {
	var wg sync.WaitGroup
	wg.Go(func() { copyAll(a, b); _ = a.Close() })
	wg.Go(func() { copyAll(b, a); _ = b.Close() })
	wg.Wait()
}

func contextFor(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}
