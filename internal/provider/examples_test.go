package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

const examples = "../../examples"

// TestExamplesAreValid has the engine validate each example by itself, with the
// provider built from this tree.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	engine := hosttest.NeedsEngine(t)
	rc := buildProvider(t)
	var files []string
	for _, pattern := range []string{"provider/*.tf", "resources/*/*.tf", "data-sources/*/*.tf"} {
		found, err := filepath.Glob(filepath.Join(examples, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 6 {
		t.Fatalf("only %d examples were found", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".tf"), func(t *testing.T) {
			if strings.Contains(file, "identity") && !identityImports(t, engine) {
				t.Skip("importing by identity needs Terraform 1.12 or OpenTofu 1.12")
			}
			if out, err := validateExample(t, engine, rc, file); err != nil {
				t.Errorf("%s: %v\n%s", file, err, out)
			}
		})
	}
}

// TestExamplesCanFail validates an example with an attribute that is none.
func TestExamplesCanFail(t *testing.T) {
	t.Parallel()
	engine := hosttest.NeedsEngine(t)
	file := filepath.Join(t.TempDir(), "resource.tf")
	if err := os.WriteFile(file, []byte("resource \"sshkeepalive_server\" \"x\" {\n  host = \"a\"\n  client_alive = 1\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := validateExample(t, engine, buildProvider(t), file); err == nil || !strings.Contains(out, "client_alive") {
		t.Errorf("a wrong attribute passes: %s", out)
	}
}

func validateExample(t *testing.T, engine, rc, file string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "required_providers") {
		text = append([]byte("terraform {\n  required_providers {\n    sshkeepalive = { source = \"sshkeepalive/sshkeepalive\" }\n  }\n}\n"), text...)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(engine, "validate", "-no-color")
	run.Dir = dir
	run.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+rc)
	out, err := run.CombinedOutput()
	return string(out), err
}

func identityImports(t *testing.T, engine string) bool {
	t.Helper()
	out, err := exec.Command(engine, "version", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var version struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out, &version); err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(version.Version, "%d.%d", &major, &minor); err != nil {
		t.Fatalf("version %q: %v", version.Version, err)
	}
	return major > 1 || minor >= 12
}
