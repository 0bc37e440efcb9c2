package host

import (
	"context"
	"log/slog"
	"maps"
	"slices"
)

// LogContext returns ctx with the log that the packages below write to, and what
// LogFields masks. Without it they write nothing.
func LogContext(ctx context.Context, logger *slog.Logger, m *Masker) context.Context {
	return context.WithValue(context.WithValue(ctx, maskerKey{}, m), loggerKey{}, logger)
}

type (
	maskerKey struct{}
	loggerKey struct{}
)

// LogFields returns fields with their texts masked and spelled out, lists of texts
// as well, which a handler itself would write as they are. Every log line of ours has
// its fields from here.
func LogFields(ctx context.Context, fields map[string]any) map[string]any {
	m, _ := ctx.Value(maskerKey{}).(*Masker)
	clean := make(map[string]any, len(fields))
	for name, value := range fields {
		switch v := value.(type) {
		case string:
			value = Printable(m.Mask(v))
		case []string:
			list := make([]string, len(v))
			for i, text := range v {
				list[i] = Printable(m.Mask(text))
			}
			value = list
		case error:
			value = Printable(m.Mask(v.Error()))
		}
		clean[name] = value
	}
	return clean
}

// LogInfo writes a line about something that takes a while.
func LogInfo(ctx context.Context, message string, fields map[string]any) {
	write(ctx, slog.LevelInfo, message, fields)
}

// LogDebug writes a line for those who look for a cause.
func LogDebug(ctx context.Context, message string, fields map[string]any) {
	write(ctx, slog.LevelDebug, message, fields)
}

// LogWarn writes a line about something that the user may want to change.
func LogWarn(ctx context.Context, message string, fields map[string]any) {
	write(ctx, slog.LevelWarn, message, fields)
}

func write(ctx context.Context, level slog.Level, message string, fields map[string]any) {
	logger, _ := ctx.Value(loggerKey{}).(*slog.Logger)
	if logger == nil || !logger.Enabled(ctx, level) {
		return
	}
	clean := LogFields(ctx, fields)
	attrs := make([]slog.Attr, 0, len(clean))
	for _, name := range slices.Sorted(maps.Keys(clean)) {
		attrs = append(attrs, slog.Any(name, clean[name]))
	}
	logger.LogAttrs(ctx, level, message, attrs...)
}
