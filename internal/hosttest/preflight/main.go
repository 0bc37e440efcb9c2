// Command preflight says what this machine lacks for running all tests, each lack
// in a sentence with its cure, and downloads what they need besides. After it a
// test that fails has found something.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check() error {
	_, noEngine := hosttest.Engine()
	_, noClient := exec.LookPath("ssh")
	if noClient != nil {
		noClient = errors.New("ssh is not on PATH: apt-get install openssh-client")
	}
	if err := errors.Join(hosttest.Missing(), noEngine, noClient); err != nil {
		return err
	}
	// The oldest and the newest OpenSSH that the tests ask, and those between.
	for _, release := range []string{"bullseye", "bookworm", "trixie", "sid"} {
		fmt.Printf("preflight: OpenSSH of Debian %s\n", release)
		if err := hosttest.Prepare(release); err != nil {
			return err
		}
	}
	return nil
}
