package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTableOfSettingsIsCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, waysPath))
	if err != nil {
		t.Fatal(err)
	}
	now, err := ways(root)
	if err != nil {
		t.Fatal(err)
	}
	if now != string(text) {
		t.Errorf("the table in %s is older than the settings: run make generate", waysPath)
	}
	for _, row := range []string{
		"| `port` | `connection`, `hosts`, `jump`, `ssh` | `SSHKEEPALIVE_PORT` | `22` |", "| `sudo_password` | `connection`, `hosts` | `SSHKEEPALIVE_SUDO_PASSWORD` |  |",
		"| `bastion_host` |", "| `jump` |", "| `host_key` |",
	} {
		if !strings.Contains(now, row) {
			t.Errorf("the table does not have %s", row)
		}
	}
}

func TestTableOfMetricsIsCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, watchingPath))
	if err != nil {
		t.Fatal(err)
	}
	now, err := watching(root)
	if err != nil {
		t.Fatal(err)
	}
	if now != string(text) {
		t.Errorf("the table in %s is older than the metrics: run make generate", watchingPath)
	}
	if row := "| `sshkeepalive_login_host_key_changes_total` | login | counter |  |"; !strings.Contains(now, row) {
		t.Errorf("the table does not have %s", row)
	}
}
