package hosttest

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

// Engine returns the path of Terraform or OpenTofu: what TF_ACC_TERRAFORM_PATH
// says, or terraform, or tofu. Its error says in one sentence how to get one.
func Engine() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("neither terraform nor tofu is on PATH: get Terraform 1.8 or later (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or later (https://opentofu.org/docs/intro/install)")
}

// NeedsEngine returns the path of Terraform or OpenTofu. It skips the test, or
// fails it with REQUIRE_TERRAFORM=1, where there is none.
func NeedsEngine(t testing.TB) string {
	t.Helper()
	path, err := Engine()
	switch {
	case err == nil:
	case os.Getenv("REQUIRE_TERRAFORM") == "1":
		t.Fatalf("%v (REQUIRE_TERRAFORM=1)", err)
	default:
		t.Skip(err)
	}
	return path
}
