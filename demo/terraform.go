package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// terraform runs Terraform or OpenTofu in a directory of its own, with the
// provider just built and a private CLI configuration.
type terraform struct {
	say    *narrator
	engine string
	dir    string
	env    []string
	config string
}

const module = "github.com/sshkeepalive/terraform-provider-sshkeepalive"

const versions = `terraform {
  required_providers {
    sshkeepalive = {
      source = "sshkeepalive/sshkeepalive"
    }
  }
}
`

const configuration = `provider "sshkeepalive" {
  connection {
    user             = "admin"
    sudo             = true
    private_key_path = %q
    host_keys        = [%q]
  }
}

resource "sshkeepalive_server" "web" {
  host                   = %q
  client_alive_interval  = "15s"
  client_alive_count_max = 4
}
`

func newTerraform(ctx context.Context, say *narrator, engine, dir string, m *hosttest.Machine) (*terraform, error) {
	bin := filepath.Join(dir, "terraform-provider-sshkeepalive")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, module).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the provider: %w: %s", err, out)
	}
	rc := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"sshkeepalive/sshkeepalive\" = %q\n  }\n  direct {}\n}\n", dir)
	main := fmt.Sprintf(configuration, m.KeyPath, m.HostKeys[0], m.Addr)
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "rc"), []byte(rc), 0o600),
		os.WriteFile(filepath.Join(dir, "versions.tf"), []byte(versions), 0o600),
		os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600),
	); err != nil {
		return nil, err
	}
	env := append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "rc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "TF_CLI_ARGS=", "TF_LOG=")
	return &terraform{say, engine, dir, env, main}, nil
}

// run shows the command and what is left of its output, and returns its exit
// status.
func (t *terraform) run(ctx context.Context, show func(string) string, args ...string) (int, error) {
	t.say.command("laptop", filepath.Base(t.engine)+" "+strings.Join(args, " "))
	if !t.say.colour {
		args = append(args, "-no-color")
	}
	cmd := exec.CommandContext(ctx, t.engine, args...)
	cmd.Dir, cmd.Env = t.dir, t.env
	// Terraform unlocks and cleans up when it is interrupted.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	t.say.quote(strings.TrimSpace(show(withoutOverrideWarning(out.String()))))
	if exit := new(exec.ExitError); errors.As(err, &exit) && ctx.Err() == nil {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// withoutOverrideWarning drops what Terraform says in every run with a provider
// that was built here: with colours in a box, without in plain lines.
func withoutOverrideWarning(out string) string {
	lines := strings.SplitAfter(out, "\n")
	start := index(lines, 0, "Provider development overrides are in effect")
	if start < 0 {
		return out
	}
	end := index(lines, start, "releases.")
	if end < 0 {
		return out
	}
	if start > 0 && strings.Contains(lines[start-1], "╷") {
		start--
	}
	if end+1 < len(lines) && strings.Contains(lines[end+1], "╵") {
		end++
	}
	return strings.Join(append(lines[:start:start], lines[end+1:]...), "")
}

// fromPlan drops the list of what is planned, when that was shown before.
func fromPlan(out string) string {
	lines := strings.SplitAfter(out, "\n")
	if at := index(lines, 0, "Plan: "); at >= 0 {
		lines = lines[at:]
	}
	return strings.Join(lines, "")
}

func index(lines []string, from int, text string) int {
	for i := from; i < len(lines); i++ {
		if strings.Contains(lines[i], text) {
			return i
		}
	}
	return -1
}
