package acceptance

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Queries reports whether the engine has terraform query.
func Queries(engine string) bool {
	out, err := exec.Command(engine, "query", "-help").Output()
	return err == nil && strings.Contains(string(out), "-generate-config-out")
}

// ImportsByIdentity reports whether the engine imports by identity.
func ImportsByIdentity(t testing.TB, engine string) bool {
	t.Helper()
	major, minor := EngineVersion(t, engine)
	return major > 1 || minor >= 12
}

// NeedsGeneration skips a test where plan -generate-config-out crashes: OpenTofu before 1.12.
func NeedsGeneration(t testing.TB, engine string) {
	t.Helper()
	if !IsTerraform(t, engine, 8) && !ImportsByIdentity(t, engine) {
		t.Skip("generating a configuration needs Terraform 1.8 or OpenTofu 1.12")
	}
}

// IsTerraform reports whether the engine is Terraform, 1.minor or later.
func IsTerraform(t testing.TB, engine string, minor int) bool {
	t.Helper()
	out, err := exec.Command(engine, "version").Output()
	_, has := EngineVersion(t, engine)
	return err == nil && strings.HasPrefix(string(out), "Terraform") && has >= minor
}

// EngineVersion is the first two numbers of the version of an engine.
func EngineVersion(t testing.TB, engine string) (major, minor int) {
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
	if _, err := fmt.Sscanf(version.Version, "%d.%d", &major, &minor); err != nil {
		t.Fatalf("version %q: %v", version.Version, err)
	}
	return major, minor
}
