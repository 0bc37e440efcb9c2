package sshclient

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// SocketState says what is behind a control socket.
type SocketState string

// The states of a control socket.
const (
	Live    SocketState = "live"    // a master answers
	Stale   SocketState = "stale"   // no process listens: the master is gone
	NotSSH  SocketState = "not ssh" // the process that answers is not a master
	Unclear SocketState = "unknown" // none of these is known
)

// SocketCheck is what ssh -O check made of a socket.
type SocketCheck struct {
	Path  string
	There bool // when it had been asked; what follows is known only then
	Mode  uint32
	Owner string
	Age   int64 // seconds since it was made
	// File tells the socket from one that is made later under its name: its device, its
	// inode, and when it was made.
	File string
	UID  int // of the owner
	Exit int
	Said []string // the lines that ssh printed

	Listener *Listener     // the process that listens there, nil where it is not known
	Targets  []Destination // what the socket is for, by the configuration of the user's ssh
}

// Listener is the process that listens at a control socket.
type Listener struct {
	PID     int
	UID     int
	Program string // its name, without arguments
	Age     int64
}

// Destination is a host as the user's ssh reaches it by a name of its configuration.
type Destination struct{ Name, User, HostName, Port string }

// ControlSocket is a socket that an ssh may share its connection by.
type ControlSocket struct {
	SocketCheck
	State SocketState
	PID   int64  // of the master; 0 where it did not say
	Why   string // it is not live
	// Exposed says that by its own mode others than its owner may connect to it.
	// A master turns away all but its owner and root.
	Exposed bool
}

// SocketFacts is one look at the control sockets of a user.
type SocketFacts struct {
	Sockets []ControlSocket // in the order of their names
	Unnamed int             // sockets that were not asked: their names cannot be told
}

var masterPattern = regexp.MustCompile(`^Master running \(pid=(\d+)\)`)

// foreign is what ssh says of an answer that is not in its protocol. A connection that
// ends at once is not such an answer: a master that ends, or that may not serve us, closes
// it as well.
var foreign = []string{"expected HELLO", "incomplete message", "insufficient buffer space", "message too large", "bad packet"}

// ClassifySocket says what is behind a socket by what ssh -O check made of it.
func ClassifySocket(c SocketCheck) ControlSocket {
	s := ControlSocket{SocketCheck: c, State: Unclear, Why: c.complaint(), Exposed: c.Mode&0o022 != 0}
	says := func(text string) bool { return strings.Contains(s.Why, text) }
	switch {
	case c.Exit == 0:
		s.master()
	case says("Connection refused"): // also where a busy host ended ssh before it could end
		s.State, s.Why = Stale, "no process listens there"
	case c.Exit == 124 || c.Exit == 128+14: // timeout, SIGALRM
		s.Why = "it takes connections and did not answer within 5 seconds: its process is stopped, hangs, or is not ssh"
	case slices.ContainsFunc(foreign, says):
		s.State = NotSSH
	case s.Why == "":
		s.Why = "ssh -O check ended with status " + strconv.Itoa(c.Exit) + " and said nothing"
	}
	return s
}

func (s *ControlSocket) master() {
	s.Why = "ssh -O check succeeded and named no master"
	for _, line := range s.Said {
		if m := masterPattern.FindStringSubmatch(line); m != nil {
			s.State, s.Why = Live, ""
			s.PID, _ = strconv.ParseInt(m[1], 10, 64)
			return
		}
	}
}

// complaint is what ssh said, but for what it says when it goes on to connect to the
// host, which it is kept from.
func (c SocketCheck) complaint() string {
	var said []string
	for _, line := range c.Said {
		if !strings.HasPrefix(line, "kex_exchange_identification:") && !strings.HasPrefix(line, "Connection closed by ") {
			said = append(said, line)
		}
	}
	return strings.Join(said, "; ")
}

// Gone reports whether the socket was removed before it was asked.
func (c SocketCheck) Gone() bool {
	return !c.There && strings.Contains(c.complaint(), "No such file or directory")
}

// Prunable are the sockets that can be removed: no process listens at them, and none can
// ever again, because a master that starts makes a socket of its own. One that was made
// in this very second is left out, since File does not tell it from its successor.
func (f SocketFacts) Prunable() []ControlSocket {
	return slices.DeleteFunc(slices.Clone(f.Sockets), func(s ControlSocket) bool {
		return s.State != Stale || !s.There || s.Age < 1
	})
}

// PrunedSocket is what became of a socket that was to be removed.
type PrunedSocket struct {
	Path    string
	Removed bool
	Why     string // it was not
}
