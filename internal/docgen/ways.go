package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
)

// waysPath is the guide that holds the table of connection settings, between these
// marks.
const (
	waysPath = "templates/guides/ways-in.md.tmpl"

	tableBegin = "<!-- The table is generated from the settings: make generate -->\n\n"
	tableEnd   = "\n<!-- end of the table -->"
)

// ways returns the guide with the table as the settings are now.
func ways(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, waysPath))
	if err != nil {
		return "", err
	}
	head, rest, begins := strings.Cut(string(text), tableBegin)
	_, tail, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", fmt.Errorf("%s has no marks for the table of settings", waysPath)
	}
	return head + tableBegin + connection.SettingsTable() + tableEnd + tail, nil
}
