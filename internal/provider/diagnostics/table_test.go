package diagnostics

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

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// sources parses the Go files below dir that are not tests.
func sources(t *testing.T, dir string) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files = append(files, file)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	return files
}

// constants are the names and values of the constants of a type that dir declares.
func constants(t *testing.T, dir, ofType string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range sources(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			name := ""
			switch of := spec.Type.(type) {
			case *ast.Ident:
				name = of.Name
			case *ast.SelectorExpr:
				name = of.Sel.Name
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && name == ofType {
				found[spec.Names[0].Name] = strings.Trim(lit.Value, `"`)
			}
			return true
		})
	}
	if len(found) == 0 {
		t.Fatalf("%s declares no %s", dir, ofType)
	}
	return found
}

// TestEveryCodeHasARow: whatever the packages below can say has its row, and so do our
// own codes. A new one without a row fails here.
func TestEveryCodeHasARow(t *testing.T) {
	for _, c := range []struct {
		dir, name string
		of        func(string) any
		may       []string // these need no row
	}{
		{"../../keepalive", "Code", func(s string) any { return keepalive.Code(s) }, nil},
		{"../../host", "Kind", func(s string) any { return host.Kind(s) }, nil},
		{"../../host/probe", "CloseReason", func(s string) any { return probe.CloseReason(s) }, nil},
		{"../../host", "RootFailure", func(s string) any { return host.RootFailure(s) }, nil},
		{"../../reconcile", "Reason", func(s string) any { return reconcile.Reason(s) }, nil},
		{"../../commit", "Outcome", func(s string) any { return reconcile.Outcome(s) }, nil},
		{"../../reconcile", "Missing", func(s string) any { return reconcile.Missing(s) }, nil},
		{".", "Code", func(s string) any { return Code(s) }, nil},
	} {
		for name, value := range constants(t, c.dir, c.name) {
			if _, ok := rowOf(c.of(value)); !ok {
				t.Errorf("%s %s has no row in the table", filepath.Base(c.dir), name)
			}
		}
	}
	for _, name := range []string{"gather", "decide", "request", "commit", "prepare", "lock", "compare", "stage", "validate", "arm", "swap", "reload", "load", "confirm", "verify", "disarm"} {
		if titleOf(step(name)) == "" {
			t.Errorf("the step %s has no title", name)
		}
	}
}

// TestRemediesSpeakOfTheirProgram: what is found in files of ssh, or of no OpenSSH at all,
// does not send its reader to sshd and its attributes.
func TestRemediesSpeakOfTheirProgram(t *testing.T) {
	codes := constants(t, "../../keepalive", "Code")
	manual := regexp.MustCompile(`sshd_config\(5\)`)
	for dir, foreign := range map[string]*regexp.Regexp{
		"sshfile":   regexp.MustCompile(`\bsshd\b|_alive_`),
		"sshclient": regexp.MustCompile(`\bsshd\b|\bclient_alive_`),
		"coolify":   regexp.MustCompile(`\bsshd?(_config)?\b|_alive_`),
		"system":    regexp.MustCompile(`\bsshd?(_config)?\b|_alive_`),
	} {
		used := 0
		for _, file := range sources(t, "../../keepalive/"+dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				value, isCode := codes[sel.Sel.Name]
				if from, ok := sel.X.(*ast.Ident); !ok || from.Name != "keepalive" || !isCode || sel.Sel.Name == "InvalidHost" { // which has a twin for ssh
					return true
				}
				used++
				remedy := remedyOf(keepalive.Code(value))
				if foreign.MatchString(manual.ReplaceAllString(remedy, "")) || dir != "sshfile" && dir != "sshclient" && manual.MatchString(remedy) {
					t.Errorf("%s says of %s: %s", dir, sel.Sel.Name, remedy)
				}
				return true
			})
		}
		if used == 0 {
			t.Errorf("%s uses no code of keepalive", dir)
		}
	}
}

// TestEveryRowIsUsed: each code of ours is said somewhere, with a value for each name
// in its texts.
func TestEveryRowIsUsed(t *testing.T) {
	values := constants(t, ".", "Code")
	given := map[string][][]string{}
	for _, file := range sources(t, "..") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for i, arg := range call.Args {
				if sel, ok := arg.(*ast.SelectorExpr); ok {
					arg = sel.Sel
				}
				if id, ok := arg.(*ast.Ident); ok && values[id.Name] != "" {
					given[id.Name] = append(given[id.Name], texts(call.Args[i+1:]))
				}
			}
			return true
		})
	}
	for name, value := range values {
		if len(given[name]) == 0 {
			t.Errorf("nobody says %s", name)
		}
		r, _ := rowOf(Code(value))
		for _, m := range placeholder.FindAllString(r.title+r.body+r.remedy, -1) {
			for _, names := range given[name] {
				if len(names) > 0 && !slices.Contains(names, strings.Trim(m, "{}")) || len(names) == 0 && !indirect[name] {
					t.Errorf("%s is said without %s", name, m)
				}
			}
		}
	}
}

