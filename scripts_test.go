package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Rules (a) to (c) of DESIGN.md, held by reading the sources of what composes programs
// for hosts and command lines for this machine.
var composers = []string{"internal/reconcile", "internal/reconcile/shell", "internal/reconcile/account", "internal/reconcile/server", "internal/reconcile/client", "internal/reconcile/envfile", "internal/reconcile/system", "internal/reconcile/sockets", "internal/reconcile/container", "internal/commit", "internal/host/exec", "internal/host/login", "internal/host/probe"}

// hereDocument is one in a shell script, or in a text of Go that becomes one.
var hereDocument = regexp.MustCompile(`<<-?\s*["'\\]*[A-Za-z_$]`)

// shellText is a piece of a program in Go: a command, an assignment, a function.
var shellText = regexp.MustCompile(`(^|[;{|&(\n] *)(mkdir|rmdir|rm|mv|cp|cat|echo|printf|sh|/bin/sh|exec|eval|test|chmod|chown|umask|ln|sed|awk|head|tail|make|begin|unbegin|drop|put|dump|sum|trap|exit|if|case|for|while)( |$)|(^|[; ])[A-Z]+=$|\(\) ?\{`)

// composing are calls that only programs have.
var composing = regexp.MustCompile(`^(quote|shell\.Quote|shell\.Flag|shell\.Pack|commit\.PrintCommand|PrintCommand|stripComments|function|mainText|octal)\(`)

// safe are operands of a program's text that hold no foreign text as it is: what quote
// and its like return, other such texts, and what is written in the sources.
var safe = regexp.MustCompile(`^((quote|Quote|shell\.Quote|shell\.Flag|shell\.Pack|commit\.PrintCommand|PrintCommand|stripComments|function|digest|all|steps|mainText|seconds|octal|strconv\.Itoa|open|guard|peerOf|anyCase|rootCheck)\(.*\)|` +
	`[a-z]\.(assignments|changes|base|included|stage|newTexts|validation|sshd|commands|functions|rollbackProgram|dirMode|fileMask|PrintCommand|String)\(.*\)|` +
	`commit\.OwnedSource\(\)|shell\.[A-Z][a-z]+|account\.Source|[a-z][A-Za-z]*(Source|Text)|[0-9]+)$`)

// looseMode lets others read or enter what is laid out: foreign files are staged with it
// nowhere. Directories and files of the system that everybody must read are listed.
var looseMode = regexp.MustCompile(`umask 0+( |;|$)|umask 0?[0-6][0-6]\b|umask 0?[0-7]?[0-7][0-6]\b|mkdir( -p)? -m ?0?7[0-7]*[1-7]\b|mkdir( -p)? -m ?0?7[1-7]|chmod (-R )?[ago]*[+=]|chmod (-R )?0?[0-7](0[1-7]|[1-7][0-7])\b|install -m`)

