// Package lab boots whole Debian hosts for tests: systemd, logind, journal, sudo
// and a stock OpenSSH server as ssh.service or ssh.socket, each with a root file
// system, processes and a network link of its own. A host boots in about a second
// and can be rebooted, switched off and cut from the network. Instead of systemd it
// may have sysvinit or OpenRC.
//
//	h := lab.Start(t, lab.Options{Options: hosttest.Options{Release: "trixie"}, Socket: lab.AcceptNo})
//	// dial h.Addr:h.Port with h.Key, as with any hosttest.Machine
//	h.Reboot()
//
// Start skips the test, or fails it when REQUIRE_SSHD=1 is set, where hosts cannot
// be made: besides what package hosttest needs, that is debootstrap and
// systemd-nspawn. Nothing is left of a host when the test process is gone, even if
// that is killed.
//
// It knows nothing of this provider: not its settings, nor its file names.
package lab

import (
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

//go:embed init.sh
var initScript string

// Releases are the Debian releases that hosts can be made of, oldest first.
func Releases() []string { return []string{"bullseye", "bookworm", "trixie"} }

// Socket says what listens on port 22.
type Socket string

// What listens: sshd itself, or systemd for one sshd or for one per connection.
const (
	NoSocket  Socket = ""
	AcceptNo  Socket = "no"
	AcceptYes Socket = "yes"
)

// Sockets are the ways in which a release can listen.
func Sockets(release string) []Socket {
	if release == "bullseye" {
		return []Socket{NoSocket, AcceptYes}
	}
	return []Socket{NoSocket, AcceptNo, AcceptYes}
}

// Options says what a host looks like before it boots.
type Options struct {
	hosttest.Options
	// Init is what starts sshd; Socket is for Systemd only.
	Init Init
	// Socket makes ssh.socket listen and disables ssh.service.
	Socket Socket
	// CloudInit installs cloud-init, which does nothing until the host has a seed:
	// see Seed. Root is the root file system to boot, as Image returns it; "" is a
	// fresh one.
	CloudInit bool
	Root      string
	// SSHDOpts becomes SSHD_OPTS in /etc/default/ssh.
	SSHDOpts string
}

// Start boots a host that lives as long as the test.
func Start(t testing.TB, o Options) *Host {
	t.Helper()
	NeedsLab(t)
	h, err := boot(o, func(err error) {
		t.Helper()
		t.Fatal(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// NeedsLab skips the test, or fails it with REQUIRE_SSHD=1, on a machine that
// cannot make hosts.
func NeedsLab(t testing.TB) {
	t.Helper()
	hosttest.Needs(t, Missing())
}

// Missing says in one sentence what this machine lacks for making hosts, and how
// to get it; nil if nothing.
func Missing() error {
	if err := hosttest.Missing(); err != nil {
		return err
	}
	packages := map[string]string{"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "ip": "iproute2", "ssh": "openssh-client"}
	var absent []string
	for program, name := range packages {
		if _, err := exec.LookPath(program); err != nil {
			absent = append(absent, name)
		}
	}
	if absent != nil {
		return fmt.Errorf("hosts with systemd need packages that this machine lacks: apt-get install %s", strings.Join(absent, " "))
	}
	return nil
}

func boot(o Options, fail func(error)) (*Host, error) {
	if o.Release == "" {
		o.Release = "bookworm"
	}
	root, err := rootOf(o)
	if err != nil {
		return nil, err
	}
	h := &Host{fail: fail, system: o.Init}
	h.Machine, err = hosttest.BootOn(hosttest.Base{Root: root, Init: initScript, Enter: h.enter}, o.Options, fail)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(h.enable(o), h.powerOn()); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}
