package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// runners are the only places that start a program on this machine, with what decides
// about its words. What a host reports and what a variable holds is checked there.
var runners = map[string]string{
	"internal/host/login/proxycommand.go": "expandTokens, by CheckToken: TestForeignTextIsNeverPartOfACommandLine",
	"internal/host/exec/local.go":         "scripts for this machine, framed as for any other: quote",
	"internal/userconf/command.go":        "Match exec: Tokens.expand with checkWord: TestWordsOfCommands",
}

// logs are the only files that write to the log: fields are masked there.
var logs = map[string]bool{"internal/host/log.go": true, "internal/provider/session/log.go": true, "internal/exporter/exporter.go": true}

// calls are those of another package in the program itself, tests and their harness
// left out.
func calls(t *testing.T, pkg string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("internal", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, harness := range []string{"internal/hosttest", "internal/benchmark", "internal/docgen", "internal/provider/acceptance"} {
			if strings.HasPrefix(path, harness) {
				return nil
			}
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg && x.Obj == nil {
					found[filepath.ToSlash(path)] = append(found[filepath.ToSlash(path)], s.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestWhereProgramsAreStarted: a new place has to say what checks the words of its
// command line.
func TestWhereProgramsAreStarted(t *testing.T) {
	started := map[string]bool{}
	for file, names := range calls(t, "exec") {
		for _, name := range names {
			started[file] = started[file] || strings.HasPrefix(name, "Command")
		}
		if started[file] && runners[file] == "" {
			t.Errorf("%s starts a program, and the table of runners does not say what checks its words", file)
		}
	}
	for file := range runners {
		if !started[file] {
			t.Errorf("%s starts no program any more", file)
		}
	}
	for _, pkg := range []string{"syscall", "os"} {
		for file, names := range calls(t, pkg) {
			for _, name := range names {
				if name == "Exec" || name == "ForkExec" || name == "StartProcess" {
					t.Errorf("%s calls %s.%s", file, pkg, name)
				}
			}
		}
	}
}

// TestWhereTheLogIsWritten: everything else goes through the functions that mask.
func TestWhereTheLogIsWritten(t *testing.T) {
	for _, pkg := range []string{"tflog", "slog", "log"} {
		for file, names := range calls(t, pkg) {
			if !logs[file] {
				t.Errorf("%s writes to the log past LogFields: %v", file, names)
			}
		}
	}
}
