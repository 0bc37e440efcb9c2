// Package plantest writes plans as the decision cases of testdata have them, and makes
// the trees that more than one kind of plan is tested with.
package plantest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Update says that the expectations in testdata are to be rewritten.
var Update = flag.Bool("update", false, "rewrite the expectations of testdata")

// EachCase runs the decision cases of testdata/plan.
func EachCase(t *testing.T, run func(t *testing.T, file string, a *txtar.Archive)) {
	t.Helper()
	files, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			run(t, file, a)
		})
	}
}

// Compare holds plan against the case a of file: rest is the case without what was
// decided. It reports false where it rewrote the case instead (-update).
func Compare(t *testing.T, file string, a *txtar.Archive, rest txtar.Archive, plan keepalive.Plan) bool {
	t.Helper()
	rest.Files = append(rest.Files, txtar.File{Name: "plan", Data: []byte(Describe(plan))})
	rest.Files = append(rest.Files, ChangedFiles(plan)...)
	if *Update {
		if err := os.WriteFile(file, txtar.Format(&rest), 0o644); err != nil {
			t.Fatal(err)
		}
		return false
	}
	if diff := cmp.Diff(string(txtar.Format(a)), string(txtar.Format(&rest))); diff != "" {
		t.Errorf("(-case +decided):\n%s", diff)
	}
	return true
}

// ChangedFiles returns the files as the plan leaves them, named "new PATH" or "gone
// PATH".
func ChangedFiles(plan keepalive.Plan) []txtar.File {
	var files []txtar.File
	for _, c := range plan.Changes {
		name, data := "new "+c.Path, c.New
		if data == nil {
			name = "gone " + c.Path
		}
		files = append(files, txtar.File{Name: name, Data: escapeCR(data)})
	}
	return files
}

// AsText returns the files as text, for a comparison that can be read.
func AsText(files map[string][]byte) map[string]string {
	out := map[string]string{}
	for name, data := range files {
		out[name] = string(data)
	}
	return out
}

// ParseVersion reads a release, and fails the test if it cannot.
func ParseVersion(t *testing.T, text string) sshconf.Version {
	t.Helper()
	v, err := sshconf.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Describe prints the decision, a line for each part.
func Describe(p keepalive.Plan) string {
	var out strings.Builder
	if p.Trail != "" {
		fmt.Fprintln(&out, "trail:", p.Trail)
	}
	for _, dir := range p.MakeDirs {
		fmt.Fprintln(&out, "makes:", dir)
	}
	for _, e := range p.Expect {
		fmt.Fprintf(&out, "expect: %s %s%s\n", e.Keyword, strings.Join(e.Values, " | "), sshfile.InContext(e.Context))
	}
	for _, o := range p.Overrides {
		fmt.Fprintf(&out, "override: %s %s in Match %s (%s)\n", o.Keyword, o.Value, o.Criteria, o.Pos)
	}
	for _, x := range p.Problems {
		severity := "error"
		if x.Warning {
			severity = "warning"
		}
		fmt.Fprintf(&out, "%s (%s) %s: %s\n", severity, x.Code, x.Attribute, x.Text)
	}
	for _, k := range slices.Sorted(maps.Keys(p.Effective)) {
		fmt.Fprintf(&out, "effective: %s = %s\n", k, p.Effective[k])
	}
	return out.String()
}

// UnescapeCR reads the text of a file in a case: "\r" at the end of a line stands for
// CR, and a last line "\c" for a missing final newline.
func UnescapeCR(data []byte) []byte {
	text := strings.ReplaceAll(string(data), "\\r\n", "\r\n")
	return []byte(strings.TrimSuffix(text, "\n\\c\n"))
}

func escapeCR(data []byte) []byte {
	text := strings.ReplaceAll(string(data), "\r\n", "\\r\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n\\c\n"
	}
	return []byte(text)
}

// Nested returns files; each includes the next one several times.
func Nested(dir, main string, levels, times int, last string) map[string][]byte {
	files := map[string][]byte{}
	for i := range levels {
		name, text := fmt.Sprintf("%s/f%d", dir, i), strings.Repeat(fmt.Sprintf("Include f%d\n", i+1), times)
		if i == 0 {
			name = main
		}
		if i == levels-1 {
			text = last
		}
		files[name] = []byte(text)
	}
	return files
}

// EndlessCases are trees by how often each of nested files includes the next one.
var EndlessCases = []struct {
	Levels, Times int
	Endless       bool
}{{16, 8, true}, {16, 2, true}, {4, 8, false}, {2, 1000, false}}

// NewOracle makes the sshd of a Debian release, and says which OpenSSH it is.
func NewOracle(t *testing.T, release string) (*hosttest.Oracle, sshconf.Version) {
	t.Helper()
	o := hosttest.Binary(t, release)
	_, banner, _ := o.Run(nil, "ssh", "-V")
	v, err := sshconf.ParseVersion(banner)
	if err != nil {
		t.Fatal(err)
	}
	return o, v
}
