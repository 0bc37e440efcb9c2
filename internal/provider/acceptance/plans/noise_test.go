package plans

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// lines is what the engine prints for a plan, as a terminal shows it: in rows of 100
// columns, without the lines about the refresh, and without the warning of a provider that was built here.
func lines(c *acceptance.CLI, args ...string) []string {
	c.T.Helper()
	cmd := exec.CommandContext(c.T.Context(), c.Engine, args...)
	cmd.Dir, cmd.Env = c.Dir, append(c.Env, "TF_CLI_ARGS=-no-color", "COLUMNS=100")
	out, _ := cmd.CombinedOutput() // the exit code is tested elsewhere
	text := string(out)
	if from := strings.Index(text, "Warning: Provider development overrides"); from >= 0 {
		const last = "published\nreleases.\n"
		text = text[:from] + text[from+strings.Index(text[from:], last)+len(last):]
	}
	var rows []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if strings.Contains(line, ": Refreshing state...") {
			continue // scrolls by while the plan is made
		}
		rows = append(rows, line)
		for range (utf8.RuneCountInString(line) - 1) / 100 {
			rows = append(rows, "") // wrapped
		}
	}
	return rows
}

// TestPlansAreShort measures what a reviewer has to read: the plan of a new host, and
// that of twelve hosts that drifted, whose warnings are shown once.
func TestPlansAreShort(t *testing.T) {
	t.Parallel()
	machines := acceptance.Fleet{}
	for i := range 12 {
		machines[fmt.Sprintf("web%d", i)] = hosttest.Start(t, hosttest.Options{})
	}
	const each = "resource \"sshkeepalive_server\" \"fleet\" {\n  for_each = toset([%s])\n  host     = each.key\n\n  client_alive_interval  = \"2m\"\n  client_alive_count_max = 3\n}\n"
	config := func(names ...string) string {
		return machines.Provider("") + fmt.Sprintf(each, "\""+strings.Join(names, "\", \"")+"\"")
	}
	var names []string
	for name := range machines {
		names = append(names, name)
	}
	c := acceptance.NewCLI(t)
	c.Config(config(names[:1]...))
	one := lines(c, "plan")
	c.Config(config(names...))
	twelve := lines(c, "plan")
	c.Apply()
	for _, m := range machines {
		m.Write(acceptance.DropIn, strings.Replace(string(m.Read(acceptance.DropIn)), "ClientAliveInterval 2m", "ClientAliveInterval 300", 1))
		m.Sh("kill -HUP $(cat /run/sshd.pid)")
	}
	drifted := lines(c, "plan", "-detailed-exitcode")
	further := (len(twelve) - len(one)) / 11
	t.Logf("a new host: %d lines, each further one %d; 12 drifted hosts: %d lines", len(one), further, len(drifted))
	if len(one) > 46 || further > 23 || len(drifted) > 184 {
		t.Errorf("the plans are longer:\n%s\n\n%s", strings.Join(one, "\n"), strings.Join(drifted, "\n"))
	}
	if text := strings.Join(drifted, "\n"); strings.Count(text, "ClientAliveInterval is 300, not 2m") != 1 || !strings.Contains(text, "(and 11 more similar warnings elsewhere)") {
		t.Errorf("the warning of drift is not shown once:\n%s", text)
	}
}
