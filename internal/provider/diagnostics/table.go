package diagnostics

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Code names one thing that the provider says. What hosts, decisions and the engine
// say has codes of their packages: keepalive.Code, host.Kind, reconcile.Reason and so on.
type Code string

// row is how a code is said. {name} in a text stands for a value; a paragraph that
// is empty with its values is left out.
type row struct {
	title   string // what is wrong, beginning with the subject
	body    string // what was seen and what happened to the host
	remedy  string // one thing to do, naming the attribute
	warning bool
	folds   bool // what the warning says is also seen in the diff, or is about the settings and not the host
}

// tables is the table of everything that the provider says, in parts. The test of
// the table checks that each code has a row and that each row is used.
var tables = []map[any]row{
	problemRows, serverRows, clientRows, coolifyRows, systemRows, hostRows, loginRows, hostKeyRows, rootRows, settingRows, daemonRows, changeRows, missingRows,
	resourceRows, sourceRows, attributeRows,
}

func rowOf(code any) (row, bool) {
	for _, t := range tables {
		if r, ok := t[code]; ok {
			return r, true
		}
	}
	return row{}, false
}

// New is the diagnostic of code with values for the names in its texts, in pairs:
// "host", "web1".
func New(code Code, values ...string) diag.Diagnostic {
	r, _ := rowOf(code)
	title, body := filled(r.title, values), Joined(paragraphs(r.body, values), paragraphs(r.remedy, values))
	if r.warning {
		return diag.NewWarningDiagnostic(title, body)
	}
	return diag.NewErrorDiagnostic(title, body)
}

// At is New, about the attribute at p.
func At(p path.Path, code Code, values ...string) diag.Diagnostic {
	return diag.WithPath(p, New(code, values...))
}

func folds(code keepalive.Code) bool {
	r, _ := rowOf(code)
	return r.folds
}

// titleOf is the title of code.
func titleOf(code any) string {
	r, _ := rowOf(code)
	return filled(r.title, nil)
}

// bodyOf is the body of code.
func bodyOf(code any, values ...string) string {
	r, _ := rowOf(code)
	return paragraphs(r.body, values)
}

// remedyOf is what to do about code, "" where there is nothing to do.
func remedyOf(code any, values ...string) string {
	r, _ := rowOf(code)
	return paragraphs(r.remedy, values)
}

// filled puts the values into text. A value is not filled in turn.
func filled(text string, values []string) string {
	pairs := make([]string, len(values))
	for i, v := range values {
		if pairs[i] = v; i%2 == 0 {
			pairs[i] = "{" + v + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// paragraphs fills each paragraph of text and leaves out the empty ones.
func paragraphs(text string, values []string) string {
	var kept []string
	for p := range strings.SplitSeq(text, "\n\n") {
		kept = append(kept, filled(p, values))
	}
	return Joined(kept...)
}

// Joined puts paragraphs together and leaves out the empty ones.
func Joined(paragraphs ...string) string {
	var kept []string
	for _, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, host.Printable(p))
		}
	}
	return strings.Join(kept, "\n\n")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return host.Printable(line)
}
