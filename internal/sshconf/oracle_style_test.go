package sshconf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// oddSeparators part a keyword from its value in ways that most releases refuse
// for most keywords, and each for a reason of its own.
var oddSeparators = []string{"==", " = = ", " =\t=", "= \"\" ", " \"\" "}

// oddLines are lines of each keyword, with each of its values, in all odd ways.
func oddLines(d Dialect, settings []genSetting, v Version) (lines []string) {
	for _, s := range settings {
		if kw, ok := Lookup(d, s.keyword); !ok || !kw.Known(v) {
			continue
		}
		for i, value := range s.values {
			lines = append(lines, s.keyword+oddSeparators[i%len(oddSeparators)]+value)
			if i == 0 {
				for _, separator := range oddSeparators[1:] {
					lines = append(lines, s.keyword+separator+value)
				}
			}
			lines = append(lines, s.keyword+" "+value+" "+value, s.keyword+" "+value+"=")
		}
	}
	return lines
}

// askEach runs a program once for each line, as the only one of a file, and
// returns its errors. A hundred at a time, for the time that one run may take.
func (o *oracle) askEach(command string, lines []string) (answers []string) {
	for chunk := range slices.Chunk(lines, 100) {
		files := map[string][]byte{}
		var script strings.Builder
		for i, line := range chunk {
			name := fmt.Sprintf("/etc/ssh/odd%04d", i)
			files[name] = []byte(line + "\n")
			fmt.Fprintf(&script, "{ "+command+"; } 2>&1 >/dev/null | tr '\\r\\n' '  '; echo\n", name)
		}
		files["/etc/ssh/ask"] = []byte(script.String())
		stdout, _, _ := o.Run(files, "sh", "/etc/ssh/ask")
		answers = append(answers, strings.Split(stdout, "\n")[:len(chunk)]...)
	}
	return answers
}

// some picks every so many of the lines: they are 2,000.
func (o *oracle) some(t *testing.T, lines []string) (picked []string) {
	step := max(1, len(lines)/oracleN(t, 40))
	for i := 0; i < len(lines); i += step {
		picked = append(picked, lines[i])
	}
	return picked
}

// TestGeneratedStyles: a line that is written in an odd way is refused by us if sshd
// and ssh refuse it. The generated trees have few such lines.
func TestGeneratedStyles(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		const file = "/etc/ssh/odd"
		tree := Tree{Version: o.version, Main: file, Dir: "/etc/ssh", NoGSSAPI: !o.defaultsFor(Context{}).HasGSSAPI()}
		lines := o.some(t, oddLines(Server, genSettings, o.version))
		for i, said := range o.askEach("/usr/sbin/sshd -T -C lport=7 -f %s && echo ok >&2", lines) {
			tree.Files = map[string][]byte{file: []byte(lines[i] + "\n")}
			if strings.Contains(said, "no hostkeys available") {
				continue // HostKey==/x names /=/x
			}
			if o.comparisons++; strings.HasSuffix(said, "ok ") == Evaluate(tree, Context{LocalPort: 7}).Refused() {
				o.disagreements++
				t.Errorf("%s: sshd says %q", lines[i], said)
			}
		}
		tree.Dialect = Client
		lines = o.some(t, oddLines(Client, genClient, o.version))
		for i, said := range o.askEach("ssh -G -F %s h && echo ok >&2", lines) {
			tree.Files = map[string][]byte{file: []byte(lines[i] + "\n")}
			if strings.Contains(said, "no hostkeys available") {
				continue // HostKey==/x names /=/x
			}
			if o.comparisons++; strings.HasSuffix(said, "ok ") == EvaluateClient(tree, ClientQuery{Host: "h", Home: "/root"}).Refused() {
				o.disagreements++
				t.Errorf("%s: ssh says %q", lines[i], said)
			}
		}
		o.report(t, "odd styles")
	})
}
