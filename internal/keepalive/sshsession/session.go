package sshsession

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// State says whether a client is still at the other end.
type State string

// The states of a session.
const (
	Open    State = "open"    // nothing says that the client is gone
	Dead    State = "dead"    // the client does not acknowledge what is sent, or the connection is closed
	Unknown State = "unknown" // the connection could not be looked at
)

// Probing says when sshd asks the client whether it is still there.
type Probing string

// The ways of probing.
const (
	Always     Probing = "always"     // before 9.2: after every interval without data from the client
	WhileQuiet Probing = "when quiet" // from 9.2 on: only where the session writes less often than the interval
	NotNow     Probing = "not now"    // from 9.2 on: the session writes more often than the interval
	Never      Probing = "never"      // ClientAliveInterval is 0
)

// Session is one connection to sshd.
type Session struct {
	PID        int // of sshd's process that runs as root
	User       string
	LoggedIn   bool
	Own        bool // the session of the look itself
	Login      string
	Terminals  []string
	Age        int64
	Idle       int64 // since a terminal of it was read; -1 without one
	Connection       // nothing is in it where Found is not set
	Found      bool
	State      State
	Why        string // it is not open
	Probing    Probing
	ProbingWhy string // it is not known, or not as the release would have it
	DeadPeer   int64  // seconds until sshd drops a silent client; 0 where it never does
}

// Sessions returns the sessions of sshd, the oldest first, or why they are not known.
func (f Facts) Sessions() (list []Session, why string) {
	tops := map[int]bool{}
	for _, p := range f.Processes {
		if p.isSSHD() && p.UID == 0 && !p.isListener() {
			tops[p.PID] = true
		}
	}
	own := false
	for _, p := range f.Processes {
		if tops[p.PID] && !tops[p.Parent] {
			s := f.session(p)
			own = own || s.Own
			list = append(list, s)
		}
	}
	if f.Remote && !own {
		return nil, "the session of this look itself is not among those of a program called sshd: another SSH server answers, or sshd has another name"
	}
	slices.SortStableFunc(list, func(a, b Session) int { return int(b.Age - a.Age) })
	return list, ""
}

func (f Facts) session(p Process) Session {
	s := Session{PID: p.PID, Own: p.PID == f.Self, Age: f.age(p.Start), Idle: -1, LoggedIn: true}
	s.Login, _ = place(p.CGroup)
	f.titled(&s, p)
	for _, child := range f.Processes {
		if child.Parent == p.PID && child.isSSHD() {
			f.titled(&s, child)
		}
	}
	if !s.LoggedIn {
		s.User, s.Terminals = "", nil
	}
	for _, t := range s.Terminals {
		if read, ok := f.Terminals["/dev/"+t]; ok {
			idle := max(0, f.Now-read)
			if s.Idle < 0 || idle < s.Idle {
				s.Idle = idle
			}
		}
	}
	f.connect(&s)
	f.probes(&s)
	return s
}

// titled reads who a process of the session says that it is for: "sshd: bob [priv]",
// "sshd: bob@pts/0,pts/1", "sshd: bob@notty", "sshd: bob" without a channel, and before
// the login "sshd: bob [net]", "[accepted]" or "unknown [priv]".
func (f Facts) titled(s *Session, p Process) {
	_, title, _ := strings.Cut(p.Title, ": ")
	name, phase, marked := strings.Cut(title, " [")
	if phase == "net]" || phase == "accepted]" || phase == "preauth]" || strings.HasPrefix(title, "[") || name == "unknown" && marked {
		s.LoggedIn = false
		return
	}
	if !marked {
		if i := strings.LastIndexByte(name, '@'); i >= 0 && isTerminals(name[i+1:]) {
			if name[i+1:] != "notty" {
				s.Terminals = strings.Split(name[i+1:], ",")
			}
			name = name[:i]
		}
	}
	if s.User == "" {
		s.User = name
	}
}

func isTerminals(text string) bool {
	return text == "notty" || !slices.ContainsFunc(strings.Split(text, ","), func(t string) bool { return !strings.HasPrefix(t, "pts/") })
}

