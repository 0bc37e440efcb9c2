package main

import (
	"os"
	"path/filepath"
	"testing"
)

const root = "../.."

// TestDocsAreCurrent needs neither the generator nor a network: the digests were
// written together with the documentation.
func TestDocsAreCurrent(t *testing.T) {
	recorded, err := os.ReadFile(filepath.Join(root, "tools", "docs.sum"))
	if err != nil {
		t.Fatal(err)
	}
	now, err := output(t.Context(), root, true)
	if err != nil {
		t.Fatal(err)
	}
	if now != string(recorded) {
		t.Errorf("docs/ is older than the schema, templates/ or examples/, or was edited by hand: run make generate\nrecorded:\n%snow:\n%s", recorded, now)
	}
}

// TestDigestsCanFail changes one byte of each tree.
func TestDigestsCanFail(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"templates/a", "examples/b", "docs/c", "tools/go.mod"} {
		write(t, filepath.Join(dir, name), "old")
	}
	before, err := digests(dir, []byte("schema"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{before: true}
	for _, name := range []string{"templates/a", "examples/b", "docs/c", "tools/go.mod"} {
		write(t, filepath.Join(dir, name), "new")
		after, err := digests(dir, []byte("schema"))
		if err != nil {
			t.Fatal(err)
		}
		if seen[after] {
			t.Errorf("a change of %s goes unnoticed", name)
		}
		seen[after] = true
	}
	if after, err := digests(dir, []byte("another")); err != nil || seen[after] {
		t.Errorf("a change of the schema goes unnoticed (%v)", err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
