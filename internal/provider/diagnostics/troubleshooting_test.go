package diagnostics

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTitlesInTroubleshooting: each title in the tables of the guide is one that the
// provider gives.
func TestTitlesInTroubleshooting(t *testing.T) {
	page, err := os.ReadFile("../../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]bool{}
	for _, table := range tables {
		for _, r := range table {
			titles[strings.TrimPrefix(r.title, "{host}: ")] = true
		}
	}
	found := regexp.MustCompile(`(?m)^\| \*\*(.*?)\*\* \|`).FindAllStringSubmatch(string(page), -1)
	if len(found) < 20 {
		t.Fatalf("only %d titles in the guide", len(found))
	}
	for _, m := range found {
		if !titles[m[1]] {
			t.Errorf("no diagnostic has the title %q", m[1])
		}
	}
}
