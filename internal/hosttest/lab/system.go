package lab

import (
	_ "embed"
	"strings"
)

var (
	//go:embed root.sh
	rootScript string
	//go:embed root_sysv.sh
	rootSysVScript string
)

// Init is what starts everything on a host.
type Init string

// What hosts can have: systemd, and sysvinit as process 1 with the runlevels of
// sysv-rc, and with those of OpenRC. The host with sysv-rc also has at and cron;
// the one with OpenRC has neither.
const (
	Systemd Init = ""
	SysV    Init = "sysvinit"
	OpenRC  Init = "openrc"
)

// recipe makes the root file system.
func (i Init) recipe() string {
	if i == Systemd {
		return rootScript
	}
	return rootSysVScript
}

// enabling is a script that makes sshd start with the host, or that which listens
// in its stead.
func (i Init) enabling(s Socket) string {
	switch {
	case i == SysV:
		return "" // as its package has it
	case i == OpenRC:
		// dpkg takes what sysv-rc leaves in the place of openrc's files for changes
		// by hand.
		return "export DEBIAN_FRONTEND=noninteractive; dpkg --auto-deconfigure -i /opt/*.deb >/dev/null; dpkg --purge at cron >/dev/null; " +
			"for f in rc rcS; do mv /etc/init.d/$f.dpkg-new /etc/init.d/$f; done; "
	case s == NoSocket:
		return "systemctl --quiet disable ssh.socket; systemctl --quiet enable ssh.service; "
	}
	return "systemctl --quiet disable ssh.service; systemctl --quiet enable ssh.socket; " + acceptScript(s)
}

// up asks the host whether everything has started; state is for messages.
func (h *Host) up() (up bool, state string) {
	if h.system != Systemd {
		_, err := h.Exec("test", "-e", "/run/started")
		return err == nil, "starting"
	}
	// The exit status is not 0 for "degraded", which one mount that namespaces
	// forbid is enough for.
	out, _ := h.Exec("systemctl", "is-system-running")
	state = strings.TrimSpace(out)
	return state == "running" || state == "degraded", state
}

// Service has whatever looks after sshd do something with it: start, stop, reload,
// restart, status.
func (h *Host) Service(verb string) string {
	switch h.system {
	case SysV:
		return h.Sh("service ssh " + verb)
	case OpenRC:
		return h.Sh("rc-service ssh " + verb)
	}
	return h.Sh("systemctl " + verb + " ssh.service")
}

// RestartSSHD restarts the service, or makes the socket start it again.
func (h *Host) RestartSSHD() { h.Service("restart") }
