package provider

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	v, err := sshconf.ParseVersion("OpenSSH_9.2p1")
	if err != nil {
		t.Fatal(err)
	}
	peer := sshsession.Connection{Local: "192.0.2.1:22", Peer: "192.0.2.9:50000", State: "ESTAB", Timer: "on", TimerLeft: 1500, Unacked: 36, Retransmits: 4, Received: 500_000, Sent: -1, AllRetrans: -1}
	h := &fakeHost{machineID: "m1", hostKey: "SHA256:one", sessions: sshsession.Facts{
		Clock: 1_000_000, Now: 1000, UIDMin: 1000, Release: v, Source: "ss", NoLogins: "no logind runs on the host", SelfLogin: -1,
		Processes: []sshsession.Process{
			{PID: 10, Parent: 1, Program: "sshd", Title: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"},
			{PID: 20, Parent: 10, Start: 900_000, Program: "sshd", Title: "sshd: bob [priv]"},
			{PID: 21, Parent: 20, Program: "sshd", UID: 1000, Title: "sshd: bob@pts/3"},
			{PID: 22, Parent: 10, Start: 999_900, Program: "sshd", Title: "sshd: [accepted]"},
			{PID: 30, Parent: 1, Program: "nohup", UID: 1000, CGroup: "/user.slice/user-1000.slice/session-4.scope", Start: 500_000},
		},
		Held: map[int][]string{20: {"7"}}, Connections: map[string]sshsession.Connection{"7": peer}, Terminals: map[string]int64{"/dev/pts/3": 940},
		Answers:  map[string]sshsession.Answer{"user=bob,host=192.0.2.9,addr=192.0.2.9,laddr=192.0.2.1,lport=22": {Interval: 15, Count: 3}},
		Accounts: map[int64]string{1000: "bob"},
	}}
	r := start(t, one(h), nil)
	expect(t, r.answer(sessionsType, values{"host": "web1"}), map[string]string{
		"sessions.0.pid": "20", "sessions.0.user": "bob", "sessions.0.logged_in": "true", "sessions.0.own": "false", "sessions.0.login": "null", "sessions.0.terminals.0": "pts/3", "sessions.0.peer_address": "192.0.2.9", "sessions.0.peer_port": "50000",
		"sessions.0.age_seconds": "1000", "sessions.0.idle_seconds": "60", "sessions.0.state": "dead", "sessions.0.unacknowledged_bytes": "36", "sessions.0.retransmissions": "4", "sessions.0.timer": "on", "sessions.0.timer_seconds": "1",
		"sessions.0.last_received_seconds": "500", "sessions.0.last_sent_seconds": "null", "sessions.0.total_retransmissions": "null", "sessions.0.probing": "not now", "sessions.0.dead_peer_timeout": "120",
		"sessions.1.pid": "22", "sessions.1.user": "null", "sessions.1.logged_in": "false", "sessions.1.state": "unknown", "sessions.1.peer_address": "null", "sessions.1.unacknowledged_bytes": "null", "sessions.1.probing": "null", "sessions.1.dead_peer_timeout": "null",
		"orphans.0.pid": "30", "orphans.0.program": "nohup", "orphans.0.user": "bob", "orphans.0.session": "4", "orphans.0.age_seconds": "5000",
		"ended_logins": "null", "not_seen.ended_logins": "no logind runs on the host",
		"counts.sessions": "2", "counts.dead": "1", "counts.unknown": "1", "counts.unprobed": "1", "counts.orphaned": "1", "counts.ended_logins": "null", "source": "ss", "machine_id": "m1",
	})
	h.sessions.Remote, h.sessions.NoLogins, h.sessions.Hidden, h.sessions.Source = true, "", true, ""
	expect(t, r.answer(sessionsType, values{"host": "web1"}), map[string]string{
		"sessions": "null", "orphans": "null", "counts.sessions": "null", "counts.dead": "null", "counts.orphaned": "null", "counts.ended_logins": "0", "source": "null",
	})
}
