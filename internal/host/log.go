package host

import (
	"context"

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
