package main

import (
	"debug/elf"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// changing are the functions and kinds by which a host is changed.
var changing = []string{"Apply", "Remove", "Pruning", "ResolvePending"}

// TestObserverOnlyLooks: internal/observe is the only way from the exporter to hosts, and
// names nothing that changes one.
func TestObserverOnlyLooks(t *testing.T) {
	files, err := filepath.Glob("internal/observe/*.go")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range changesNamed(t, string(text)) {
			t.Errorf("%s names %s", name, found)
		}
	}
	if found := changesNamed(t, "package x\nfunc f() { r.Look(); r.Apply(); x(sockets.Pruning) }"); len(found) != 2 {
		t.Errorf("the search finds %q in a file that names two", found)
	}
}

func changesNamed(t *testing.T, text string) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(changing, s.Sel.Name) {
			found = append(found, s.Sel.Name)
		}
		return true
	})
	return found
}

// TestExporterHasNoCodeThatChangesHosts: the linker leaves out what cannot be reached, and
// of a confirmed commit nothing is left in the exporter. The provider has it.
func TestExporterHasNoCodeThatChangesHosts(t *testing.T) {
	exporter, provider := symbolsOf(t, "./cmd/exporter"), symbolsOf(t, ".")
	for _, name := range []string{"/internal/commit.Run", "/internal/commit.ResolvePending"} {
		if !slices.ContainsFunc(provider, func(s string) bool { return strings.HasSuffix(s, name) }) {
			t.Errorf("the provider has no %s: the search finds nothing", name)
		}
		if slices.ContainsFunc(exporter, func(s string) bool { return strings.HasSuffix(s, name) }) {
			t.Errorf("the exporter has %s", name)
		}
	}
	for _, s := range exporter {
		if strings.Contains(s, "/internal/reconcile.(*Reconciler[") && (strings.HasSuffix(s, ").Apply") || strings.HasSuffix(s, ").Remove")) {
			t.Errorf("the exporter has %s", s)
		}
	}
}

func symbolsOf(t *testing.T, program string) (names []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-o", path, program)
	build.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		names = append(names, s.Name)
	}
	return names
}

// TestProviderLinksNoMetrics: what the exporter needs is not in the provider.
func TestProviderLinksNoMetrics(t *testing.T) {
	for program, want := range map[string]bool{".": false, "./cmd/exporter": true} {
		out, err := exec.Command("go", "list", "-deps", program).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(out), "github.com/prometheus/"); got != want {
			t.Errorf("%s links Prometheus' libraries: %v", program, got)
		}
	}
}
