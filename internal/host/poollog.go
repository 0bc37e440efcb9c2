package host

import (
	"context"
	"time"
)

func logConnected(ctx context.Context, c *sharedConn, attempts int, took time.Duration) {
	logDebug(ctx, "connected", map[string]any{
		"host": c.spec.label(), "server": c.identity.ServerVersion, "host_key": c.identity.HostKeySHA256,
		"attempts": attempts, "ms": took.Milliseconds(),
	})
}

func logFailure(ctx context.Context, s Spec, e *Error) {
	logDebug(ctx, "attempt failed", map[string]any{
		"host": s.label(), "attempt": e.Attempts, "kind": string(e.Kind), "phase": string(e.Phase),
		"error": e.what(), "ms": e.Elapsed.Milliseconds(),
	})
}

func logSkipped(ctx context.Context, s Spec, what string) {
	logWarn(ctx, "passed over in known hosts", map[string]any{"host": s.label(), "what": what})
}
