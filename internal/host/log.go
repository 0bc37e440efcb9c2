package host

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logSubsystem is the subsystem of tflog that this package writes to.
const logSubsystem = "ssh"

// LogContext returns ctx with the log of this package set up, and what LogFields
// masks.
func LogContext(ctx context.Context, m *Masker) context.Context {
	ctx = context.WithValue(ctx, maskerKey{}, m)
	return tflog.NewSubsystem(ctx, logSubsystem, tflog.WithRootFields())
}

type maskerKey struct{}

// LogFields returns fields with their texts masked and spelled out, lists of texts
// as well, which tflog itself would write as they are. Every log line of ours has
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

// LogInfo tells of something that takes a while.
func LogInfo(ctx context.Context, message string, fields map[string]any) {
	tflog.SubsystemInfo(ctx, logSubsystem, message, LogFields(ctx, fields))
}

func LogDebug(ctx context.Context, message string, fields map[string]any) {
	tflog.SubsystemDebug(ctx, logSubsystem, message, LogFields(ctx, fields))
}

func LogWarn(ctx context.Context, message string, fields map[string]any) {
	tflog.SubsystemWarn(ctx, logSubsystem, message, LogFields(ctx, fields))
}
