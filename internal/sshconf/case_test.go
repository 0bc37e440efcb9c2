package sshconf

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expectations of testdata")

// marks make visible in a case file what an editor would hide or a txtar
// archive cannot hold.
var (
	unmark = strings.NewReplacer("<TAB>", "\t", "<CR>", "\r", "<FF>", "\f", "<NUL>", "\x00", "<BOM>", "\ufeff", "<END>\n", "")
	mark   = strings.NewReplacer("\t", "<TAB>", "\r", "<CR>", "\f", "<FF>", "\x00", "<NUL>", "\ufeff", "<BOM>")
)

func marked(text string) []byte {
	text = mark.Replace(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "<END>\n"
	}
	return []byte(text)
}

func cases(t *testing.T, pattern string, run func(t *testing.T, a *txtar.Archive) *txtar.Archive) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := txtar.Format(a)
			got := txtar.Format(run(t, a))
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-case +done):\n%s", diff)
			}
		})
	}
}

func part(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return unmark.Replace(string(f.Data))
		}
	}
	return ""
}

func setPart(a *txtar.Archive, name, text string) {
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		i = len(a.Files)
		a.Files = append(a.Files, txtar.File{Name: name})
	}
	a.Files[i].Data = marked(text)
}

// TestEditCases: "in" after "ops" is "want".
func TestEditCases(t *testing.T) {
	cases(t, "testdata/edit/*.txt", func(t *testing.T, a *txtar.Archive) *txtar.Archive {
		e := editor{t: t, version: Version{9, 2}, in: part(a, "in")}
		for op := range strings.Lines(part(a, "ops")) {
			e.do(strings.TrimSuffix(op, "\n"))
		}
		setPart(a, "want", string(e.file().Bytes()))
		return a
	})
}

type editor struct {
	t       *testing.T
	dialect Dialect
	version Version
	in      string
	f       *File
}

func (e *editor) file() *File {
	if e.f == nil {
		e.f = Parse(e.dialect, e.version, []byte(e.in))
	}
	return e.f
}

const takenMark, beginMark, endMark = "#taken# ", "# begin ours", "# end ours"

func (e *editor) do(op string) {
	e.t.Helper()
	verb, rest, _ := strings.Cut(op, " ")
	words := strings.Fields(rest)
	switch verb {
	case "client":
		e.dialect = Client
	case "version":
		v, err := ParseVersion(rest)
		if err != nil {
			e.t.Fatal(err)
		}
		e.version = v
	case "set":
		keyword, values, _ := strings.Cut(rest, " ")
		e.file().Set(keyword, strings.Split(values, "; ")...)
	case "drop":
		e.file().Drop(rest)
	case "insert":
		at, text, _ := strings.Cut(rest, " ")
		e.file().Insert(e.number(at), []string{text})
	case "delete":
		e.file().Delete(e.number(words[0]), e.number(words[1]))
	case "comment":
		e.file().CommentOut(e.number(rest), takenMark)
	case "restore":
		e.file().Restore(takenMark)
	case "block":
		at, text, _ := strings.Cut(rest, " ")
		e.file().InsertBlock(e.number(at), beginMark, endMark, strings.Split(text, "; "))
	case "unblock":
		if !e.file().RemoveBlock(beginMark, endMark) {
			e.t.Fatal("no block")
		}
	case "rebase":
		e.f = Parse(e.dialect, e.version, Rebase(e.file(), words[0], words[1]))
	default:
		e.t.Fatalf("unknown operation %q", op)
	}
}

// number counts lines from 0; "end" is after the last.
func (e *editor) number(s string) int {
	if s == "end" {
		return len(e.file().Lines)
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		e.t.Fatal(err)
	}
	return n
}

// evalCase is a case of testdata/eval: the files of a host and what is asked.
type evalCase struct {
	tree     Tree
	contexts []Context
	queries  []ClientQuery
	keywords []string
}

