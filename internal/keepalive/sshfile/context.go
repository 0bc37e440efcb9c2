package sshfile

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Union returns the elements of a and, behind them, those of b that a does not have.
func Union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// SampleName returns a name that the first positive pattern of a list matches; false if
// there is no such pattern.
func SampleName(patterns string) (string, bool) {
	for p := range strings.SplitSeq(strings.Trim(patterns, `"`), ",") {
		if p != "" && !strings.HasPrefix(p, "!") {
			return strings.NewReplacer("*", "x", "?", "x").Replace(p), true
		}
	}
	return "", false
}

// OrUnset returns the values for a message, "unset" if there are none.
func OrUnset(values []string) string {
	if len(values) == 0 {
		return "unset"
	}
	return strings.Join(values, ", ")
}

// InContext returns " (for CONTEXT)" for a message, "" for the default context.
func InContext(at sshconf.Context) string {
	if at.IsZero() {
		return ""
	}
	return " (for " + keepalive.ContextSpec(at) + ")"
}
