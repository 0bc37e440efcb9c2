package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// scenario is a number of hosts, their distance, and the files by which the contenders
// find them.
type scenario struct {
	*tools
	hosts     fleet
	roundTrip time.Duration
	dir       string
}

// tools are what all scenarios share.
type tools struct {
	engine   string // Terraform or OpenTofu
	bin      string // the directory of what was built
	question string // what sshkeepalive asks a host in a plan without changes
}

// program is one of those that were built.
func (t *tools) program(name string) string { return filepath.Join(t.bin, name) }

// newScene writes the files. They go with dir.
func newScenario(t *tools, hosts fleet, roundTrip time.Duration, dir string) (*scenario, error) {
	s := &scenario{t, hosts, roundTrip, dir}
	var sshConfig, knownHosts, inventory strings.Builder
	for _, h := range hosts {
		address, port := h.where()
		fmt.Fprintf(&sshConfig, "Host %s\n  HostName %s\n  Port %d\n  IdentityFile %s\n", h.name, address, port, h.KeyPath)
		fmt.Fprintf(&knownHosts, "[%s]:%d %s\n", address, port, h.hostKey())
		if port == 22 {
			fmt.Fprintf(&knownHosts, "%s %s\n", address, h.hostKey())
		}
		fmt.Fprintf(&inventory, "%s ansible_host=%s ansible_port=%d ansible_user=root ansible_ssh_private_key_file=%s\n", h.name, address, port, h.KeyPath)
	}
	fmt.Fprintf(&sshConfig, "Host *\n  User root\n  BatchMode yes\n  IdentitiesOnly yes\n  StrictHostKeyChecking yes\n  UserKnownHostsFile %s\n", s.path("known_hosts"))
	fmt.Fprintf(&inventory, "[all:vars]\nansible_ssh_common_args='-o UserKnownHostsFile=%s -o IdentitiesOnly=yes'\n", s.path("known_hosts"))
	return s, errors.Join(
		s.write("ssh_config", sshConfig.String()),
		s.write("known_hosts", knownHosts.String()),
		s.write("inventory", inventory.String()),
		s.write("playbook.yml", playbook),
		s.write(defaults+".cfg", ""),
		s.write(pipelining+".cfg", tuned),
		s.writeTerraform(ours),
		s.writeTerraform(nothing),
	)
}

func (s *scenario) path(name ...string) string {
	return filepath.Join(append([]string{s.dir}, name...)...)
}

func (s *scenario) write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(s.path(name), []byte(text), 0o600)
}

// environment keeps the contenders from the home directory and the agent of
// the user who runs this.
func (s *scenario) environment(more ...string) []string {
	return append([]string{"HOME=" + s.dir, "SSH_AUTH_SOCK=", "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=", "TF_LOG="}, more...)
}

// floor asks every host over x/crypto.
func (s *scenario) floor(what, question string, parallel int) step {
	type host struct{ Address, Key, HostKey string }
	asked := struct {
		Command string
		Hosts   []host
	}{Command: question}
	for _, h := range s.hosts {
		address, port := h.where()
		asked.Hosts = append(asked.Hosts, host{fmt.Sprintf("%s:%d", address, port), string(h.Key), h.hostKey()})
	}
	text, _ := json.Marshal(asked) // of strings, which cannot fail
	return step{who: raw, what: what, parallel: parallel, command: command{
		args: []string{s.program("floor"), "-parallel", fmt.Sprint(parallel)}, dir: s.dir, env: s.environment(), stdin: string(text),
	}}
}

// ssh asks every host with the real client, in the usual shell loop.
func (s *scenario) ssh(parallel int) step {
	var names strings.Builder
	for _, h := range s.hosts {
		names.WriteString(h.name + "\n")
	}
	return step{who: openSSH, what: readSSHD, parallel: parallel, command: command{
		args: []string{"xargs", "-P", fmt.Sprint(parallel), "-I", "{}", "ssh", "-n", "-F", "ssh_config", "{}", "/usr/sbin/sshd", "-T"},
		dir:  s.dir, env: s.environment(), stdin: names.String(),
	}}
}
