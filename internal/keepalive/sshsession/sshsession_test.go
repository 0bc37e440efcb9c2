package sshsession

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestOrphan: where a process came from decides, and names that it chose itself do not.
func TestOrphan(t *testing.T) {
	sshd := Process{PID: 50, Parent: 1, CGroup: "/system.slice/ssh.service", Title: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"}
	for name, c := range map[string]struct {
		p         Process
		selfLogin int64
		want      bool
	}{
		"left by a session":              {Process{UID: 1000, CGroup: "/user.slice/user-1000.slice/session-4.scope"}, -1, true},
		"root's, left by a session":      {Process{CGroup: "/user.slice/user-0.slice/session-c4.scope"}, Unset, true},
		"in sshd's own unit":             {Process{UID: 1000, CGroup: "/system.slice/ssh.service"}, 1000, true},
		"a service of the same account":  {Process{UID: 1000, CGroup: "/system.slice/app.service"}, -1, false},
		"the user's own service manager": {Process{UID: 1000, CGroup: "/user.slice/user-1000.slice/user@1000.service/init.scope"}, -1, false},
		"a scope that it made itself":    {Process{UID: 1000, CGroup: "/user.slice/user-1000.slice/user@1000.service/session-4.scope"}, -1, false},
		"without cgroups":                {Process{UID: 1000, CGroup: "/"}, Unset, true},
		"that came from no login":        {Process{UID: 1000, CGroup: "/", LoginUID: Unset}, 1000, false},
		"of an account of the system":    {Process{UID: 101, CGroup: "/"}, -1, false},
		"of an account made up":          {Process{UID: 61200, CGroup: "/"}, -1, false},
		"of account 65534":               {Process{UID: 65534, CGroup: "/"}, -1, false},
		"of a directory's account":       {Process{UID: 1_200_000_000, CGroup: "/"}, -1, true},
		"that ended":                     {Process{UID: 1000, CGroup: "/", State: "Z"}, -1, false},
		"that calls itself sshd":         {Process{UID: 1000, CGroup: "/", Title: "sshd: bob [priv]"}, -1, true},
		"that went meanwhile":            {Process{UID: -1}, -1, false},
	} {
		c.p.PID, c.p.Parent = 70, 1
		list, why := Facts{UIDMin: 1000, SelfLogin: c.selfLogin, Processes: []Process{sshd, c.p}}.Orphans()
		if (len(list) == 1) != c.want || why != "" {
			t.Errorf("%s: %+v, %s", name, list, why)
		}
	}
}

// TestSessionOfRoot finds the connection of the client among those that it forwards: one
// to elsewhere, and one that came in by a port of the session's own.
func TestSessionOfRoot(t *testing.T) {
	c := func(local, peer string) Connection { return Connection{Local: local, Peer: peer, State: "ESTAB"} }
	f := Facts{
		Source: "proc", Held: map[int][]string{60: {"1", "2", "3", "4"}}, Listening: map[string]int{"9": 22, "2": 2222},
		Connections: map[string]Connection{"1": c("10.0.0.1:40000", "10.0.0.2:22"), "3": c("10.0.0.1:22", "10.0.0.9:5000"), "4": c("127.0.0.1:2222", "127.0.0.1:5001")},
		Processes:   []Process{{PID: 60, Parent: 50, Title: "sshd: root"}},
	}
	list, why := f.Sessions()
	if len(list) != 1 || why != "" || list[0].Peer != "10.0.0.9:5000" || list[0].User != "root" || !list[0].LoggedIn || list[0].State != Open {
		t.Errorf("%+v, %s", list, why)
	}
	delete(f.Connections, "1")
	delete(f.Connections, "3")
	delete(f.Connections, "4")
	if list, _ := f.Sessions(); list[0].State != Dead {
		t.Errorf("a process without a connection: %+v", list)
	}
	f.Held = nil
	if list, _ := f.Sessions(); list[0].State != Unknown {
		t.Errorf("a process whose descriptors are closed to us: %+v", list)
	}
}

// TestProbing by release, interval and how long a client is silent.
func TestProbing(t *testing.T) {
	for _, c := range []struct {
		release            string
		interval, received int64
		want               Probing
		dead               int64
	}{
		{"OpenSSH_8.4p1", 15, 900_000, Always, 60}, {"OpenSSH_9.2p1", 15, 100_000, WhileQuiet, 120}, {"OpenSSH_9.2p1", 15, 151_000, NotNow, 120},
		{"OpenSSH_10.0p2", 15, 74_000, WhileQuiet, 60}, {"OpenSSH_10.0p2", 15, 76_000, NotNow, 60}, {"OpenSSH_10.0p2", 15, -1, WhileQuiet, 60}, {"OpenSSH_10.0p2", 0, 76_000, Never, 0},
	} {
		v, err := sshconf.ParseVersion(c.release)
		if err != nil {
			t.Fatal(err)
		}
		s := Session{LoggedIn: true, Found: true, User: "bob", Connection: Connection{Local: "[2001:db8::1]:22", Peer: "[::ffff:10.0.0.9]:5000", Received: c.received}}
		f := Facts{Release: v, Answers: map[string]Answer{"user=bob,host=10.0.0.9,addr=10.0.0.9,laddr=2001:db8::1,lport=22": {Interval: c.interval, Count: 3}}}
		if f.probes(&s); s.Probing != c.want || s.DeadPeer != c.dead {
			t.Errorf("%+v: %q, %d, %s", c, s.Probing, s.DeadPeer, s.ProbingWhy)
		}
	}
}
