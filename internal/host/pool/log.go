package pool

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

func logConnected(ctx context.Context, c *sharedConn, attempts int, took time.Duration) {
	host.LogDebug(ctx, "connected", map[string]any{
		"host": c.Spec.Label(), "server": c.Identity.ServerVersion, "host_key": c.Identity.HostKeySHA256,
		"attempts": attempts, "ms": took.Milliseconds(),
	})
}

func logFailure(ctx context.Context, s host.Spec, e *host.Error) {
	host.LogDebug(ctx, "attempt failed", map[string]any{
		"host": s.Label(), "attempt": e.Attempts, "kind": string(e.Kind), "phase": string(e.Phase),
		"error": e.Summary(), "ms": e.Elapsed.Milliseconds(),
	})
}

func logSkipped(ctx context.Context, s host.Spec, what string) {
	host.LogWarn(ctx, "passed over in known hosts", map[string]any{"host": s.Label(), "what": what})
}
