package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
)

// waysPath is the guide that holds the table of connection settings, between these
// marks.
const (
	waysPath = "templates/guides/ways-in.md.tmpl"

	tableBegin = "<!-- The table is generated from the settings: make generate -->\n\n"
	tableEnd   = "\n<!-- end of the table -->"
)

// watchingPath is the guide that holds the table of the exporter's metrics.
const (
	watchingPath = "templates/guides/watching-a-fleet.md.tmpl"
	metricsBegin = "<!-- The table is generated from the metrics: make generate -->\n\n"
)

// ways returns the guide with the table as the settings are now.
func ways(root string) (string, error) {
	return withTable(root, waysPath, tableBegin, connection.SettingsTable())
}

// watching returns the guide with the table as the metrics are now.
func watching(root string) (string, error) {
	return withTable(root, watchingPath, metricsBegin, exporter.MetricsTable())
}

// withTable returns a guide with the table between its marks replaced.
func withTable(root, path, begin, table string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		return "", err
	}
	head, rest, begins := strings.Cut(string(text), begin)
	_, tail, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", fmt.Errorf("%s has no marks for its table", path)
	}
	return head + begin + table + tableEnd + tail, nil
}
