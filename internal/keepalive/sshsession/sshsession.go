// Package sshsession decides what the sessions of an sshd are like: whether the client is
// still there, whether sshd would notice, and which processes earlier sessions left.
//
// It knows what the kernel, sshd and logind say of processes and connections. It must not
// know how they are asked.
package sshsession

import (
	"regexp"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Process is one of sshd, or one whose parent is process 1.
type Process struct {
	PID, Parent int
	State       string // as in /proc/PID/stat; Z is a process that has ended
	Start       int64  // in hundredths of a second since the boot
	Program     string // its name, without arguments
	UID         int64  // -1 where it went while it was looked at
	LoginUID    int64  // of the account that logged in, Unset for none
	LoginID     int64  // which the kernel gave to that login, Unset for none
	CGroup      string
	Title       string // of sshd: what it calls itself
}

// Unset is what the kernel has for the login of a process that came from none.
const Unset = 1<<32 - 1

// Connection is a TCP connection as ss or the kernel has it. Times are milliseconds, and
// -1 where the kernel's table does not tell.
type Connection struct {
	Local, Peer string // address and port
	State       string // as ss calls it: ESTAB
	Unacked     int64  // bytes that the other end did not acknowledge yet
	Timer       string // on (retransmission), keepalive, persist, or ""
	TimerLeft   int64  // until it goes off
	Retransmits int64  // in a row, without an answer
	Probes      int64  // of TCP itself, without an answer
	Received    int64  // since data came
	Sent        int64  // since data went
	AllRetrans  int64  // segments that were ever sent again; -1 as above
}

// Answer is what sshd says about its probes for one user, address and port.
type Answer struct {
	Interval, Count int64
	Refused         string // what sshd said in place of that
}

// Login is a session of logind.
type Login struct {
	ID, User, State, RemoteHost, Service, TTY string
	Scope                                     string // the unit of its processes
	Leader                                    int
	Since                                     int64 // hundredths of a second since the boot
}

// Facts are one look at a host.
type Facts struct {
	Clock     int64 // hundredths of a second since the boot
	Now       int64 // seconds since 1970
	UIDMin    int64
	Hidden    bool  // processes of other accounts are not shown
	Remote    bool  // the look came through an sshd, so there is a session of its own
	Self      int   // the process of that session
	SelfLogin int64 // its LoginUID
	Release   sshconf.Version

	Processes   []Process
	Held        map[int][]string // the sockets of each process of sshd, as far as it may be looked at
	Listening   map[string]int   // the port of a listening socket
	Source      string           // who told of the connections: ss, proc, or "" for neither
	Connections map[string]Connection
	Answers     map[string]Answer // by context, as sshd -T -C takes it
	NoAnswers   string            // why sshd was not asked
	Terminals   map[string]int64  // when each was read last, in seconds since 1970
	Accounts    map[int64]string
	Logins      []Login
	NoLogins    string         // why logind was not asked
	Leaders     map[int]string // the cgroup of each leader that is there
}

var (
	scopePattern   = regexp.MustCompile(`^session-([A-Za-z0-9]+)\.scope$`)
	sessionPattern = regexp.MustCompile(`^[^:]*: (.*)$`)
)

// place returns the session of logind that a cgroup belongs to, and the service. What
// stands first counts: an account may make groups of any name below its own.
func place(cgroup string) (session, service string) {
	for part := range strings.SplitSeq(cgroup, "/") {
		if m := scopePattern.FindStringSubmatch(part); m != nil {
			return m[1], ""
		}
		if strings.HasSuffix(part, ".service") {
			return "", part
		}
	}
	return "", ""
}

// isListener reports whether a process of sshd waits for connections. Its title is its
// command line, which begins with a path, also before 8.2.
func (p Process) isListener() bool {
	title := p.Title
	if m := sessionPattern.FindStringSubmatch(title); m != nil {
		title = m[1]
	}
	return strings.HasPrefix(title, "/")
}

func (p Process) isSSHD() bool { return p.Title != "" }

// account is the name of an account, or its number.
func (f Facts) account(uid int64) string {
	if name := f.Accounts[uid]; name != "" {
		return name
	}
	return decimal(uid)
}

func (f Facts) age(start int64) int64 { return max(0, f.Clock-start) / 100 }