// allowed are lines of scripts, and operands in Go by "file: operand", that a rule would
// refuse, with the reason.
var allowed = map[string]string{
	// Programs out of variables.
	`as() { r='eval "$(cat)"';`: "the program is the whole of standard input, which Go composed",
	`if command -v runuser >/dev/null; then runuser -u "$WHO" -- /bin/sh -c "$r";`:   "r is the constant above",
	`elif command -v sudo >/dev/null; then sudo -n -H -u "$WHO" -- /bin/sh -c "$r";`: "r is the constant above",
	`else su -s /bin/sh "$WHO" -c "$r"; fi; };`:                                      "r is the constant above",
	`case $WHO in *[!A-Za-z0-9._-]*) ;; *) eval "H=~$WHO" ;; esac;`:                  "WHO has letters, digits and ._- only",
	`eval "ask \"\$SSHD\" -T $READ $OPTS ${SPEC:+-C \"\$SPEC\"}";`:                   "READ is a constant, OPTS has words by word()",
	`eval "set -- $OPTS";`: "words by word()",
	`stamped() { times=$(eval "stat -c '@stat %.9Z %.9Y %n' $1" 2>/dev/null);`:      "words by word()",
	`[ -n "$times" ] || times=$(eval "stat -f '@stat %Fc %Fm %N' $1" 2>/dev/null);`: "words by word()",
	`set -- $(eval "includes $NEW");`:                                               "words by word()",
	`eval "send $FILES";`:                                                           "words by word()",
	`eval "mounts $FILES";`:                                                         "words by word()",
	`case $ARGV in *\\*) ARGV=$(printf "$(printf %s "$ARGV" | sed 's/%/%%/g')x"); ARGV=${ARGV%x} ;; esac;`: "without percent signs it undoes escapes and no more",
	`if [ ${#ARGV} -ge $n ]; then ARGV=$(printf "%.${n}s" "$ARGV");`:                                       "n is the result of arithmetic",
	`eval "WAY_$1=\$WAY SHARED_$1=\$EXPOSED"`:                                                              "$1 is a number that Go counted",
	`eval "file=\$WAY_$1 shared=\$SHARED_$1"`:                                                              "$1 is a number that Go counted",
	// What others may read, or enter.
	`mkdir -m 755 "$d" 2>/dev/null && if [ -n "$IMAGE" ]; then GIVEN=$d; fi; };`: "the privilege separation directory of sshd, which is empty",
	`if [ "$rc" -ne 0 ] && [ -n "$lack" ] && mkdir -m 755 "$lack"; then`:         "the privilege separation directory of sshd, which is empty",
	`chmod 644 "$1" || return`: "a new file of sshd_config.d, where there is no main file to take the mode of",
	`internal/reconcile/shell/dirs.go: [ -d %[1]s ] || mkdir -m 755 %[1]s || exit`: "sshd_config.d, logind.conf.d",
	// Operands.
	"internal/reconcile/shell/dirs.go: &b":                              "where Fprintf writes to",
	"internal/reconcile/client/commit.go: name":                         "a variable's name, out of the map in the same line",
	"internal/reconcile/client/commit.go: strings.Join(calls, \"\\n\")": "calls of prepare.sh, each composed under this rule",
	"internal/reconcile/client/gather.go: head.String()":                "composed under this rule",
	"internal/commit/program.go: before":                                "a constant of the callers",
	"internal/commit/program.go: steps":                                 "names of steps",
	"internal/commit/program.go: good":                                  "a constant of the callers",
	"internal/commit/program.go: bad":                                   "a constant of the callers",
	"internal/commit/program.go: body":                                  "a program composed under this rule",
	"internal/commit/program.go: name":                                  "a constant of the callers",
	"internal/commit/program.go: i + 1":                                 "a number",
	"internal/commit/program.go: len(r.Changes) + i + 1":                "a number",
	"internal/commit/program.go: e.Old":                                 "a digest, by Edit.check",
	"internal/commit/program.go: e.New":                                 "a digest, by Edit.check",
	"internal/commit/program.go: strings.Join(names, \"|\")":            "each by quote",
	"internal/commit/program.go: p.To":                                  "a number",
	"internal/commit/program.go: p.To - p.From":                         "a number",
	"internal/commit/program.go: file":                                  "a constant of the callers",
	"internal/host/exec/image.go: searchPath":                           "a constant",
	"internal/host/exec/script.go: searchPath":                          "a constant",
	"internal/host/exec/script.go: process.Shell":                       "a constant",
	"internal/host/exec/script.go: environment":                         "a constant",
	"internal/host/exec/script.go: mainCall":                            "a constant",
	"internal/host/exec/script.go: head":                                "constants and the nonce of the marks",
	"internal/host/exec/script.go: text":                                "the script itself",
	"internal/host/exec/script.go: m.noRoot":                            "the nonce of the marks",
	"internal/host/exec/script.go: m.begin":                             "the nonce of the marks",
	"internal/host/exec/script.go: m.end":                               "the nonce of the marks",
	"internal/host/probe/idle.go: lines":                                "a number",
	"internal/host/probe/idle.go: max(1, int(w.Output.Seconds()))":      "a number",
}

// used are those of allowed that a rule would have refused.
var used = map[string]bool{}

func isAllowed(line string) bool {
	used[line] = true
	return allowed[line] != ""
}

// finding is a line that a rule refuses.
type finding struct{ where, what string }

// readScript looks at a script of its own.
func readScript(name, text string) (found []finding) {
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		where := name + ":" + strconv.Itoa(n+1)
		if strings.HasPrefix(line, "#") {
			continue
		}
		for what, rule := range map[string]*regexp.Regexp{"a here-document": hereDocument, "a program out of a variable": evaluating, "others can read or enter it": looseMode} {
			if rule.MatchString(line) && !isAllowed(line) {
				found = append(found, finding{where, what + ": " + line})
			}
		}
	}
	return found
}

// evaluating makes a program of what is in a variable.
var evaluating = regexp.MustCompile(`\beval\b|\b(sh|dash|bash|su|ssh|sudo|runuser|xargs|env|nohup|timeout|awk|perl)\b[^;|&]* -c "[^"]*\$|\b(sh|bash) -c \$|\bawk "|\bsource\b|(^|[;&|] *)\. "?\$|printf "[^"]*\$|^\$[A-Za-z]|[;&|] *\$[A-Za-z]+ `)

