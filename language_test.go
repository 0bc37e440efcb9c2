package main

import (
	"fmt"
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

// avoided are phrases that no error text and no page for users has, with what to write.
var avoided = []struct {
	name   string
	phrase *regexp.Regexp
	now    string
}{
	{"is-no", regexp.MustCompile(`(?i)\b(?:is|are|was|were) no ([a-z]+)`), `"is not a"`},
	{"of-which", regexp.MustCompile(`(?i)\bof which\b`), "two sentences"},
	{"whoever", regexp.MustCompile(`(?i)\bwhoever\b`), "the role: the user, another process"},
	{"nobody", regexp.MustCompile(`(?i)\bnobody\b`), "the role: the user, another process"},
	{"somebody", regexp.MustCompile(`(?i)\bsomebody\b`), "the role: the user, another process"},
	{"afresh", regexp.MustCompile(`(?i)\bafresh\b`), `"again" or "new"`},
	{"anew", regexp.MustCompile(`(?i)\banew\b`), `"again" or "new"`},
	{"for-ever", regexp.MustCompile(`(?i)\bfor ?ever\b`), `"without a limit"`},
	{"in-vain", regexp.MustCompile(`(?i)\bin vain\b`), "what failed"},
	{"what-is-so", regexp.MustCompile(`(?i)\bwhat is so\b`), "the noun"},
	{"in-order", regexp.MustCompile(`(?i)\b(?:is|are|as|not) in order\b`), `"in sync"`},
}

// ordinary are words after "is no" with which it is plain English.
var ordinary = []string{"longer", "more"}

// TestPlainLanguage finds phrases that error texts, warnings and pages for users avoid.
func TestPlainLanguage(t *testing.T) {
	for _, p := range avoidedIn(t, ".") {
		t.Errorf("%s: %s: do not write %q, write %s: %s", p.place, p.name, p.phrase, p.now, p.text)
	}
}

type avoidedUse struct{ name, phrase, now, place, text string }

// codeSpan is program text in a sentence: `AllowUsers nobody` is a line of sshd_config.
var codeSpan = regexp.MustCompile("`[^`]*`|(?s)```.*?```")

func avoidedIn(t *testing.T, root string) (uses []avoidedUse) {
	t.Helper()
	look := func(name string, line int, text string) {
		plain := codeSpan.ReplaceAllString(text, "")
		for _, a := range avoided {
			for _, m := range a.phrase.FindAllStringSubmatch(plain, -1) {
				if len(m) == 1 || !slices.Contains(ordinary, m[1]) {
					uses = append(uses, avoidedUse{a.name, m[0], a.now, fmt.Sprintf("%s:%d", name, line), text})
				}
			}
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		name := filepath.ToSlash(rel)
		switch {
		case d.IsDir():
			if name == ".git" || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		case strings.HasPrefix(name, "internal/") && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			return sentencesIn(path, func(line int, text string) { look(name, line, text) })
		case name != "README.md" && !strings.HasPrefix(name, "docs/") && !strings.HasPrefix(name, "templates/") && !strings.HasPrefix(name, "examples/"):
			return nil
		}
		text, err := os.ReadFile(path)
		for n, line := range strings.Split(codeSpan.ReplaceAllStringFunc(string(text), blankOut), "\n") {
			look(name, n+1, line)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// blankOut keeps the lines of a block of code.
func blankOut(code string) string { return strings.Repeat("\n", strings.Count(code, "\n")) }

// sentencesIn calls do for the string literals of a Go file that have several words.
func sentencesIn(path string, do func(line int, text string)) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if text := literal(l); strings.Contains(text, " ") {
				do(files.Position(l.Pos()).Line, text)
			}
		}
		return true
	})
	return nil
}

// TestAvoidedPhrasesAreFound plants each phrase in an error and in a page.
func TestAvoidedPhrasesAreFound(t *testing.T) {
	for _, text := range []string{"%q is no port", "it is no longer one, it is no port", "the keys of which one", "whoever asked", "Nobody may log in", "somebody changed it", "made afresh", "reads anew", "waits for ever", "waited in vain", "what is so", "is in order"} {
		root := t.TempDir()
		for name, content := range map[string]string{
			"internal/x/x.go": fmt.Sprintf("package x\n\nvar err = errors.New(%q)\n", text), "docs/x.md": "# x\n\n" + text + ".\n",
			"internal/x/x_test.go": fmt.Sprintf("package x\n\nvar err = errors.New(%q)\n", text), "docs/y.md": "`" + text + "`\n\n```\n" + text + "\n```\n",
		} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var places []string
		for _, u := range avoidedIn(t, root) {
			places = append(places, u.place)
		}
		if !slices.Equal(places, []string{"docs/x.md:3", "internal/x/x.go:3"}) {
			t.Errorf("%q was found at %q", text, places)
		}
	}
}
