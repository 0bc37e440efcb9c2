package sshserver

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Daemon is what was observed of the running sshd.
type Daemon struct {
	PID        int      // 0: none listens
	ConfigFile string   // -f of the running daemon, else what its program reads without
	Options    []string // on its command line, which win over files: "-o Banner none", "-p 22", "-4"
	// PerConnection says that an sshd is started for each connection, and reads the
	// files then.
	PerConnection bool
	// Absent says that no running sshd reads ConfigFile, which the user named.
	Absent bool
	// Stale says that files are newer than what the daemon has loaded. NoPIDFile is
	// a daemon without a pid file of its own, so that only its start time is known;
	// StaleUnknown says that files are newer than that.
	Stale, NoPIDFile, StaleUnknown bool
}

// NoReader is a file that no daemon reads, so that nothing in it has an effect yet.
const NoReader keepalive.Code = "no reader"

// noReader warns of a config_file that no running sshd reads.
func noReader(have Facts) []keepalive.Problem {
	if !have.Daemon.Absent {
		return nil
	}
	return []keepalive.Problem{{Code: NoReader, Warning: true, Attribute: "config_file", Text: "no running sshd reads " + have.Daemon.ConfigFile}}
}

// Facts is everything a decision may depend on.
type Facts struct {
	Version     sshconf.Version
	VersionText string // as the program prints it: OpenSSH_9.2p1 Debian-2+deb12u6
	Tree        sshconf.Tree
	// IncludeDirs are the existing directories that Include patterns look into,
	// in the order of the patterns.
	IncludeDirs []string
	// Mounts are the files of Tree on which something is mounted.
	Mounts []string
	// CloudInit says that cloud-init is installed, which edits files of sshd at the
	// first boot of each instance.
	CloudInit bool
	Daemon    Daemon
	// Effective is what sshd -T prints in each of Contexts, which is what
	// ContextsOf returned for the wanted settings, the default context first.
	Contexts  []sshconf.Context
	Effective []sshconf.Dump
	// Canonical is what the host's own sshd prints for the wanted global
	// settings alone; MatchCanonical the same for each Match block: see
	// WantedTexts.
	Canonical      sshconf.Dump
	MatchCanonical []sshconf.Dump
	// Refused is what sshd says against each of the WantedTexts, Invalid what it
	// says against the running configuration; "" if it accepts it.
	Refused []string
	Invalid string
}
