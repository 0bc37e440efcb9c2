package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestMissingTools(t *testing.T) {
	if err := missingTools(func(string) (string, error) { return "/bin/x", nil }); err != nil {
		t.Errorf("nothing is missing: %v", err)
	}
	err := missingTools(func(program string) (string, error) {
		if program == "ksh" || program == "mksh" || program == "zsh" {
			return "", exec.ErrNotFound
		}
		return "/bin/x", nil
	})
	if err == nil || err.Error() != "not on PATH: mksh, ksh, zsh. Install them: apt-get install mksh zsh" {
		t.Errorf("got %v", err)
	}
}

// TestContinuousIntegrationInstallsTheTools: .ci/packages installs every package that preflight
// asks for. Debian always has dash and bash.
func TestContinuousIntegrationInstallsTheTools(t *testing.T) {
	text, err := os.ReadFile("../../../.ci/packages")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^packages=\((.*)\)$`).FindSubmatch(text)
	if m == nil {
		t.Fatal(errors.New(".ci/packages has no list of packages"))
	}
	installed := append(strings.Fields(string(m[1])), "dash", "bash")
	for _, tool := range tools {
		if !slices.Contains(installed, tool.pkg) {
			t.Errorf(".ci/packages does not install %s, which has %s", tool.pkg, tool.program)
		}
	}
}
