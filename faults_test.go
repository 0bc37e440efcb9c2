package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const faultsFile = "internal/faults.txt"

var (
	faultLine    = regexp.MustCompile(`(?m)^([0-9]{2}) \S.*\.$`)
	faultTest    = regexp.MustCompile(`^ {3}(Test\w+)$`)
	faultComment = regexp.MustCompile(`(?m)^Fault ([0-9]{2})\.$`)
)

// TestFaultCatalogue: the catalogue has a sentence and a test for each of its numbers, its
// tests exist, and it has every test of a fault.
func TestFaultCatalogue(t *testing.T) {
	text, err := os.ReadFile(faultsFile)
	if err != nil {
		t.Fatal(err)
	}
	listed := faultsOf(string(text))
	tests := testsOfFaults(t)
	for n := 1; n <= 57; n++ {
		number := string([]byte{byte('0' + n/10), byte('0' + n%10)})
		if len(listed[number]) == 0 {
			t.Errorf("%s has no test of fault %s", faultsFile, number)
		}
	}
	for number, names := range listed {
		for _, name := range names {
			if !slices.Contains(tests[number], name) {
				t.Errorf("%s lists %s at %s: there is no such test, or its comment does not have the line \"Fault %s.\"", faultsFile, name, number, number)
			}
		}
	}
	for number, names := range tests {
		for _, name := range names {
			if !slices.Contains(listed[number], name) {
				t.Errorf("%s is a test of fault %s: list it in %s", name, number, faultsFile)
			}
		}
	}
}

// faultsOf returns the tests by the number of the fault.
func faultsOf(catalogue string) map[string][]string {
	listed := map[string][]string{}
	number := ""
	for line := range strings.Lines(catalogue) {
		line = strings.TrimSuffix(line, "\n")
		if m := faultLine.FindStringSubmatch(line); m != nil {
			number = m[1]
		} else if m := faultTest.FindStringSubmatch(line); m != nil && number != "" {
			listed[number] = append(listed[number], m[1])
		}
	}
	return listed
}

// testsOfFaults returns the tests whose comments name a fault, by its number.
func testsOfFaults(t *testing.T) map[string][]string {
	t.Helper()
	tests := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			for _, m := range faultComment.FindAllStringSubmatch(f.Doc.Text(), -1) {
				tests[m[1]] = append(tests[m[1]], f.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

var namedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")

// TestNamedTestsExist: the documents name tests that there are.
func TestNamedTestsExist(t *testing.T) {
	exists := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for name := range declaredIn(t, path, string(text)) {
			exists[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"SECURITY.md", "DESIGN.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedTest.FindAllStringSubmatch(string(text), -1) {
			if !exists[m[1]] {
				t.Errorf("%s names %s, which does not exist", name, m[1])
			}
		}
	}
}

// TestFaultCatalogueIsRead: what it looks for is found.
func TestFaultCatalogueIsRead(t *testing.T) {
	listed := faultsOf("Text.\n\n01 A name.\n   TestA\n   TestB\n02 A port.\n   TestB\nno test\n")
	if !slices.Equal(listed["01"], []string{"TestA", "TestB"}) || !slices.Equal(listed["02"], []string{"TestB"}) || len(listed) != 2 {
		t.Errorf("read %v", listed)
	}
}
