// Command preflight lists what this machine lacks for running all tests, with the
// command that installs it, and downloads what else they need. A test that fails after it
// has found a fault.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tools are the programs that tests run besides what package hosttest needs, and the
// Debian packages that have them: the shells and awks of other hosts, and shellcheck.
var tools = []struct{ program, pkg string }{
	{"ssh", "openssh-client"}, {"ssh-keygen", "openssh-client"}, {"shellcheck", "shellcheck"}, {"git", "git"},
	{"dash", "dash"}, {"bash", "bash"}, {"busybox", "busybox"}, {"mksh", "mksh"}, {"ksh", "mksh"}, {"zsh", "zsh"}, {"tcsh", "tcsh"}, {"csh", "tcsh"}, {"fish", "fish"},
	{"mawk", "mawk"}, {"gawk", "gawk"},
}

func missingTools(find func(string) (string, error)) error {
	var programs, packages []string
	for _, tool := range tools {
		if _, err := find(tool.program); err != nil {
			programs = append(programs, tool.program)
			if !slices.Contains(packages, tool.pkg) {
				packages = append(packages, tool.pkg)
			}
		}
	}
	if programs == nil {
		return nil
	}
	return fmt.Errorf("not on PATH: %s. Install them: apt-get install %s", strings.Join(programs, ", "), strings.Join(packages, " "))
}

func check() error {
	_, noEngine := hosttest.Engine()
	if err := errors.Join(hosttest.Missing(), noEngine, missingTools(exec.LookPath)); err != nil {
		return err
	}
	// The oldest and the newest OpenSSH that the tests ask, and those between.
	for _, release := range []string{"bullseye", "bookworm", "trixie", "sid"} {
		fmt.Printf("preflight: OpenSSH of Debian %s\n", release)
		if err := hosttest.Prepare(release); err != nil {
			return err
		}
	}
	fmt.Println("preflight: Prometheus of Debian")
	_, err := hosttest.PrepareProgram("prometheus")
	return err
}
