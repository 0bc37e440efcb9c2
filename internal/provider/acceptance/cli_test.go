package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// cli is a working directory of the engine, with the provider built from this
// tree: what users see, exit codes and warnings included.
type cli struct {
	t      *testing.T
	engine string
	dir    string
	env    []string
}

func newCLI(t *testing.T) *cli {
	t.Helper()
	return &cli{t: t, engine: hosttest.NeedsEngine(t), dir: t.TempDir(), env: append(os.Environ(), "TF_CLI_CONFIG_FILE="+buildProvider(t), "HOME="+t.TempDir())}
}

// config replaces the configuration.
func (c *cli) config(text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "main.tf"), []byte(required+text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

const required = "terraform {\n  required_providers {\n    sshkeepalive = { source = \"sshkeepalive/sshkeepalive\" }\n  }\n}\n"

// run returns what the engine printed and its exit code.
func (c *cli) run(args ...string) (string, int) {
	c.t.Helper()
	out, state := c.process(args...)
	return out, state.ExitCode()
}

// process is run for those who ask what the process took.
func (c *cli) process(args ...string) (string, *os.ProcessState) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.engine, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("%v: %v", args, err)
	}
	return flat(out.String()), cmd.ProcessState
}

// flat undoes the wrapping and the frames of the engine's diagnostics.
func flat(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.TrimSpace(strings.TrimLeft(line, "│╷╵ ")))
	}
	return strings.Join(lines, " ")
}

// expect runs the engine and insists on the exit code and on words.
func (c *cli) expect(code int, words []string, args ...string) string {
	c.t.Helper()
	out, got := c.run(args...)
	if got != code {
		c.t.Fatalf("%v ended with %d, not %d:\n%s", args, got, code, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			c.t.Errorf("%v does not say %q:\n%s", args, w, out)
		}
	}
	return out
}

func (c *cli) apply(words ...string) {
	c.t.Helper()
	c.expect(0, words, "apply", "-no-color", "-auto-approve")
}

func (c *cli) plan(code int, words ...string) string {
	c.t.Helper()
	return c.expect(code, words, "plan", "-no-color", "-detailed-exitcode")
}

func (c *cli) destroy() {
	c.t.Helper()
	c.expect(0, nil, "destroy", "-no-color", "-auto-approve")
}

// fleet is machines by the names they have in the provider's hosts.
type fleet map[string]*hosttest.Machine

// provider writes the provider block; more goes into it as it is.
func (f fleet) provider(more string) string {
	var hosts strings.Builder
	for name, m := range f {
		var keys []string
		for _, k := range m.HostKeys {
			keys = append(keys, fmt.Sprintf("%q", strings.TrimSpace(k)))
		}
		fmt.Fprintf(&hosts, "    %s = { host = %q, port = %d, private_key_path = %q, host_keys = [%s] }\n", name, m.Addr, m.Port, m.KeyPath, strings.Join(keys, ", "))
	}
	return fmt.Sprintf("provider \"sshkeepalive\" {\n  connection {\n    user            = \"root\"\n    connect_timeout = \"5s\"\n  }\n  hosts = {\n%s  }\n%s\n}\n", hosts.String(), more)
}

func named(name, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_server\" %q {\n  host = %q\n%s\n}\n", name, name, body)
}

const twoMinutes = "  client_alive_interval  = \"2m\"\n  client_alive_count_max = 3\n"

// TestExitCodesAndWords is the story of one host as a pipeline sees it.
func TestExitCodesAndWords(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	before := m.Snapshot("/etc/ssh")
	c := newCLI(t)
	c.config(fleet{"web1": m}.provider("") + named("web1", twoMinutes))
	c.plan(2, "ClientAliveInterval 2m", dropIn, `+ "ClientAliveInterval" = "120"`)
	c.apply()
	c.plan(0, "No changes")

	m.Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + dropIn)
	c.plan(2, "ClientAliveInterval is 600, not 2m, because "+dropIn+":3", `"600" -> "2m"`)
	c.apply()
	c.plan(0)

	m.Write("/etc/ssh/sshd_config.d/00-aaa.conf", "# by hand\nClientAliveInterval 7\n")
	c.plan(2, "ClientAliveInterval is 7, not 2m, because /etc/ssh/sshd_config.d/00-aaa.conf:2")
	c.apply()
	if got := m.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("ClientAliveInterval is %s after the repair", got)
	}
	c.plan(0)
	m.Remove("/etc/ssh/sshd_config.d/00-aaa.conf")

	m.Sh("touch " + mainFile)
	c.plan(2, "web1: sshd has not loaded the files that are on disk", "loaded")
	c.apply()
	c.plan(0)

	m.Remove(dropIn)
	c.plan(2, "web1: our lines are gone from "+dropIn)
	c.apply()
	c.plan(0)

	c.destroy()
	if after := m.Snapshot("/etc/ssh"); hosttest.Differences(before, after) != "" {
		t.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
	}
}

