package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// environment is the machine and the programs of a measurement.
type environment struct {
	day      string
	machine  string
	load     string // before anything was measured
	versions []string
}

// currentEnvironment describes this machine. It fails if a contender is not installed.
func currentEnvironment(ctx context.Context, contenders map[string]bool) (environment, error) {
	s := environment{day: time.Now().UTC().Format(time.DateOnly), machine: machine(ctx), load: "unknown"}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		s.load, _, _ = strings.Cut(string(text), " ")
	}
	s.versions = []string{"sshkeepalive at commit " + firstLine(ctx, "git", "describe", "--always", "--dirty"), "Go " + strings.TrimPrefix(runtime.Version(), "go")}
	if engine, err := hosttest.Engine(); err == nil {
		s.versions = append(s.versions, firstLine(ctx, engine, "version"))
	}
	for name, program := range map[string]string{openSSH: "ssh", ansible: "ansible-playbook"} {
		if _, err := exec.LookPath(program); err != nil && contenders[name] {
			return s, fmt.Errorf("%s is not installed (make benchmark installs it), and -contenders asks for it: %w", program, err)
		}
	}
	s.versions = append(s.versions, firstLine(ctx, "ssh", "-V"))
	if contenders[ansible] {
		s.versions = append(s.versions, firstLine(ctx, "ansible-playbook", "--version"))
	}
	return s, nil
}

func machine(ctx context.Context) string {
	model := runtime.GOARCH
	text, _ := os.ReadFile("/proc/cpuinfo") // absent elsewhere than on Linux
	if _, rest, ok := strings.Cut(string(text), "model name\t: "); ok {
		model, _, _ = strings.Cut(rest, "\n")
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), model, firstLine(ctx, "uname", "-sr"))
}

// firstLine is what a program says first, of itself.
func firstLine(ctx context.Context, program string, args ...string) string {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	out, err := cmd.CombinedOutput()
	if line, _, _ := strings.Cut(string(out), "\n"); err == nil {
		return line
	}
	return program + " of unknown version"
}
