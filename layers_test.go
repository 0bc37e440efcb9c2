package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sshkeepalive/terraform-provider-sshkeepalive"

// arrows lists, for each package of the house, what it may import besides the
// standard library: packages of ours by their short name, others by a prefix of
// their path. Its pure packages must not do I/O themselves either, see pure.
var arrows = map[string][]string{
	".":                                  {"internal/provider", "github.com/hashicorp/terraform-plugin-framework/providerserver"},
	"internal/sshconf":                   {},
	"internal/dotenv":                    {},
	"internal/dotenv/dotenvtest":         {},
	"internal/confdir":                   {"internal/sshconf"},
	"internal/marks":                     {},
	"internal/keepalive":                 {"internal/marks", "internal/sshconf", "internal/dotenv"},
	"internal/keepalive/sshfile":         {"internal/keepalive", "internal/marks", "internal/sshconf"},
	"internal/keepalive/criteria":        {"internal/keepalive/sshfile", "internal/sshconf"},
	"internal/keepalive/sshserver":       {"internal/keepalive", "internal/marks", "internal/keepalive/criteria", "internal/keepalive/sshfile", "internal/keepalive/baseline", "internal/sshconf"},
	"internal/keepalive/sshclient":       {"internal/keepalive", "internal/marks", "internal/keepalive/sshfile", "internal/sshconf"},
	"internal/keepalive/coolify":         {"internal/keepalive", "internal/dotenv", "internal/sshconf"},
	"internal/keepalive/system":          {"internal/keepalive", "internal/marks", "internal/confdir", "internal/sshconf"},
	"internal/keepalive/sshsession":      {"internal/keepalive", "internal/sshconf"},
	"internal/keepalive/plantest":        {"internal/keepalive", "internal/keepalive/sshfile", "internal/hosttest", "internal/sshconf", "github.com/google/go-cmp/", "github.com/rogpeppe/go-internal/"},
	"internal/keepalive/audit":           {"internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/baseline", "internal/sshconf"},
	"internal/keepalive/baseline":        {"internal/sshconf"},
	"internal/commit":                    {},
	"internal/host":                      {"internal/host/knownhosts"},
	"internal/host/knownhosts":           {"golang.org/x/crypto/"},
	"internal/host/process":              {},
	"internal/host/hostkey":              {"internal/host", "internal/host/knownhosts", "golang.org/x/crypto/"},
	"internal/host/conn":                 {"internal/host", "internal/host/knownhosts", "golang.org/x/crypto/"},
	"internal/host/login":                {"internal/host", "internal/host/conn", "internal/host/hostkey", "internal/host/knownhosts", "internal/host/process", "golang.org/x/crypto/"},
	"internal/host/exec":                 {"internal/host", "internal/host/conn", "internal/host/process", "golang.org/x/crypto/"},
	"internal/host/probe":                {"internal/host", "internal/host/conn", "golang.org/x/crypto/"},
	"internal/host/pool":                 {"internal/host", "internal/host/conn", "internal/host/exec", "internal/host/hostkey", "internal/host/login", "internal/host/probe"},
	"internal/host/sshtest":              {"golang.org/x/crypto/"},
	"internal/userconf":                  {"internal/sshconf", "internal/host"},
	"internal/reconcile":                 {"internal/reconcile/shell", "internal/sshconf", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/coolify", "internal/commit", "internal/host", "internal/host/probe"},
	"internal/reconcile/shell":           {"internal/commit", "internal/host"},
	"internal/reconcile/shell/shelltest": {},
	"internal/reconcile/account":         {"internal/reconcile", "internal/reconcile/shell", "internal/commit", "internal/host"},
	"internal/reconcile/server":          {"internal/reconcile", "internal/reconcile/shell", "internal/keepalive", "internal/keepalive/sshserver", "internal/sshconf", "internal/commit", "internal/host"},
	"internal/reconcile/client":          {"internal/reconcile", "internal/reconcile/shell", "internal/reconcile/account", "internal/keepalive", "internal/keepalive/sshclient", "internal/sshconf", "internal/commit", "internal/host"},
	"internal/reconcile/envfile":         {"internal/reconcile", "internal/reconcile/shell", "internal/keepalive", "internal/keepalive/coolify", "internal/commit", "internal/host"},
	"internal/reconcile/system":          {"internal/reconcile", "internal/reconcile/shell", "internal/keepalive", "internal/keepalive/system", "internal/commit", "internal/host"},
	"internal/reconcile/container":       {"internal/reconcile", "internal/reconcile/shell", "internal/reconcile/envfile", "internal/keepalive", "internal/keepalive/coolify", "internal/host"},
	"internal/reconcile/sockets":         {"internal/reconcile", "internal/reconcile/shell", "internal/reconcile/account", "internal/keepalive/sshclient", "internal/commit", "internal/host"},
	"internal/reconcile/sessions":        {"internal/reconcile", "internal/reconcile/shell", "internal/reconcile/server", "internal/keepalive/sshsession", "internal/sshconf", "internal/host"},
	"internal/observe": {
		"internal/reconcile", "internal/reconcile/server", "internal/reconcile/client", "internal/reconcile/envfile", "internal/reconcile/container", "internal/reconcile/sockets", "internal/reconcile/sessions",
		"internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/sshsession", "internal/keepalive/coolify", "internal/host", "internal/host/pool", "internal/host/probe",
	},
	"internal/exporter/config": {
		"internal/host", "internal/userconf", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/coolify", "internal/keepalive/baseline", "internal/sshconf",
		"go.yaml.in/yaml/v3",
	},
	"internal/exporter": {
		"internal/exporter/config", "internal/observe", "internal/host", "internal/host/probe", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/sshsession", "internal/keepalive/coolify", "internal/keepalive/audit", "internal/sshconf",
		"github.com/prometheus/client_golang/",
	},
	"cmd/exporter": {"internal/exporter", "internal/exporter/config", "internal/observe", "github.com/prometheus/", "github.com/alecthomas/kingpin/"},
	"internal/provider": {
		"internal/provider/actions", "internal/provider/resources", "internal/provider/datasources", "internal/provider/session", "internal/provider/connection", "internal/provider/attribute", "internal/provider/diagnostics", "internal/provider/functions", "internal/provider/protocol",
		"internal/host", "internal/host/pool",
		"github.com/hashicorp/terraform-plugin-framework", "github.com/hashicorp/terraform-plugin-go/",
	},
	"internal/provider/acceptance":           {"internal/hosttest", "internal/host/sshtest", "internal/keepalive/coolify", "golang.org/x/crypto/"},
	"internal/provider/acceptance/examples":  {},
	"internal/provider/acceptance/failures":  {},
	"internal/provider/acceptance/ownership": {},
	"internal/provider/acceptance/plans":     {},
	"internal/provider/acceptance/resources": {},
	"internal/provider/resources": {
		"internal/provider/session", "internal/provider/connection", "internal/provider/attribute", "internal/provider/diagnostics", "internal/provider/spelling",
		"internal/reconcile", "internal/reconcile/server", "internal/reconcile/client", "internal/reconcile/envfile", "internal/reconcile/system", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/coolify", "internal/keepalive/system", "internal/keepalive/baseline", "internal/host", "internal/sshconf",
		"github.com/hashicorp/terraform-plugin-framework",
	},
	"internal/provider/actions": {
		"internal/provider/resources", "internal/provider/session", "internal/provider/connection", "internal/provider/attribute", "internal/provider/diagnostics",
		"internal/reconcile", "internal/keepalive", "internal/keepalive/sshserver",
		"github.com/hashicorp/terraform-plugin-framework",
	},
	"internal/provider/datasources": {
		"internal/provider/session", "internal/provider/connection", "internal/provider/attribute", "internal/provider/diagnostics",
		"internal/reconcile", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/sshsession", "internal/keepalive/coolify", "internal/keepalive/audit", "internal/keepalive/baseline", "internal/host", "internal/host/probe",
		"github.com/hashicorp/terraform-plugin-framework",
	},
	"internal/provider/session": {
		"internal/provider/connection", "internal/provider/attribute", "internal/provider/diagnostics", "internal/provider/spelling",
		"internal/reconcile", "internal/reconcile/server", "internal/reconcile/client", "internal/reconcile/envfile", "internal/reconcile/system", "internal/reconcile/sockets", "internal/reconcile/sessions", "internal/reconcile/container", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/coolify", "internal/keepalive/system", "internal/keepalive/sshsession", "internal/host", "internal/host/probe", "internal/userconf",
		"github.com/hashicorp/terraform-plugin-framework", "github.com/hashicorp/terraform-plugin-log/",
	},
	"internal/provider/diagnostics":      {"internal/provider/spelling", "internal/reconcile", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/keepalive/coolify", "internal/keepalive/system", "internal/keepalive/baseline", "internal/host", "internal/host/knownhosts", "internal/host/probe", "github.com/hashicorp/terraform-plugin-framework"},
	"internal/provider/attribute":        {"internal/provider/diagnostics", "internal/provider/spelling", "internal/reconcile", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/sshconf", "github.com/hashicorp/terraform-plugin-framework", "github.com/hashicorp/terraform-plugin-go/"},
	"internal/provider/connection":       {"internal/provider/attribute", "internal/keepalive", "internal/host", "github.com/hashicorp/terraform-plugin-framework"},
	"internal/provider/spelling":         {},
	"internal/provider/protocol":         {"internal/host", "github.com/hashicorp/terraform-plugin-go/"},
	"internal/provider/functions":        {"internal/provider/spelling", "internal/keepalive", "internal/keepalive/sshserver", "internal/keepalive/sshclient", "internal/sshconf", "github.com/hashicorp/terraform-plugin-framework"},
	"internal/hosttest":                  {"golang.org/x/crypto/", "github.com/rogpeppe/go-internal/"},
	"internal/hosttest/lab":              {"internal/hosttest", "golang.org/x/crypto/"},
	"internal/hosttest/preflight":        {"internal/hosttest"},
	"internal/stories":                   {"internal/hosttest", "internal/hosttest/lab"},
	"demo":                               {"internal/hosttest"},
	"demo/exporter":                      {"internal/hosttest"},
	"internal/benchmark":                 {"internal/hosttest"},
	"internal/benchmark/floor":           {"golang.org/x/crypto/"},
	"internal/benchmark/rusage":          {},
	"internal/benchmark/watching":        {"internal/hosttest", "golang.org/x/crypto/"},
	"internal/benchmark/watching/logins": {"golang.org/x/crypto/"},
	"internal/benchmark/noop":            {"internal/provider", "github.com/hashicorp/terraform-plugin-framework", "github.com/hashicorp/terraform-plugin-go/"},
	"internal/docgen":                    {"internal/exporter", "internal/provider/connection", "internal/provider", "internal/keepalive/baseline", "github.com/hashicorp/terraform-plugin-framework/providerserver", "github.com/hashicorp/terraform-plugin-go/"},
}

// pure names the packages that touch nothing outside their arguments, and the
// standard packages that would let them.
var pure = map[string][]string{
	"internal/sshconf":              {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive":            {"os", "os/exec", "net", "io/fs", "context", "path/filepath"},
	"internal/keepalive/sshfile":    {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/criteria":   {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/sshserver":  {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/sshclient":  {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/coolify":    {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/system":     {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/audit":      {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/keepalive/baseline":   {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/marks":                {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/confdir":              {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/dotenv":               {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/commit":               {"os", "os/exec", "net"},
	"internal/provider/spelling":    {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
	"internal/provider/functions":   {"os", "os/exec", "net", "io/fs", "path/filepath", "time"},
	"internal/keepalive/sshsession": {"os", "os/exec", "net", "io/fs", "context", "path/filepath", "time"},
}

// TestArrows parses the imports in this process, so that the test cache notices
// an edit; a run of go list would be answered from the cache.
func TestArrows(t *testing.T) {
	for _, problem := range strayImports(t, ".") {
		t.Error(problem)
	}
}

func strayImports(t *testing.T, root string) []string {
	t.Helper()
	var problems []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "tools") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		problems = append(problems, strayIn(t, root, path)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func strayIn(t *testing.T, root, path string) []string {
	t.Helper()
	rel, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	pkg := filepath.ToSlash(rel)
	allowed, listed := arrows[pkg]
	if !listed {
		return []string{path + ": package " + pkg + " has no line in the table of arrows"}
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if !mayImport(pkg, allowed, name) {
			problems = append(problems, fset.Position(spec.Pos()).String()+": "+pkg+" must not import "+name)
		}
	}
	return problems
}

func mayImport(pkg string, allowed []string, name string) bool {
	if ours, ok := strings.CutPrefix(name, module+"/"); ok {
		return slices.Contains(allowed, ours)
	}
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		return !slices.Contains(pure[pkg], name)
	}
	for _, a := range allowed {
		if strings.HasPrefix(name, a) {
			return true
		}
	}
	return false
}

// decisions are the packages that know no Terraform: with these words in an identifier
// or a string they would.
var (
	decisions = []string{"internal/sshconf", "internal/dotenv", "internal/commit", "internal/keepalive"}
	terraform = regexp.MustCompile(`(?i)terraform|tofu|\bhcl\b|\bsshkeepalive_|tfsdk`)
)

// TestDecisionsKnowNoTerraform reads the identifiers and strings of these packages and
// of those below them. internal/marks has the comments on hosts that name Terraform.
func TestDecisionsKnowNoTerraform(t *testing.T) {
	for _, problem := range wordsOfTerraform(t, ".") {
		t.Error(problem)
	}
}

func wordsOfTerraform(t *testing.T, root string) []string {
	t.Helper()
	var problems []string
	for _, pkg := range decisions {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(pkg)), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				problems = append(problems, wordsIn(t, path)...)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return problems
}

func wordsIn(t *testing.T, path string) []string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	ast.Inspect(file, func(n ast.Node) bool {
		text := ""
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Ident:
			text = n.Name
		case *ast.BasicLit:
			text = n.Value
		}
		if word := terraform.FindString(text); word != "" {
			problems = append(problems, fset.Position(n.Pos()).String()+": a decision must not know "+word)
		}
		return true
	})
	return problems
}