func readEvalCase(t *testing.T, a *txtar.Archive) evalCase {
	t.Helper()
	c := evalCase{tree: Tree{Version: Version{9, 2}, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: map[string][]byte{}}}
	for _, f := range a.Files {
		if strings.HasPrefix(f.Name, "/") {
			c.tree.Files[f.Name] = []byte(unmark.Replace(string(f.Data)))
		}
	}
	for line := range strings.Lines(part(a, "ask")) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "version":
			v, err := ParseVersion(rest)
			if err != nil {
				t.Fatal(err)
			}
			c.tree.Version = v
		case "main":
			c.tree.Main = rest
		case "context":
			c.contexts = append(c.contexts, parseSpec(t, rest))
		case "host":
			host, user, _ := strings.Cut(rest, " ")
			c.queries = append(c.queries, ClientQuery{Host: host, User: user, LocalUser: "root", Home: "/root"})
		case "generate":
			generateCase(t, c.tree.Files, rest)
		default:
			c.keywords = append(c.keywords, verb)
		}
	}
	if c.queries != nil {
		c.tree.Dialect, c.tree.Main, c.tree.System = Client, "/root/.ssh/config", "/etc/ssh/ssh_config"
	} else if c.contexts == nil {
		c.contexts = []Context{{}}
	}
	return c
}

func parseSpec(t *testing.T, text string) (c Context) {
	t.Helper()
	for item := range strings.SplitSeq(text, ",") {
		name, v, _ := strings.Cut(item, "=")
		switch name {
		case "user":
			c.User = v
		case "host":
			c.Host = v
		case "addr":
			c.Address = v
		case "laddr":
			c.LocalAddress = v
		case "lport":
			c.LocalPort, _ = strconv.Atoi(v)
		case "":
		default:
			t.Fatalf("unknown item %q", item)
		}
	}
	return c
}

// generateCase makes files that nobody wants to read.
func generateCase(t *testing.T, files map[string][]byte, what string) {
	t.Helper()
	var depth int
	if _, err := fmt.Sscanf(what, "chain %d", &depth); err != nil {
		t.Fatal(err)
	}
	for i := range depth {
		files[fmt.Sprintf("/etc/ssh/chain%d", i)] = fmt.Appendf(nil, "Include chain%d\n", i+1)
	}
	files[fmt.Sprintf("/etc/ssh/chain%d", depth)] = []byte("ClientAliveInterval 5\n")
}

// TestEvalCases: the answers to "ask" are "want".
func TestEvalCases(t *testing.T) {
	cases(t, "testdata/eval/*.txt", func(t *testing.T, a *txtar.Archive) *txtar.Archive {
		c := readEvalCase(t, a)
		var out strings.Builder
		for _, ctx := range c.contexts {
			fmt.Fprintf(&out, "context %s\n", spec(ctx))
			describeResult(&out, Evaluate(c.tree, ctx), c.keywords)
		}
		for _, q := range c.queries {
			fmt.Fprintf(&out, "host %s %s\n", q.Host, q.User)
			describeResult(&out, EvaluateClient(c.tree, q), c.keywords)
		}
		setPart(a, "want", out.String())
		return a
	})
}

func describeResult(out *strings.Builder, r Result, keywords []string) {
	for _, k := range keywords {
		if _, ok := r.Winner(k); !ok {
			fmt.Fprintf(out, "  %s: not set\n", k)
		}
		for _, s := range r.Settings(k) {
			state := "inactive"
			switch {
			case s.Wins:
				state = "wins"
			case s.Active:
				state = "loses"
			}
			fmt.Fprintf(out, "  %s: %q at %s %s", k, s.Rest, s.Pos, state)
			if s.Match != "" {
				fmt.Fprintf(out, " [%s]", s.Match)
			}
			out.WriteString("\n")
		}
	}
	for _, p := range r.Problems {
		kind := "warning"
		if p.Fatal {
			kind = "refused"
		}
		fmt.Fprintf(out, "  %s: %s: %s\n", kind, p.Pos, p.Text)
	}
	for _, d := range r.Depends {
		fmt.Fprintf(out, "  depends: %s: %s\n", d.Pos, d.Text)
	}
	fmt.Fprintf(out, "  read: %s\n", strings.Join(r.Read, " "))
}

// TestEvalCasesOracle: the cases are true of the real programs, where their
// release is at hand.
func TestEvalCasesOracle(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		files, err := filepath.Glob("testdata/eval/*.txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := readEvalCase(t, a)
			c.tree.Version = o.version // other releases say something else, and so must we
			if c.tree.Dialect == Client {
				o.checkClient(t, file, c.tree, c.queries)
			} else if c.tree.Main == "/etc/ssh/sshd_config" {
				o.check(t, file, c.tree, c.contexts)
			}
		}
		o.report(t, "cases")
	})
}
