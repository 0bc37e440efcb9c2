package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestFunctionExamples has the engine run each example; what stands in their
// comments is what comes out.
func TestFunctionExamples(t *testing.T) {
	t.Parallel()
	engine := hosttest.NeedsEngine(t)
	rc := acceptance.BuildProvider(t)
	for name, want := range map[string][]string{
		"parse_time":            {`5400`},
		"dead_peer_timeout":     {`[480,240,null]`},
		"keepalive_for":         {`"client_alive_interval":87`, `"client_alive_count_max":12`, `"dead_peer_timeout":2262`},
		"render_sshd_config":    {`#cloud-config`, `AcceptEnv LC_*`, `ClientAliveInterval 120`, `Match User git`},
		"render_ssh_config":     {`Host web* !web9\n\tControlMaster auto`, `Host *\n\tServerAliveCountMax 3`},
		"parse_sshd_config":     {`{"PermitRootLogin":"no"}`},
		"effective_sshd_config": {`"120"`, `50-cloud-init.conf:1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runExample(t, engine, rc, filepath.Join(examples, "functions", name, "function.tf"))
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("the outputs have no %s: %s", w, got)
				}
			}
		})
	}
}

// runExample applies a configuration without resources and returns its outputs.
func runExample(t *testing.T, engine, rc, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	head := "terraform {\n  required_providers {\n    sshkeepalive = { source = \"sshkeepalive/sshkeepalive\" }\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), append([]byte(head), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		cmd := exec.Command(engine, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+rc)
		out, err := cmd.Output()
		if failure, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%s: %v\n%s%s", args[0], err, out, failure.Stderr)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run("apply", "-auto-approve", "-no-color", "-input=false")
	var outputs map[string]struct{ Value json.RawMessage }
	if err := json.Unmarshal(run("output", "-json"), &outputs); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, o := range outputs {
		if err := json.Compact(&all, o.Value); err != nil {
			t.Fatal(err)
		}
		all.WriteByte('\n')
	}
	return all.String()
}
