package provider

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

func TestControlSockets(t *testing.T) {
	t.Parallel()
	check := sshclient.SocketCheck{There: true, Mode: 0o620, Owner: "bob", Age: 7200}
	hung := check
	hung.Listener = &sshclient.Listener{PID: 4712, Program: "ssh", Age: 7201}
	hung.Targets = []sshclient.Destination{{Name: "web1", User: "deploy", HostName: "web1.example.com", Port: "2222"}}
	h := &fakeHost{machineID: "m1", hostKey: "SHA256:one", sockets: sshclient.SocketFacts{
		Sockets: []sshclient.ControlSocket{
			{SocketCheck: sshclient.SocketCheck{Path: "/home/bob/.ssh/cm-gone"}, State: sshclient.Unclear, Why: "it went"},
			{SocketCheck: check, State: sshclient.Live, PID: 4711, Exposed: true},
			{SocketCheck: check, State: sshclient.Stale, Why: "no process listens there"},
			{SocketCheck: check, State: sshclient.NotSSH, Why: "expected HELLO"},
			{SocketCheck: hung, State: sshclient.Unclear, Why: "no answer"},
		},
		Unnamed: 1,
	}}
	r := start(t, one(h), nil)
	expect(t, r.answer(socketsType, values{"host": "web1", "path": "~/.ssh/cm-*", "user": "bob"}), map[string]string{
		"sockets.0.path": "/home/bob/.ssh/cm-gone", "sockets.0.state": "unknown", "sockets.0.why": "it went", "sockets.0.age_seconds": "null", "sockets.0.mode": "null", "sockets.0.owner": "null", "sockets.0.exposed": "null",
		"sockets.1.state": "live", "sockets.1.pid": "4711", "sockets.1.age_seconds": "7200", "sockets.1.mode": "0620", "sockets.1.owner": "bob", "sockets.1.exposed": "true", "sockets.1.why": "null",
		"sockets.2.state": "stale", "sockets.2.pid": "null", "sockets.2.exposed": "false", "sockets.3.state": "not ssh", "sockets.3.listener": "null",
		"sockets.4.listener.pid": "4712", "sockets.4.listener.program": "ssh", "sockets.4.listener.user": "bob", "sockets.4.listener.age_seconds": "7201",
		"sockets.4.targets.0.name": "web1", "sockets.4.targets.0.user": "deploy", "sockets.4.targets.0.hostname": "web1.example.com", "sockets.4.targets.0.port": "2222",
		"counts.live": "1", "counts.stale": "1", "counts.not_ssh": "1", "counts.unknown": "2", "unnamed": "1", "machine_id": "m1", "host_key_sha256": "SHA256:one",
	})
	h.sockets, h.machineID = sshclient.SocketFacts{}, ""
	expect(t, r.answer(socketsType, values{"host": "web1", "path": "/none"}), map[string]string{"counts.live": "0", "machine_id": "null"})
}
