//go:build hosts

package reconcile_test

import (
	"slices"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
)

// hostStartup is a startup on a host with systemd.
type hostStartup struct {
	startup
	socket   lab.Socket
	sshdOpts string
}

// secondUnit makes a unit for the daemon at port 2222.
const secondUnit = other + "mkdir -p /run/sshd; printf '%s\n' [Service] 'ExecStart=/usr/sbin/sshd -D -f /srv/conf/sshd_config' KillMode=process >/etc/systemd/system/second.service; " +
	"systemctl daemon-reload; systemctl start second; "

var hostStartups = []hostStartup{
	{startup: startup{name: "ssh.service"}},
	{startup: startup{name: "ssh.service, by sudo", user: "admin"}},
	{startup: startup{name: "ssh.service, SSHD_OPTS with -f", setup: elsewhere22}, sshdOpts: "-f /srv/conf/sshd_config -o LoginGraceTime=33"},
	{startup: startup{name: "ssh.service, SSHD_OPTS with quotes"}, sshdOpts: `-o \"AcceptEnv FOO BAR\"`},
	{startup: startup{name: "ssh.service, restarted between two looks", meanwhile: "systemctl restart ssh; sleep 0.5"}},
	{startup: startup{name: "ssh.socket, Accept=no"}, socket: lab.AcceptNo},
	{startup: startup{name: "ssh.socket, Accept=no, a second instance", setup: secondUnit, dial: 2222}, socket: lab.AcceptNo},
	{startup: startup{name: "ssh.socket, Accept=yes"}, socket: lab.AcceptYes},
	{startup: startup{name: "ssh.socket, Accept=yes, SSHD_OPTS with -f", setup: elsewhere22}, socket: lab.AcceptYes, sshdOpts: "-f /srv/conf/sshd_config -o LoginGraceTime=33"},
	{startup: startup{name: "a second unit without ExecReload", setup: secondUnit, dial: 2222}},
	{startup: startup{name: "the first of two units", setup: secondUnit}},
	{startup: startup{name: "a supervisor as a unit", setup: other + "printf '#!/bin/sh\n/usr/sbin/sshd -D -f /srv/conf/sshd_config\n:\n' >/srv/run; chmod 755 /srv/run; " +
		"printf '%s\n' [Service] ExecStart=/srv/run >/etc/systemd/system/supervisor.service; systemctl daemon-reload; systemctl start supervisor", dial: 2222}},
	{startup: startup{name: "started by hand, from a session", setup: other +
		"ssh-keygen -q -t ed25519 -N '' -f /root/key; cat /root/key.pub >>/root/.ssh/authorized_keys; " +
		"ssh -o StrictHostKeyChecking=no -i /root/key 127.0.0.1 /usr/sbin/sshd -f /srv/conf/sshd_config", dial: 2222}},
}

func identityOnHosts(t *testing.T, release string, table *identityTable) {
	for _, s := range hostStartups {
		if !slices.Contains(lab.Sockets(release), s.socket) {
			continue
		}
		t.Run(release+"/"+s.name, func(t *testing.T) {
			t.Parallel()
			o := lab.Options{Options: s.options(release), Socket: s.socket, SSHDOpts: s.sshdOpts}
			o.NoDaemon = false
			if s.sshdOpts != "" && s.setup != "" {
				// It is there before the daemon that reads it.
				o.Files = map[string]string{"/srv/conf/sshd_config": "PidFile /run/other.pid\n"}
				s.setup = ""
			}
			table.add(t, release, s.startup, lab.Start(t, o).Machine)
		})
	}
}
