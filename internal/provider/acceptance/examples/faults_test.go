package examples

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// faultyExamples are blocks with which TestExamplesRun must fail, and what it says then.
// One of them is a fact that the guide "Drift detection in CI" tells: a plan with a data
// source inside a check block is never empty.
var faultyExamples = map[string]faultyExample{
	"no sudo": {"terraform", `provider "sshkeepalive" {
  connection { user = "admin" }
}
resource "sshkeepalive_server" "web1" {
  host                  = "web1.example.com"
  client_alive_interval = "2m"
}
`, "", "could not become root"},
	"untold warning": {"terraform", `resource "sshkeepalive_server" "web3" {
  host                  = "web3.example.com"
  client_alive_interval = "2m"
}
`, "", "a warning that the example does not tell: OpenSSH 9.2 probes only every second interval"},
	"told warning that is missing": {"terraform", "output \"x\" {\n  value = 1\n}\n", "warns: OpenSSH 9.2", "does not warn"},
	"key of another host": {"terraform", `provider "sshkeepalive" {
  connection {
    user      = "admin"
    sudo      = true
    host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIkFbXkWQ3Y0mPJjgDkzdGMF9EUKjH0y6lGhhM5t0q7B root@web2"]
  }
}
resource "sshkeepalive_server" "web1" {
  host                  = "web1.example.com"
  client_alive_interval = "2m"
}
`, "", "host key is not known"},
	"data source inside check": {"terraform", `check "web1" {
  data "sshkeepalive_connection" "web1" {
    host = "web1.example.com"
  }
  assert {
    condition     = data.sshkeepalive_connection.web1.reachable
    error_message = "away"
  }
}
`, "", "plan -detailed-exitcode ended with 2"},
	"shell":              {"shell", "false\n", "", "ended with 1, not 0"},
	"shell that is mute": {"shell", "true\n", "says: No changes", "does not print"},
	"json":               {"json", "{x}\n", "", "not JSON"},
	"yaml":               {"yaml", "a: b: c\n", "parsed: nothing runs it here", "ended with"},
	"hcl":                {"hcl", "provider_installation {\n  nonsense {}\n}\n", "", "ended with"},
}

type faultyExample struct{ lang, text, note, want string }

func (f faultyExample) run(t *testing.T, w *exampleWorld, dir string) {
	t.Helper()
	b := block{at: "faulty", lang: f.lang, text: f.text}
	if word, rest, ok := strings.Cut(f.note, ": "); ok {
		b.notes = []note{{word, rest}}
	}
	defer w.hold([]block{b})()
	said := &complaints{TB: t}
	(&exampleRun{t: said, w: w, dir: dir}).group([]block{b})
	if all := acceptance.Flat(strings.Join(said.texts, "\n")); !strings.Contains(all, f.want) {
		t.Errorf("want a complaint with %q, have %q", f.want, all)
	}
}

// complaints is a test that keeps its errors for itself.
type complaints struct {
	testing.TB
	texts []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.texts = append(c.texts, fmt.Sprintf(format, args...))
}
