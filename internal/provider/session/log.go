package session

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// LogDebug is the only way to the log for what speaks Terraform.
func LogDebug(ctx context.Context, message string, fields map[string]any) {
	tflog.Debug(ctx, message, host.LogFields(ctx, fields))
}

// logSpec shows how a host is reached after all layers were merged, and where the
// user wrote what. Of secrets it says only whether there is one.
func logSpec(ctx context.Context, s host.Spec) {
	fields := s.LogFields()
	fields["name"], fields["reached_as"] = s.Name, s.String()
	var hops []string
	for i, hop := range s.Jump {
		hops = append(hops, hop.String())
		for name, value := range hop.LogFields() {
			fields[fmt.Sprintf("jump[%d].%s", i, name)] = value
		}
	}
	fields["jump"] = strings.Join(hops, " ")
	LogDebug(ctx, "connection settings", fields)
}

// sshSubsystem is the subsystem of tflog that the packages below provider write to.
const sshSubsystem = "ssh"

// logContext returns ctx with the log of the packages below provider set up, and what
// they mask.
func logContext(ctx context.Context, m *host.Masker) context.Context {
	ctx = tflog.NewSubsystem(ctx, sshSubsystem, tflog.WithRootFields())
	return host.LogContext(ctx, slog.New(logHandler{}), m)
}

// logHandler forwards lines of log/slog to the tflog of the context that each of them
// is written with, which knows TF_LOG and what Terraform has masked.
type logHandler struct{ attrs []slog.Attr }

// Enabled leaves it to tflog which levels are written.
func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes one line.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	fields := make(map[string]any, r.NumAttrs()+len(h.attrs))
	for _, a := range h.attrs {
		fields[a.Key] = a.Value.Any()
	}
	r.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Any()
		return true
	})
	write := tflog.SubsystemDebug
	switch {
	case r.Level >= slog.LevelError:
		write = tflog.SubsystemError
	case r.Level >= slog.LevelWarn:
		write = tflog.SubsystemWarn
	case r.Level >= slog.LevelInfo:
		write = tflog.SubsystemInfo
	}
	write(ctx, sshSubsystem, r.Message, fields)
	return nil
}

// WithAttrs returns a handler that adds attrs to each line.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{append(slices.Clip(h.attrs), attrs...)}
}

// WithGroup returns h: no line of ours has groups.
func (h logHandler) WithGroup(string) slog.Handler { return h }
