package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	module   = "github.com/sshkeepalive/terraform-provider-sshkeepalive"
	provider = "terraform-provider-sshkeepalive"
)

// build makes the programs that are measured.
func build(ctx context.Context, dir string) error {
	for to, from := range map[string]string{
		filepath.Join(ours, provider):    module,
		filepath.Join(nothing, provider): module + "/internal/benchmark/noop",
		"floor":                          module + "/internal/benchmark/floor",
		"rusage":                         module + "/internal/benchmark/rusage",
	} {
		out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, to), from).CombinedOutput()
		if err != nil {
			return fmt.Errorf("build %s: %w: %s", from, err, out)
		}
	}
	return nil
}

// writeTerraform makes a working directory. Ours and the one of the no-op provider
// differ in where the provider is.
func (s *scenario) writeTerraform(who string) error {
	var hosts strings.Builder
	for _, h := range s.hosts {
		address, port := h.where()
		fmt.Fprintf(&hosts, "    %s = { host = %q, port = %d, private_key_path = %q, host_keys = [%q] }\n", h.name, address, port, h.KeyPath, h.hostKey())
	}
	return errors.Join(
		s.write(filepath.Join(who, "rc"), fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"sshkeepalive/sshkeepalive\" = %q\n  }\n  direct {}\n}\n", filepath.Join(s.bin, who))),
		s.write(filepath.Join(who, "main.tf"), fmt.Sprintf(configuration, hosts.String(), len(s.hosts), wantedInterval, wantedCountMax)),
	)
}

const configuration = `terraform {
  required_providers {
    sshkeepalive = { source = "sshkeepalive/sshkeepalive" }
  }
}

provider "sshkeepalive" {
  connection {
    user = "root"
  }
  hosts = {
%s  }
}

resource "sshkeepalive_server" "all" {
  count                  = %d
  host                   = "web${count.index}"
  client_alive_interval  = "%ds"
  client_alive_count_max = %d
}
`

// terraform is the life of the hosts: a plan of what is to be made, making it, and
// a plan without changes.
func (s *scenario) terraform(who string, parallel int) [3]step {
	engine := func(what string, exit int, args ...string) step {
		line := append([]string{s.engine, args[0], "-no-color", "-input=false"}, args[1:]...)
		if parallel > 10 {
			line = slices.Insert(line, 2, fmt.Sprintf("-parallelism=%d", parallel))
		}
		return step{who: who, what: what, parallel: parallel, command: command{args: line, dir: s.path(who), env: s.environment("TF_CLI_CONFIG_FILE=" + s.path(who, "rc")), exit: exit}}
	}
	change := engine(apply, 0, "apply", "saved")
	change.changes = who != nothing
	return [3]step{
		engine(planNew, 2, "plan", "-detailed-exitcode", "-out=saved"),
		change,
		engine(planSame, 0, "plan", "-detailed-exitcode"),
	}
}

func (s *scenario) forgetState(who string) error {
	var errs []error
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup", "saved"} {
		if err := os.Remove(s.path(who, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// record returns what sshkeepalive asks a host in a plan without changes, so that
// others can ask the same.
func record(ctx context.Context, t *tools, dir string, fail func(error)) (string, error) {
	hosts, err := bootFleet(1, hostOptions(true), fail)
	if err != nil {
		return "", err
	}
	defer hosts.close()
	s, err := newScenario(t, hosts, 0, dir)
	if err != nil {
		return "", err
	}
	for _, step := range s.terraform(ours, 1) {
		hosts[0].Sh("rm -f " + asked)
		if _, err := step.command.measure(ctx, t.program("rusage")); err != nil {
			return "", err
		}
	}
	questions := strings.SplitAfter(string(hosts[0].Read(asked)), endOfQuestion)
	if len(questions) != 2 {
		return "", fmt.Errorf("a plan without changes runs %d commands on a host, and the raw loop knows how to run one", len(questions)-1)
	}
	return strings.TrimSuffix(questions[0], endOfQuestion), nil
}
