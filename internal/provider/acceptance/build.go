package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// Main runs the tests of a package. It fixes which engine runs, and that it looks for no newer
// release: the tests themselves run side by side and cannot set the environment.
func Main(m *testing.M) int {
	settings := map[string]string{
		"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.DevNull, "SSH_AUTH_SOCK": "",
		// OpenTofu refuses the one that plugin-testing has otherwise.
		"TF_ACC_PROVIDER_NAMESPACE": "sshkeepalive",
	}
	if engine, err := hosttest.Engine(); err == nil {
		settings["TF_ACC_TERRAFORM_PATH"] = engine
	}
	for name, value := range settings {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	code := m.Run()
	if installation.path != "" {
		os.RemoveAll(filepath.Dir(installation.path))
	}
	return code
}

const (
	module          = "github.com/sshkeepalive/terraform-provider-sshkeepalive"
	providerProgram = "terraform-provider-sshkeepalive"
	exporterProgram = "sshkeepalive-exporter"
)

// installation is the provider and the exporter built from this tree, and the configuration file
// by which an engine finds it.
var installation struct {
	once sync.Once
	path string
	err  error
}

// BuildProvider builds the provider and the exporter once, and returns the configuration
// file by which an engine finds the provider. The programs are in its folder.
func BuildProvider(t *testing.T) string {
	t.Helper()
	installation.once.Do(func() { installation.path, installation.err = install() })
	if installation.err != nil {
		t.Fatal(installation.err)
	}
	return installation.path
}

func install() (string, error) {
	dir, err := os.MkdirTemp("", "sshkeepalive")
	if err != nil {
		return "", err
	}
	for program, source := range map[string]string{providerProgram: "", exporterProgram: "/cmd/exporter"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, program), module+source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
	}
	rc := filepath.Join(dir, "cli.tfrc")
	return rc, os.WriteFile(rc, []byte(overrides(dir)), 0o600)
}

// BuildExporter builds the exporter, as BuildProvider does, and returns its path.
func BuildExporter(t *testing.T) string {
	t.Helper()
	return filepath.Join(filepath.Dir(BuildProvider(t)), exporterProgram)
}

// Equip puts the engine, the provider and the exporter on a machine, for its root.
func Equip(t *testing.T, m *hosttest.Machine) {
	t.Helper()
	const plugins = "/usr/local/lib/dev"
	for from, to := range map[string]string{
		hosttest.NeedsEngine(t): "/usr/local/bin/terraform",
		filepath.Join(filepath.Dir(BuildProvider(t)), providerProgram): filepath.Join(plugins, providerProgram),
		BuildExporter(t): filepath.Join("/usr/local/bin", exporterProgram),
	} {
		m.Write(to, string(ReadFile(t, from)))
		m.Sh("chmod 755 " + to)
	}
	m.Write("/root/.terraformrc", overrides(plugins))
}

// overrides has an engine find the provider in a folder.
func overrides(folder string) string {
	return fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"sshkeepalive/sshkeepalive\" = %q\n  }\n  direct {}\n}\n", folder)
}