// indirect are said through a function of the file, which fills them.
var indirect = map[string]bool{"ImageNoSSH": true, "ImageNoLogin": true, "NotAbsoluteNorHome": true, "NotAPath": true, "TokenInPath": true}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func texts(args []ast.Expr) []string {
	var found []string
	for _, arg := range args {
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			found = append(found, strings.Trim(lit.Value, `"`))
		}
	}
	return found
}

// TestOneTable: a code has one row, and no other package of the provider writes a
// diagnostic of its own.
func TestOneTable(t *testing.T) {
	seen := map[any]bool{}
	for _, part := range tables {
		for code := range part {
			if seen[code] {
				t.Errorf("%v has two rows", code)
			}
			seen[code] = true
		}
	}
	own := regexp.MustCompile(`\.(AddError|AddWarning|AddAttributeError|AddAttributeWarning)\(|diag\.New\w*Diagnostic\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../diagnostics/") {
			return err
		}
		text, err := os.ReadFile(path)
		if found := own.Find(text); found != nil {
			t.Errorf("%s has %s: say it by a row of the table", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	// unplain is what LANGUAGE.md forbids.
	unplain = regexp.MustCompile(`(?i)\b(is no|are no|of which|whoever|nobody|somebody|anybody|afresh|anew|for ever|for good|in vain|meanwhile)\b`)
	// ownStep are names of the steps of a change, as such.
	ownStep = regexp.MustCompile(`(?i)\b(gather|decide|stage|swap|disarm|the step)\b`)
	quoted  = regexp.MustCompile("`([a-z][a-z0-9_]*)(?: = [^`]*)?`")
)

// notAttributes are what stands in backquotes and is not an attribute: blocks and
// arguments of Terraform, settings of cloud-init.
var notAttributes = map[string]bool{"depends_on": true, "ssh_pwauth": true, "render_ssh_config": true, "true": true, "false": true}

// notNames look like names of attributes.
var notNames = map[string]bool{"known_hosts": true}

// TestTextsFollowTheLanguage: no text has a word that LANGUAGE.md forbids or a step of
// ours; titles name their subject; an attribute in backquotes exists, and an
// attribute that is named stands in backquotes.
func TestTextsFollowTheLanguage(t *testing.T) {
	attributes := documented(t)
	for _, part := range tables {
		for code, r := range part {
			text := r.title + "\n" + r.body + "\n" + r.remedy
			if word := unplain.FindString(text); word != "" {
				t.Errorf("%v says %q: %s", code, word, text)
			}
			if word := ownStep.FindString(text); word != "" {
				t.Errorf("%v says %q: %s", code, word, text)
			}
			for _, m := range quoted.FindAllStringSubmatch(text, -1) {
				if !attributes[m[1]] && !notAttributes[m[1]] {
					t.Errorf("%v names the attribute %s, which does not exist: %s", code, m[1], text)
				}
			}
			for i, outside := range strings.Split(text, "`") {
				for word := range strings.FieldsFuncSeq(outside, func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') }) {
					if i%2 == 0 && strings.Contains(word, "_") && attributes[word] && !notNames[word] {
						t.Errorf("%v names %s without backquotes: %s", code, word, text)
					}
				}
			}
			if _, ours := code.(Code); ours && r.title != "" && r.body+r.remedy == "" {
				t.Errorf("%v has a title only", code)
			}
		}
	}
}

// TestTextsBelowTheProvider: what the packages below say serves another front end too.
func TestTextsBelowTheProvider(t *testing.T) {
	for _, dir := range []string{"../../keepalive", "../../reconcile", "../../host", "../../commit"} {
		for _, file := range sources(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, "Terraform") && !writtenOrDoc.MatchString(lit.Value) {
					t.Errorf("%s: %s", dir, lit.Value)
				}
				return true
			})
		}
	}
}

// writtenOrDoc are lines that are written to files, and the documentation of the
// settings of connections: both are read by users of Terraform only.
var writtenOrDoc = regexp.MustCompile(`^"# |managed by Terraform|[Tt]he machine that runs Terraform|the user who runs Terraform`)

// documented are the attributes in the documentation, which is made from the schemas.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	line := regexp.MustCompile("(?m)^- `([a-z0-9_]+)`")
	cell := regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)`")
	for _, pattern := range []string{"index.md", "resources/*.md", "data-sources/*.md", "guides/ways-in.md"} {
		names, err := filepath.Glob(filepath.Join("../../../docs", pattern))
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, re := range []*regexp.Regexp{line, cell} {
				for _, m := range re.FindAllSubmatch(text, -1) {
					found[string(m[1])] = true
				}
			}
		}
	}
	if !found["host"] || !found["client_alive_interval"] {
		t.Fatalf("the documentation has only %d attributes", len(found))
	}
	return found
}
