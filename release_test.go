package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestVulnerabilitiesSaysWhatItCouldNotCheck: a database that is out of reach is neither
// good news nor a finding.
func TestVulnerabilitiesSaysWhatItCouldNotCheck(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash")
	}
	for name, c := range map[string]struct {
		program string
		exit    int
		says    string
	}{
		"none known":   {"exit 0", 0, ""},
		"one known":    {"echo GO-2026-1; exit 3", 1, "known vulnerabilities reach this code"},
		"no database":  {"echo 'fetching vulnerabilities: no such host' >&2; exit 1", 2, "NOT CHECKED"},
		"killed":       {"kill -9 $$", 2, "NOT CHECKED"},
		"bad packages": {"exit 2", 2, "NOT CHECKED"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := filepath.Join(t.TempDir(), "govulncheck")
			if err := os.WriteFile(fake, []byte("#!/bin/sh\n"+c.program+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(".ci/vulnerabilities")
			cmd.Env = append(os.Environ(), "GOVULNCHECK="+fake)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if have := cmd.ProcessState.ExitCode(); have != c.exit || !strings.Contains(string(out), c.says) || c.says == "" && len(out) > 0 {
				t.Errorf("ended with %d: %s", have, out)
			}
		})
	}
}

// TestReleasesAreBuiltAsPromised: with the newest patch of Go, with nothing in an
// archive that depends on who builds it or when, and with actions that are named by
// their code.
func TestReleasesAreBuiltAsPromised(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	workflow, archives := read(".github/workflows/release.yml"), read(".goreleaser.yml")
	for text, wants := range map[string][]string{
		workflow: {"check-latest: true", "GOTOOLCHAIN: local", ".ci/vulnerabilities", "attest-build-provenance@", "cyclonedx-gomod", "diff published/"},
		archives: {"mod_timestamp: '{{ .CommitTimestamp }}'", "mtime: '{{ .CommitDate }}'", "-trimpath", "-notimestamp", "-noserial"},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in %.40q…", want, text)
			}
		}
	}
	if strings.Contains(workflow, "go-version-file") {
		t.Error("the release takes its Go from go.mod, without the patches that came later")
	}
	if n := strings.Count(archives, "mtime:"); n < 2 || strings.Contains(archives, "{{ .Date }}") || strings.Contains(archives, "{{ .Now") {
		t.Error("an archive holds the time of its making")
	}
	pinned := regexp.MustCompile(`@[0-9a-f]{40} # v`)
	files, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no workflows", err)
	}
	for _, file := range files {
		for line := range strings.Lines(read(file)) {
			if strings.Contains(line, "uses:") && !pinned.MatchString(line) {
				t.Errorf("%s: %s is whatever its tag says at the time", file, strings.TrimSpace(line))
			}
		}
	}
}

var testNames = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")

// TestEveryPromiseHasATest: each test that SECURITY.md names is there.
func TestEveryPromiseHasATest(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			source, err := os.ReadFile(path)
			sources.Write(source)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := testNames.FindAllStringSubmatch(string(text), -1)
	if len(names) < 30 {
		t.Errorf("%d tests are named", len(names))
	}
	for _, name := range names {
		if !strings.Contains(sources.String(), "\nfunc "+name[1]+"(") {
			t.Errorf("SECURITY.md names %s, which is not there", name[1])
		}
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| ") && strings.Count(line, "|") == 3 && !strings.Contains(line, "`Test") && !strings.Contains(line, "not yet") && !strings.Contains(line, "held by") {
			t.Errorf("no test holds %s", line)
		}
	}
}
