package sessions

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// report is what gather.sh and ask.sh printed.
type report struct {
	shell.Report
	facts   sshsession.Facts
	inode   string // of the connection that was told of last
	context string // that sshd was asked about last
}

// section takes one line of the report.
func (r *report) section(word, arg string) error {
	switch word {
	case "noproc":
		return shell.NewMissing(shell.NoProc, "sessions and processes are read from /proc of Linux, and the host (%q) has none", r.Cut(arg, 40))
	case "noroot":
		return fmt.Errorf("only root sees the processes and connections of every account, and the script ran as %q", r.Cut(arg, 100))
	case "hidden":
		r.facts.Hidden = true
	case "monitor", "end", "machine":
	case "process", "ids", "cgroup", "title", "account":
		return r.process(word, arg)
	case "source":
		r.facts.Source = arg
	case "held", "fd", "listen", "tcp", "row":
		return r.socket(word, arg)
	case "release", "lost", "context", "interval", "countmax", "refused":
		return r.answer(word, arg)
	case "nologind", "session", "leader":
		return r.login(word, arg)
	default:
		return r.number(word, arg)
	}
	return nil
}

// number takes a section that holds numbers only.
func (r *report) number(word, arg string) error {
	into, ok := map[string]*int64{"uid_min": &r.facts.UIDMin, "login": &r.facts.SelfLogin}[word]
	first, rest, _ := strings.Cut(arg, " ")
	switch {
	case ok:
		return number(arg, into)
	case word == "self":
		return shell.Number(arg, &r.facts.Self)
	case word == "clock":
		if err := shell.Uptime(rest, &r.facts.Clock); err != nil {
			return err
		}
		return number(first, &r.facts.Now)
	case word == "tty":
		var read int64
		err := number(first, &read)
		r.facts.Terminals[r.Shown(rest, 100)] = read
		return err
	}
	return r.odd(word, arg)
}

// number reads a number; "" and "-" are one that is not known, -1.
func number(s string, into *int64) error {
	if *into = -1; s == "" || s == "-" {
		return nil
	}
	var n int
	err := shell.Number(s, &n)
	*into = int64(n)
	return err
}

func (r *report) process(word, arg string) error {
	if word == "account" {
		name, uid, _ := strings.Cut(arg, ":")
		var n int64
		if number(uid, &n) == nil && r.facts.Accounts[n] == "" { // a line that is none of passwd is passed over
			r.facts.Accounts[n] = r.Shown(name, 100)
		}
		return nil
	}
	if word == "process" {
		f := strings.SplitN(arg, " ", 5)
		p := sshsession.Process{UID: -1, LoginUID: -1, LoginID: -1}
		if len(f) != 5 || shell.Number(f[0], &p.PID) != nil || shell.Number(f[2], &p.Parent) != nil || number(f[3], &p.Start) != nil || p.PID < 1 {
			return r.odd(word, arg)
		}
		p.State, p.Program = r.Shown(f[1], 2), r.Shown(f[4], 64)
		r.facts.Processes = append(r.facts.Processes, p)
		return nil
	}
	if len(r.facts.Processes) == 0 {
		return r.odd(word, arg)
	}
	p := &r.facts.Processes[len(r.facts.Processes)-1]
	switch f := strings.Split(arg, " "); {
	case word == "cgroup":
		p.CGroup = arg
	case word == "title":
		p.Title = r.Shown(arg, 300)
	case len(f) != 3 || number(f[0], &p.UID) != nil || number(f[1], &p.LoginUID) != nil || number(f[2], &p.LoginID) != nil:
		return r.odd(word, arg)
	}
	return nil
}

func (r *report) socket(word, arg string) error {
	f := strings.Fields(arg)
	var pid, port int
	switch {
	case word == "held" && len(f) == 1 && shell.Number(f[0], &pid) == nil:
		if r.facts.Held[pid] == nil {
			r.facts.Held[pid] = []string{}
		}
	case word == "fd" && len(f) == 3 && shell.Number(f[0], &pid) == nil:
		r.facts.Held[pid] = append(r.facts.Held[pid], f[2])
	case word == "listen" && len(f) == 2 && shell.Number(f[1], &port) == nil:
		r.facts.Listening[f[0]] = port
	case word == "tcp" && len(f) == 3:
		r.inode = f[0]
		r.facts.Connections[r.inode] = sshsession.Connection{Local: r.Shown(f[1], 100), Peer: r.Shown(f[2], 100), Received: -1, Sent: -1, AllRetrans: -1}
	case word == "row" && r.inode != "":
		c := r.facts.Connections[r.inode]
		defer func() { r.facts.Connections[r.inode] = c }()
		if r.facts.Source == "ss" {
			return r.ssRow(&c, f)
		}
		return r.procRow(&c, f)
	default:
		return r.odd(word, arg)
	}
	return nil
}

