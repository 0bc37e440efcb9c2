package exporter

import (
	"cmp"
	"fmt"
	"strings"
)

// MetricsTable is the table of the metrics of probes for the documentation, in Markdown.
func MetricsTable() string {
	var b strings.Builder
	b.WriteString("| metric | module | unit | labels | meaning |\n|---|---|---|---|---|\n")
	for _, m := range Metrics() {
		kind := m.Unit
		if m.Counter {
			kind = strings.TrimSpace("counter " + kind)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.FullName(), cmp.Or(m.Module, "all"), kind, strings.Join(m.Labels, ", "), m.Help)
	}
	return b.String()
}
