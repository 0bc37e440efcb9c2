package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBaselinesGuideIsCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, baselinesPath))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != baselines() {
		t.Errorf("%s is older than the data: run make generate", baselinesPath)
	}
	for _, word := range []string{"## pci-dss", "| ClientAliveInterval | `600` |", "RHEL-09-255100", "Not set by the profile", "| Banner | cis: `/etc/issue.net`<br>dev-sec: `none`"} {
		if !strings.Contains(string(text), word) {
			t.Errorf("the guide does not say %q", word)
		}
	}
}
