package sshfile

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func Union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func SampleName(patterns string) (string, bool) {
	for p := range strings.SplitSeq(strings.Trim(patterns, `"`), ",") {
		if p != "" && !strings.HasPrefix(p, "!") {
			return strings.NewReplacer("*", "x", "?", "x").Replace(p), true
		}
	}
	return "", false
}

func OrUnset(values []string) string {
	if len(values) == 0 {
		return "unset"
	}
	return strings.Join(values, ", ")
}

func InContext(at sshconf.Context) string {
	if at.IsZero() {
		return ""
	}
	return " (for " + keepalive.ContextSpec(at) + ")"
}