// TestFleet is ten hosts by for_each, one connection each.
func TestFleet(t *testing.T) {
	t.Parallel()
	machines := fleet{}
	for i := range 10 {
		machines[fmt.Sprintf("web%d", i)] = hosttest.Start(t, logging())
	}
	c := newCLI(t)
	c.config(machines.provider("") + fmt.Sprintf("resource \"sshkeepalive_server\" \"all\" {\n  for_each = toset(%s)\n  host = each.key\n%s}\n", names(machines), twoMinutes))
	c.apply("10 added")
	for _, m := range machines {
		m.Write(sshdLog, "")
	}
	c.plan(0)
	for name, m := range machines {
		if got := costOf(m); got != (cost{1, 1}) {
			t.Errorf("%s: an empty plan cost %+v, not one connection and one command", name, got)
		}
	}
	machines["web5"].Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + dropIn)
	c.plan(2, "ClientAliveInterval is 600", "0 to add, 1 to change, 0 to destroy")
	c.apply("1 changed")
	c.plan(0)
	for name, m := range machines {
		if got := m.Effective("clientaliveinterval"); got != "120" {
			t.Errorf("%s: ClientAliveInterval is %s", name, got)
		}
	}
	c.destroy()
	for name, m := range machines {
		if slices.Contains(strings.Fields(m.Sh("ls /etc/ssh/sshd_config.d")), filepath.Base(dropIn)) {
			t.Errorf("%s: our drop-in is still there", name)
		}
	}
}

func names(machines fleet) string {
	var quoted []string
	for name := range machines {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// TestOneHostIsAway runs a plan under each policy, beside a host that answers.
func TestOneHostIsAway(t *testing.T) {
	t.Parallel()
	machines := fleet{"web1": hosttest.Start(t, hosttest.Options{}), "web2": hosttest.Start(t, hosttest.Options{})}
	config := func(more, interval string) string {
		return machines.provider(more) + fmt.Sprintf(`
resource "sshkeepalive_server" "all" {
  for_each = toset(%s)
  host     = each.key
  timeouts = { read = "8s", update = "8s", delete = "8s" }
  client_alive_interval = %q
}
`, names(machines), interval)
	}
	c := newCLI(t)
	c.config(config("", "2m"))
	c.apply("2 added")
	machines["web2"].Stop()

	out := c.plan(2, "web2: could not look: no answer (connect)", "0 to add, 1 to change, 0 to destroy", "(known after apply)")
	if strings.Contains(out, "web1:") {
		t.Errorf("a host that answers is complained about:\n%s", out)
	}
	c.expect(1, []string{"web2: no answer (connect)"}, "apply", "-no-color", "-auto-approve")
	c.config(config(`on_unreachable = "error"`, "2m"))
	c.plan(1, "web2: no answer (connect)")
	c.config(config(`on_unreachable = "ignore"`, "2m"))
	c.plan(0, "web2: could not look: no answer (connect)", "No changes")

	machines["web1"].Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 600/' " + dropIn)
	c.apply("ClientAliveInterval is 600", "1 changed")
	c.destroy()
	machines["web2"].StartSSHD()
	if got := machines["web2"].Effective("clientaliveinterval"); got != "120" {
		t.Errorf("web2 was forgotten, and yet its ClientAliveInterval became %s", got)
	}
}

// TestSavedPlanMeetsAnotherEdit: what was reviewed is what is done, or nothing.
func TestSavedPlanMeetsAnotherEdit(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := newCLI(t)
	c.config(fleet{"web1": m}.provider("") + named("web1", twoMinutes))
	c.apply()
	c.config(fleet{"web1": m}.provider("") + named("web1", "client_alive_interval = 60\n"))
	c.expect(0, nil, "plan", "-no-color", "-out=saved")
	m.Sh("sed -i 's/ClientAliveInterval.*/ClientAliveInterval 7/' " + dropIn)
	c.expect(1, []string{"web1: changed since the plan: " + dropIn}, "apply", "-no-color", "saved")
	if got := string(m.Read(dropIn)); !strings.Contains(got, "ClientAliveInterval 7\n") {
		t.Errorf("somebody's edit was overwritten: %s", got)
	}
}

// TestHostKnownAfterApply: an address that another resource will have.
func TestHostKnownAfterApply(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := newCLI(t)
	c.config(providerBlock("", m) + fmt.Sprintf(`
resource "terraform_data" "vm" { input = "%s:%d" }
resource "sshkeepalive_server" "web1" {
  host = terraform_data.vm.output
`, m.Addr, m.Port) + twoMinutes + "}\n")
	c.plan(2, "(known after apply)")
	c.apply("2 added")
	c.plan(0)
}
