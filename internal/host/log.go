package host

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logSubsystem is the subsystem of tflog that this package writes to.
const logSubsystem = "ssh"

// LogContext returns ctx with the log of this package set up. A subsystem does
// not inherit the masks of the root logger, so every secret is named here too,
// although none is ever logged.
func LogContext(ctx context.Context, secrets ...string) context.Context {
	ctx = tflog.NewSubsystem(ctx, logSubsystem, tflog.WithRootFields())
	if len(secrets) == 0 {
		return ctx
	}
	ctx = tflog.SubsystemMaskAllFieldValuesStrings(ctx, logSubsystem, secrets...)
	return tflog.SubsystemMaskMessageStrings(ctx, logSubsystem, secrets...)
}

func logConnected(ctx context.Context, c *conn, attempts int, took time.Duration) {
	tflog.SubsystemDebug(ctx, logSubsystem, "connected", map[string]any{
		"host": c.spec.label(), "server": c.identity.ServerVersion, "host_key": c.identity.HostKeySHA256,
		"attempts": attempts, "ms": took.Milliseconds(),
	})
}

func logFailure(ctx context.Context, s Spec, e *Error) {
	tflog.SubsystemDebug(ctx, logSubsystem, "attempt failed", map[string]any{
		"host": s.label(), "attempt": e.Attempts, "kind": string(e.Kind), "phase": string(e.Phase),
		"error": e.Err.Error(), "ms": e.Elapsed.Milliseconds(),
	})
}
