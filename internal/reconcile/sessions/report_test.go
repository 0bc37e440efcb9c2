package sessions

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

const reportText = `@clock 1700000000 5000.25
@uid_min 1000
@process 53 S 1 100 sshd
@ids 0 4294967295 4294967295
@cgroup /system.slice/ssh.service
@title sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
@monitor 53
@process 60 S 53 400025 sshd
@ids 0 1000 7
@cgroup /user.slice/user-1000.slice/session-7.scope
@title sshd: bob [priv]
@monitor 60
@process 61 S 60 400030 sshd
@ids 1000 1000 7
@cgroup /user.slice/user-1000.slice/session-7.scope
@title sshd: bob@pts/0
@process 70 S 1 300025 a) Z 2 (b
@ids 1000 1000 5
@cgroup /user.slice/user-1000.slice/session-5.scope
@self 60
@login 1000
@held 53
@fd 53 3 900
@held 60
@fd 60 4 901
@source ss
@listen 900 22
@tcp 901 [::ffff:192.0.2.1]:22 [::ffff:192.0.2.9]:50000
@row ESTAB 0 36 [::ffff:192.0.2.1]:22 [::ffff:192.0.2.9]:50000 timer:(on,1.2sec,5) ino:901 sk:1 <-> ts rto:208 lastsnd:1500 lastrcv:9000 retrans:1/7 rcv_space:14480
@release OpenSSH_9.2p1 Debian-2
@context 0 user=bob,host=192.0.2.9,addr=192.0.2.9,laddr=192.0.2.1,lport=22
@interval 15
@countmax 3
@tty 1699999940 /dev/pts/0
@account root:0
@account bob:1000
@session Id=5
@session Name=bob
@session TimestampMonotonic=3000250000
@session RemoteHost=192.0.2.9
@session Leader=44
@session Service=sshd
@session Scope=session-5.scope
@session State=closing
@session Id=7
@session Leader=60
@session Scope=session-7.scope
@leader 60 0::/user.slice/user-1000.slice/session-7.scope
@machine 0123456789abcdef0123456789abcdef
@end
`

func readText(text string) (seen, error) {
	return parse(reconcile.Target{Spec: host.Spec{Transport: "ssh"}}, struct{}{}, text)
}

// readError also decides, which no report may crash.
func readError(text string) error {
	s, err := readText(text)
	_, _ = s.Facts.Sessions()
	_, _ = s.Facts.Orphans()
	_, _ = s.Facts.LeftLogins()
	return err
}

// TestReportWithLies reads a report as it is, so that the fuzz target begins with what is
// valid, and then with lies in every section.
func TestReportWithLies(t *testing.T) {
	s, err := readText(reportText)
	if err != nil {
		t.Fatal(err)
	}
	list, why := s.Facts.Sessions()
	if len(list) != 1 || why != "" {
		t.Fatalf("%+v, %s", list, why)
	}
	a := list[0]
	if a.User != "bob" || !a.Own || a.Login != "7" || a.PeerAddress() != "192.0.2.9" || a.PeerPort() != 50000 || a.Age != 1000 || a.Idle != 60 || a.State != sshsession.Dead ||
		a.Unacked != 36 || a.Retransmits != 5 || a.TimerLeft != 1200 || a.Received != 9000 || a.Sent != 1500 || a.AllRetrans != 7 || a.Probing != sshsession.WhileQuiet || a.DeadPeer != 120 {
		t.Errorf("%+v", a)
	}
	if orphans, why := s.Facts.Orphans(); why != "" || len(orphans) != 1 || orphans[0] != (sshsession.Orphan{PID: 70, Program: "a) Z 2 (b", User: "bob", Age: 2000, Session: "5"}) {
		t.Errorf("%+v, %s", orphans, why)
	}
	if ended, why := s.Facts.LeftLogins(); why != "" || len(ended) != 1 || ended[0].ID != "5" || ended[0].State != "closing" || s.Facts.Since(ended[0]) != 2000 {
		t.Errorf("%+v, %s", ended, why)
	}
	shelltest.CheckLies(t, reportText, readError)
}

func FuzzSessionsReport(f *testing.F) { shelltest.Fuzz(f, reportText, readError) }

// TestTimers: as ss of iproute2 writes them, which leaves out what is 0.
func TestTimers(t *testing.T) {
	for timer, want := range map[string]int64{"on,1.2sec,5": 1200, "on,200ms,5": 200, "persist,1min40sec,5": 100_000, "keepalive,119min,5": 7_140_000, "on,,5": 0} {
		s, err := readText(strings.Replace(reportText, "(on,1.2sec,5)", "("+timer+")", 1))
		if c := s.Facts.Connections["901"]; err != nil || c.TimerLeft != want || c.Retransmits+c.Probes != 5 {
			t.Errorf("%s: %+v, %v", timer, c, err)
		}
	}
	for _, timer := range []string{"on,x,5", "on,-1ms,5", "on"} {
		if _, err := readText(strings.Replace(reportText, "(on,1.2sec,5)", "("+timer+")", 1)); err == nil {
			t.Errorf("%s is accepted", timer)
		}
	}
}
