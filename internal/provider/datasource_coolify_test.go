package provider

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
)

func TestCoolifySource(t *testing.T) {
	t.Parallel()
	h := &fakeHost{machineID: "m1", hostKey: "SHA256:one", coolify: coolify.Installation{
		Facts: coolify.Facts{File: coolify.DefaultFile, Text: []byte("SSH_MUX_PERSIST_TIME=\"\x1b[31m\"\nSSH_COMMAND_TIMEOUT=7\n"), Changed: 1_000_000_001}, Now: 1_000_000_500,
		Engine: "docker", Container: &coolify.Container{ID: "4f", Image: "ghcr.io/coollabsio/coolify:4.3.0", Status: "running", PID: 9, Created: 1_000_000_000, Started: 1_000_000_001},
		Seen: true, Sockets: []coolify.Socket{{Name: "mux_a", Mode: "600", UID: 9999, Age: 5}, {Name: "mux_b", Mode: "600", UID: 9999, Age: 6}},
		Masters: []coolify.Master{{Name: "mux_b", PID: 10, UID: 9999, Program: "ssh", Age: 90}, {Name: "mux_b", PID: 11, UID: 9999, Program: "ssh", Age: 7}, {Name: "mux_c", PID: 12, Program: "ssh", Age: 80}, {Name: "mux_d", PID: 13, Program: "perl"}},
	}}
	r := start(t, one(h), nil)
	expect(t, r.answer(coolifySeenType, values{"host": "web1"}), map[string]string{
		"release": "4.3.0", "release_source": "container", "running.release": "4.3.0", "running.engine": "docker", "running.pid": "9", "running.created": "2001-09-09T01:46:40Z", "pending_restart": "true",
		"settings.SSH_MUX_PERSIST_TIME.value": `\x1b[31m`, "settings.SSH_MUX_PERSIST_TIME.default": "3600", "settings.SSH_MUX_PERSIST_TIME.line": "1", "settings.SSH_MUX_PERSIST_TIME.read": "true",
		"settings.SSH_MAX_RETRIES.value": "3", "settings.SSH_MAX_RETRIES.written": "null", "settings.SSH_MAX_RETRIES.line": "null",
		"settings.SSH_COMMAND_TIMEOUT.value": "null", "settings.SSH_COMMAND_TIMEOUT.default": "null", "settings.SSH_COMMAND_TIMEOUT.written": "7", "settings.SSH_COMMAND_TIMEOUT.read": "false",
		"reports.age.applies": "yes", "reports.persist.applies": "yes", "reports.retries.applies": "yes",
		"sockets.0.name": "mux_a", "sockets.0.stale": "true", "sockets.0.pid": "null", "sockets.0.process_age_seconds": "null", "sockets.1.stale": "false", "sockets.1.pid": "11", "sockets.1.process_age_seconds": "7",
		"orphans.0.pid": "10", "orphans.0.socket": "mux_b", "orphans.1.pid": "12", "counts.sockets": "2", "counts.stale": "1", "counts.orphans": "2", "machine_id": "m1",
	})
	h.coolify = coolify.Installation{Facts: coolify.Facts{File: coolify.DefaultFile, Text: []byte("SSH_MUX_ENABLED=false\nSSH_MAX_RETRIES=1\n")}}
	none := "neither dockerd nor a container of podman runs on the host"
	expect(t, r.answer(coolifySeenType, values{"host": "web1"}), map[string]string{
		"release": "null", "release_source": "null", "running": "null", "pending_restart": "null", "sockets": "null", "orphans": "null", "counts.sockets": "null", "counts.stale": "null", "counts.orphans": "null",
		"settings.SSH_MUX_ENABLED.value": "false", "settings.SSH_MUX_ENABLED.read": "null", "reports.age.applies": "no", "reports.age.why": "multiplexing is off", "reports.retries.applies": "no",
		"not_seen.running": none, "not_seen.pending_restart": none, "not_seen.sockets": none, "not_seen.orphans": none,
	})
	h.coolify.Text = nil
	expect(t, r.answer(coolifySeenType, values{"host": "web1"}), map[string]string{"reports.age.applies": "possible", "reports.health_check.applies": "possible", "reports.persist.applies": "possible", "reports.retries.applies": "possible"})
}