// ssRow reads what ss -tinoe prints of a connection.
func (r *report) ssRow(c *sshsession.Connection, f []string) error {
	if len(f) < 5 || number(f[2], &c.Unacked) != nil {
		return r.odd("row", strings.Join(f, " "))
	}
	c.State = r.Shown(f[0], 20)
	told := false
	for _, word := range f[5:] {
		key, value, _ := strings.Cut(word, ":")
		var err error
		switch key {
		case "rto":
			told = true
		case "timer":
			err = r.ssTimer(c, strings.Split(strings.Trim(value, "()"), ","))
		case "lastsnd":
			err = number(value, &c.Sent)
		case "lastrcv":
			err = number(value, &c.Received)
		case "retrans": // in flight, and ever
			_, all, _ := strings.Cut(value, "/")
			err = number(all, &c.AllRetrans)
		}
		if err != nil {
			return err
		}
	}
	if told { // ss leaves out what is 0
		c.AllRetrans, c.Received, c.Sent = max(0, c.AllRetrans), max(0, c.Received), max(0, c.Sent)
	}
	return nil
}

// ssTimer reads timer:(on,1.2sec,3), (keepalive,119min,0) and (persist,1min40sec,2). Of a
// timer that goes off now, ss of iproute2 prints no time: (on,,3).
func (r *report) ssTimer(c *sshsession.Connection, f []string) error {
	if len(f) != 3 {
		return r.odd("timer", strings.Join(f, ","))
	}
	c.Timer = r.Shown(f[0], 20)
	left, err := time.ParseDuration(cmp.Or(strings.NewReplacer("min", "m", "sec", "s").Replace(f[1]), "0"))
	if err != nil || left < 0 {
		return r.odd("timer", f[1])
	}
	c.TimerLeft = left.Milliseconds()
	if c.Timer == "on" {
		return number(f[2], &c.Retransmits)
	}
	return number(f[2], &c.Probes)
}

var (
	procStates = []string{"", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSE", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV"}
	procTimers = []string{"", "on", "keepalive", "timewait", "persist"}
)

// procRow reads a line of /proc/net/tcp.
func (r *report) procRow(c *sshsession.Connection, f []string) error {
	if len(f) < 10 {
		return r.odd("row", strings.Join(f, " "))
	}
	queue, _, _ := strings.Cut(f[4], ":")
	timer, left, _ := strings.Cut(f[5], ":")
	var n [5]int64
	for i, word := range []string{f[3], queue, timer, left, f[6]} {
		v, err := strconv.ParseUint(word, 16, 40)
		if err != nil {
			return r.odd("row", strings.Join(f, " "))
		}
		n[i] = int64(v)
	}
	if n[0] >= int64(len(procStates)) || n[2] >= int64(len(procTimers)) {
		return r.odd("row", strings.Join(f, " "))
	}
	c.State, c.Unacked, c.Timer, c.TimerLeft, c.Retransmits = procStates[n[0]], n[1], procTimers[n[2]], n[3]*10, n[4]
	return number(f[8], &c.Probes)
}

func (r *report) answer(word, arg string) error {
	a := r.facts.Answers[r.context]
	switch word {
	case "release":
		r.facts.Release, _ = sshconf.ParseVersion(arg)
		return nil
	case "lost":
		reason, detail, _ := strings.Cut(arg, " ")
		r.facts.NoAnswers = r.Shown((&reconcile.NoDaemonError{Reason: reconcile.Reason(reason), Detail: detail}).Error(), 1000)
		return nil
	case "context":
		status, context, _ := strings.Cut(arg, " ")
		if r.context, a = context, (sshsession.Answer{}); status != "0" {
			a.Refused = "it ended with status " + r.Shown(status, 10)
		}
	case "refused":
		a.Refused = r.Shown(arg, 500)
	case "interval":
		if err := number(arg, &a.Interval); err != nil {
			return err
		}
	case "countmax":
		if err := number(arg, &a.Count); err != nil {
			return err
		}
	}
	if r.context == "" {
		return r.odd(word, arg)
	}
	r.facts.Answers[r.context] = a
	return nil
}

// login takes what loginctl says of a session of logind, which begins with its Id.
func (r *report) login(word, arg string) error {
	list := &r.facts.Logins
	switch key, value, _ := strings.Cut(arg, "="); {
	case word == "nologind":
		r.facts.NoLogins = r.Shown(arg, 500)
	case word == "leader":
		pid, cgroup, _ := strings.Cut(arg, " ")
		var n int
		if err := shell.Number(pid, &n); err != nil {
			return err
		}
		r.facts.Leaders[n] = cgroup
	case key == "Id":
		*list = append(*list, sshsession.Login{ID: r.Shown(value, 40)})
	case len(*list) == 0:
		return r.odd(word, arg)
	default:
		return r.property(&(*list)[len(*list)-1], key, value)
	}
	return nil
}

func (r *report) property(l *sshsession.Login, key, value string) error {
	shown := r.Shown(value, 100)
	switch key {
	case "Name":
		l.User = shown
	case "State":
		l.State = shown
	case "RemoteHost":
		l.RemoteHost = shown
	case "Service":
		l.Service = shown
	case "TTY":
		l.TTY = shown
	case "Scope":
		l.Scope = shown
	case "Leader":
		return shell.Number(value, &l.Leader)
	case "TimestampMonotonic":
		var micro int64
		err := number(value, &micro)
		l.Since = micro / 10_000
		return err
	}
	return nil
}