// connect finds the connection of the client among the sockets of the process. That of
// root holds the connections that it forwards as well: those to elsewhere leave by a
// port on which no process listens, and those from a forwarded port come in by one on
// which the session itself listens. Which one is the lowest descriptor says nothing.
func (f Facts) connect(s *Session) {
	held, looked := f.Held[s.PID]
	var own, found []string
	for _, inode := range held {
		if _, ok := f.Listening[inode]; ok {
			own = append(own, strconv.Itoa(f.Listening[inode]))
		}
		if _, ok := f.Connections[inode]; ok {
			found = append(found, inode)
		}
	}
	var ports []string
	for _, port := range f.Listening {
		if p := strconv.Itoa(port); !slices.Contains(own, p) {
			ports = append(ports, p)
		}
	}
	if len(found) > 1 {
		if accepted := keep(found, func(inode string) bool { return slices.Contains(ports, portOf(f.Connections[inode].Local)) }); len(accepted) > 0 {
			found = accepted
		}
	}
	switch {
	case f.Source == "" || !looked:
		s.State, s.Why = Unknown, "its connection could not be looked at"
	case len(found) == 0:
		s.State, s.Why = Dead, "its connection is closed, and the process of sshd is still there"
	default:
		s.Connection, s.Found = f.Connections[found[0]], true
		s.State, s.Why = s.judge()
	}
}

func keep(list []string, is func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !is(s) })
}

func portOf(end string) string { return end[strings.LastIndexByte(end, ':')+1:] }

// unanswered is how often in a row a client may not answer TCP: one or two segments are
// lost on a bad path.
const unanswered = 3

func (c Connection) judge() (State, string) {
	switch {
	case c.Retransmits >= unanswered:
		return Dead, fmt.Sprintf("%d bytes were sent again %d times, and the client acknowledged none of them", c.Unacked, c.Retransmits)
	case c.Probes >= unanswered:
		return Dead, fmt.Sprintf("the client answered none of %d probes of TCP", c.Probes)
	case c.State != "ESTAB":
		return Dead, "the connection is in the state " + c.State
	}
	return Open, ""
}

// probes says when sshd would ask the client of s. From 9.2 on it asks only when its
// poll timed out, so that a session which writes more often than the interval is not
// asked; how often one writes, no table tells. But a quiet client is heard of after
// every interval, because it answers the probe, or is dropped.
func (f Facts) probes(s *Session) {
	a, ok := f.Answers[contextOf(*s)]
	switch {
	case !s.LoggedIn:
		s.ProbingWhy = "the client has not logged in yet: LoginGraceTime ends that"
		return
	case f.NoAnswers != "":
		s.ProbingWhy = f.NoAnswers
		return
	case !ok:
		s.ProbingWhy = "sshd was not asked about this user and connection"
		return
	case a.Refused != "":
		s.ProbingWhy = "sshd -T: " + a.Refused
		return
	case f.Release.IsZero():
		s.ProbingWhy = "the release of sshd is not known"
		return
	}
	s.DeadPeer, _ = keepalive.DeadPeerTimeout(a.Interval, a.Count, f.Release)
	silent := s.Received / 1000
	switch {
	case a.Interval == 0:
		s.Probing = Never
	case !f.Release.AtLeast(9, 2):
		s.Probing = Always
	case s.Found && s.DeadPeer > 0 && silent > s.DeadPeer+keepalive.ProbeSpacing(a.Interval, f.Release):
		s.Probing, s.ProbingWhy = NotNow, fmt.Sprintf("no data came for %d s, and sshd drops a quiet client after %d s: the session writes more often than every %d s, so that sshd does not ask", silent, s.DeadPeer, a.Interval)
	default:
		s.Probing = WhileQuiet
	}
}

// contextOf is how the script asks sshd about a session.
func contextOf(s Session) string {
	peer, local := address(s.Peer), address(s.Local)
	return fmt.Sprintf("user=%s,host=%s,addr=%s,laddr=%s,lport=%s", s.User, peer, peer, local, portOf(s.Local))
}

// address is the address of an end, as the script writes it.
func address(end string) string {
	host := strings.Trim(strings.TrimSuffix(end, ":"+portOf(end)), "[]")
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(host, "::ffff:"), "[", ""), "]", "")
}

// PeerAddress and PeerPort are where the client is, as the host sees it.
func (c Connection) PeerAddress() string {
	if a, err := netip.ParseAddr(address(c.Peer)); err == nil {
		return a.Unmap().String()
	}
	return address(c.Peer)
}

// PeerPort is the port of the client.
func (c Connection) PeerPort() int64 {
	n, _ := strconv.ParseInt(portOf(c.Peer), 10, 32)
	return n
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// IsDead reports whether the client of the session is gone.
func (s Session) IsDead() bool { return s.State == Dead }

// IsUnknown reports whether its connection could not be looked at.
func (s Session) IsUnknown() bool { return s.State == Unknown }

// IsUnprobed reports whether sshd would not notice that the client is gone.
func (s Session) IsUnprobed() bool {
	return s.LoggedIn && (s.Probing == Never || s.Probing == NotNow)
}

// Count returns how many of list are so.
func Count(list []Session, is func(Session) bool) (n int) {
	for _, s := range list {
		if is(s) {
			n++
		}
	}
	return n
}
