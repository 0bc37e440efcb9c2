package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// CLI is a working directory of the engine, with the provider built from this tree: what
// users see, exit codes and warnings included.
type CLI struct {
	T      *testing.T
	Engine string // path of the program
	Dir    string
	Env    []string
}

// NewCLI is an empty directory of the engine that the test runs with.
func NewCLI(t *testing.T) *CLI {
	t.Helper()
	return &CLI{T: t, Engine: hosttest.NeedsEngine(t), Dir: t.TempDir(), Env: append(os.Environ(), "TF_CLI_CONFIG_FILE="+BuildProvider(t), "HOME="+t.TempDir())}
}

// Config replaces the configuration.
func (c *CLI) Config(text string) {
	c.T.Helper()
	if err := os.WriteFile(filepath.Join(c.Dir, "main.tf"), []byte(required+text), 0o600); err != nil {
		c.T.Fatal(err)
	}
}

const required = "terraform {\n  required_providers {\n    sshkeepalive = { source = \"sshkeepalive/sshkeepalive\" }\n  }\n}\n"

// Run returns what the engine printed and its exit code.
func (c *CLI) Run(args ...string) (string, int) {
	c.T.Helper()
	out, state := c.Process(args...)
	return out, state.ExitCode()
}

// Process is Run for those who ask what the process took.
func (c *CLI) Process(args ...string) (string, *os.ProcessState) {
	c.T.Helper()
	ctx, cancel := context.WithTimeout(c.T.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Engine, args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.T.Fatalf("%v: %v", args, err)
	}
	return Flat(out.String()), cmd.ProcessState
}

// Flat undoes the wrapping and the frames of the engine's diagnostics.
func Flat(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.TrimSpace(strings.TrimLeft(line, "│╷╵ ")))
	}
	return strings.Join(lines, " ")
}

// Expect runs the engine and insists on the exit code and on words.
func (c *CLI) Expect(code int, words []string, args ...string) string {
	c.T.Helper()
	out, got := c.Run(args...)
	if got != code {
		c.T.Fatalf("%v ended with %d, not %d:\n%s", args, got, code, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			c.T.Errorf("%v does not say %q:\n%s", args, w, out)
		}
	}
	return out
}

// Apply applies without asking, and insists on words.
func (c *CLI) Apply(words ...string) {
	c.T.Helper()
	c.Expect(0, words, "apply", "-no-color", "-auto-approve")
}

// Plan insists on the exit code, 0 for no changes and 2 for some, and on words.
func (c *CLI) Plan(code int, words ...string) string {
	c.T.Helper()
	return c.Expect(code, words, "plan", "-no-color", "-detailed-exitcode")
}

// Destroy destroys without asking.
func (c *CLI) Destroy() {
	c.T.Helper()
	c.Expect(0, nil, "destroy", "-no-color", "-auto-approve")
}

// Outputs reads the output told, which is text in JSON.
func (c *CLI) Outputs(into any) {
	c.T.Helper()
	out := c.Expect(0, nil, "output", "-no-color", "-raw", "told")
	if err := json.Unmarshal([]byte(out), into); err != nil {
		c.T.Fatalf("%v in %s", err, out)
	}
}
