package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestArrowsCanFail plants a forbidden import of each sort and expects it named
// with file and line.
func TestArrowsCanFail(t *testing.T) {
	for _, plant := range []struct{ name, dir, imports, want string }{
		{"I/O in a pure package", "internal/keepalive", `"os"`, "internal/keepalive must not import os"},
		{"an arrow that points up", "internal/host", `"` + module + `/internal/provider"`, "must not import " + module + "/internal/provider"},
		{"Terraform outside provider", "internal/reconcile", `"github.com/hashicorp/terraform-plugin-framework/types"`, "must not import github.com/hashicorp"},
		{"a test harness in the program", "internal/provider", `"` + module + `/internal/hosttest"`, "internal/hosttest"},
		{"an unlisted package", "internal/util", `"fmt"`, "no line in the table of arrows"},
	} {
		t.Run(plant.name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, plant.dir)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			src := "package x\n\nimport _ " + plant.imports + "\n"
			if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(src), 0o644); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(strayImports(t, root), "\n")
			if !strings.Contains(got, plant.want) {
				t.Errorf("planted import was not caught: got %q, want %q", got, plant.want)
			}
		})
	}
}

// TestWordsOfTerraformAreFound plants each of them in a decision.
func TestWordsOfTerraformAreFound(t *testing.T) {
	for _, line := range []string{`const x = "managed by Terraform"`, "func readHCL() {}\n\nvar hcl = 1", "const x = `sshkeepalive_server`", "type tfsdkModel struct{}"} {
		root := t.TempDir()
		dir := filepath.Join(root, "internal/keepalive/sshserver")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		src := "// Package x knows no Terraform.\npackage x\n\n" + line + "\n"
		if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		if found := wordsOfTerraform(t, root); len(found) != 1 || !strings.Contains(found[0], "x.go:4") && !strings.Contains(found[0], "x.go:6") {
			t.Errorf("%s: found %q", line, found)
		}
	}
}