// readGo looks at a file of Go.
func readGo(name, text string) (found []finding, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, 0)
	if err != nil {
		return nil, err
	}
	look := func(n ast.Node, subject, what string) {
		if !isAllowed(name + ": " + subject) {
			found = append(found, finding{name + ":" + strconv.Itoa(files.Position(n.Pos()).Line), subject + what})
		}
	}
	var inspect func(n ast.Node) bool
	inspect = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			text := literal(n)
			if hereDocument.MatchString(text) && shellText.MatchString(text) || strings.Contains(text, "<<'") {
				look(n, text, " is a here-document")
			}
			if looseMode.MatchString(text) {
				look(n, strings.TrimSpace(text), " lets others read or enter it")
			}
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				for _, x := range interpolated(files, operands(n)) {
					look(n, x, " is put into a program as it is")
				}
				for _, x := range operands(n) {
					ast.Inspect(x, inspect)
				}
				return false
			}
		case *ast.CallExpr:
			name := source(files, n.Fun)
			if name == "fmt.Errorf" || name == "errors.New" || strings.HasPrefix(name, "t.") {
				return false
			}
			if strings.HasPrefix(name, "fmt.") && strings.HasSuffix(name, "printf") {
				for _, x := range interpolated(files, n.Args) {
					look(n, x, " is put into a program as it is")
				}
			}
		}
		return true
	}
	ast.Inspect(file, inspect)
	return found, nil
}

// interpolated are the operands of a program's text that no rule makes safe; none if it
// is no program.
func interpolated(files *token.FileSet, list []ast.Expr) (found []string) {
	program := false
	for _, x := range list {
		if l, ok := x.(*ast.BasicLit); ok {
			program = program || shellText.MatchString(literal(l))
		} else {
			program = program || composing.MatchString(source(files, x))
		}
	}
	for _, x := range list {
		if _, ok := x.(*ast.BasicLit); !ok && program && !safe.MatchString(source(files, x)) {
			found = append(found, source(files, x))
		}
	}
	return found
}

// operands are those of a sum, in order.
func operands(x ast.Expr) []ast.Expr {
	if b, ok := x.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(operands(b.X), operands(b.Y)...)
	}
	if p, ok := x.(*ast.ParenExpr); ok {
		return operands(p.X)
	}
	return []ast.Expr{x}
}

func literal(l *ast.BasicLit) string {
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return l.Value
	}
	return text
}

func source(files *token.FileSet, n ast.Node) string {
	var b bytes.Buffer
	_ = printer.Fprint(&b, files, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestForeignTextIsNoPartOfAProgram: in the sources of scripts and of what composes them
// there is no here-document, no value that is put into a program other than by quote,
// no program out of a variable, and nothing that lets others read what is staged.
func TestForeignTextIsNoPartOfAProgram(t *testing.T) {
	for _, dir := range composers {
		files, err := filepath.Glob(dir + "/*")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil || strings.HasSuffix(name, "_test.go") {
				continue // a directory
			}
			var found []finding
			switch filepath.Ext(name) {
			case ".sh":
				found = readScript(name, string(text))
			case ".go":
				if found, err = readGo(name, string(text)); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range found {
				t.Errorf("%s: %s", f.where, f.what)
			}
		}
	}
	for line := range allowed {
		if !used[line] {
			t.Errorf("is allowed and not there any more: %s", line)
		}
	}
}

// TestBadProgramsAreFound: each rule finds what it is there for.
func TestBadProgramsAreFound(t *testing.T) {
	for _, bad := range []string{
		"as /bin/sh -s <<'END'", "cat <<EOF", "cat <<-\"EOF\"", "cat <<\\EOF", `eval "$LINE"`, `sh -c "echo $1"`, `su -c "exec$words"`, `awk "{ print $KEY }"`, `. "$FILE"`, `printf "$TEXT"`, `$COMMAND x`,
		"umask 022", "umask 002", "umask 0", `mkdir -m 755 "$STAGE"`, `chmod 644 "$T/want"`, `chmod a+r x`, `chmod -R 755 x`,
	} {
		if len(readScript("x.sh", "# a comment\n\t"+bad+"\n")) == 0 {
			t.Errorf("not found in a script: %s", bad)
		}
	}
	for _, bad := range []string{
		`s.Text = "as /bin/sh -s <<'" + end + "'\n" + text`, `s := "WHO=" + user + "; " + shell.Pack(source)`, `b.WriteString("rm -f " + path + "\n")`, `fmt.Fprintf(&b, "[ -d %[1]s ] || mkdir %[1]s\n", dir)`,
		`s := quote(a) + " " + b`, `s := "text() { printf '" + text + "'; }"`, `s := "mkdir -m 755 " + quote(dir)`, `s := fmt.Sprintf("exec %s", command)`, `s := "umask 022"`, `s := "cat <<EOF\n" + x`,
	} {
		found, err := readGo("x.go", "package x\n\nfunc f() {\n\t"+bad+"\n}\n")
		if err != nil || len(found) == 0 {
			t.Errorf("not found in Go: %s (%v)", bad, err)
		}
	}
	for _, good := range []string{`s := "WHO=" + quote(user) + "; " + shell.Pack(asSource)`, `err := fmt.Errorf("mkdir %s: no", dir)`, `s := name + ": " + text`} {
		if found, err := readGo("x.go", "package x\n\nfunc f() {\n\t"+good+"\n}\n"); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", good, found, err)
		}
	}
}
