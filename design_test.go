package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxStops is how many stops a setting makes on its way to the host and back.
const maxStops = 8

// TestStopsOfASetting checks that each function in the table "One setting through the
// house" of DESIGN.md exists in the package that the table names.
func TestStopsOfASetting(t *testing.T) {
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range wrongStops(t, string(text)) {
		t.Error(problem)
	}
}

func TestWrongStopsAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.go":      "package a\n\ntype of[T any] struct{}\n\nfunc Run() {}\n\nfunc (*of[T]) Do() {}\n",
		"a_test.go": "package a\n\nfunc TestRun() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "## One setting through the house\n\n| step | package | functions | what |\n|---|---|---|---|\n"
	stop := func(functions string) string { return "| 1 | `" + dir + "` | " + functions + " | . |\n" }
	for name, c := range map[string]struct{ table, says string }{
		"another name":    {head + stop("`Run`, `Ran`"), "has no function Ran"},
		"another type":    {head + stop("`on.Do`"), "has no function on.Do"},
		"another package": {head + "| 1 | `internal/nowhere` | `Run` | . |\n", "internal/nowhere has no function Run"},
		"a test alone":    {head + stop("`TestRun`"), "has no function TestRun"},
		"no function":     {head + stop(""), "stop 1 names no function"},
		"too many":        {head + strings.Repeat(stop("`Run`"), maxStops+1), "9 stops, and at most 8 are meant"},
		"no table":        {"## Another section\n", "no stops"},
		"right":           {head + stop("`Run`, `of.Do`") + "\n## The next section\n\n| 1 | `internal/x` | `Y` | |\n", ""},
	} {
		if found := strings.Join(wrongStops(t, c.table), "; "); (c.says == "") != (found == "") || !strings.Contains(found, c.says) {
			t.Errorf("%s: found %q, want %q", name, found, c.says)
		}
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// wrongStops returns what is wrong with the table in the text of DESIGN.md.
func wrongStops(t *testing.T, text string) (problems []string) {
	t.Helper()
	_, section, _ := strings.Cut(text, "## One setting through the house\n")
	section, _, _ = strings.Cut(section, "\n## ")
	stops := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !quoted.MatchString(cells[2]) {
			continue
		}
		stops++
		pkg, names := quoted.FindStringSubmatch(cells[2])[1], quoted.FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 {
			problems = append(problems, fmt.Sprintf("stop %d names no function", stops))
		}
		have := functionsOf(t, pkg)
		for _, name := range names {
			if !have[name[1]] {
				problems = append(problems, fmt.Sprintf("%s has no function %s", pkg, name[1]))
			}
		}
	}
	switch {
	case stops == 0:
		problems = append(problems, "no stops")
	case stops > maxStops:
		problems = append(problems, fmt.Sprintf("%d stops, and at most %d are meant", stops, maxStops))
	}
	return problems
}

// functionsOf returns the functions of a package, methods as Type.Method.
func functionsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.FromSlash(pkg), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				found[receiver(f)+f.Name.Name] = true
			}
		}
	}
	return found
}

// receiver is the type of a method with a dot, "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	typ := f.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name + "."
		default:
			return ""
		}
	}
}
