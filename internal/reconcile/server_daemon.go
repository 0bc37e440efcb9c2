package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
)

// NoDaemonError says why it is not known which sshd answers to the connection, or
// what it reads.
type NoDaemonError struct {
	Reason Reason
	Detail string // what was found instead; "" where the reason says it all
}

// Reason is why a daemon could not be identified, one of the words of listener.sh.
type Reason string

// The reasons.
const (
	NoSession   Reason = "session"  // no sshd is among the parents of the script
	NoListener  Reason = "parent"   // the session's parent does not listen: inetd, or the listener is gone
	CutTitle    Reason = "cut"      // the title does not show the whole command line
	TwoReadings Reason = "readings" // the title can be read in more than one way
	NoFile      Reason = "file"     // what -f names is not a file that can be read again
	NoProgram   Reason = "program"  // the program is gone: a reload would end the daemon
	OtherRoot   Reason = "root"     // the daemon sees other files than the session
	NotTold     Reason = "compiled" // the program does not say which file it reads
	NoMain      Reason = "main"     // the file that it reads cannot be read
)

func (e *NoDaemonError) Error() string {
	switch e.Reason {
	case NoSession:
		return "the sshd that accepted this connection was not found: none of the parents of the script is one" + parenthesis(e.Detail)
	case NoListener:
		return "the sshd that accepted this connection does not tell its command line: it was not started by a listening sshd" + parenthesis(e.Detail)
	case CutTitle:
		return fmt.Sprintf("the command line of the running sshd is not known: it shows only %q, because it was started with little or no environment", e.Detail)
	case TwoReadings:
		return fmt.Sprintf("the command line of the running sshd can be read in more than one way: %s", e.Detail)
	case NoFile:
		return fmt.Sprintf("the running sshd was started with -f %s, which it could not read again", e.Detail)
	case NoProgram:
		return fmt.Sprintf("the program of the running sshd, %s, is gone, so that a reload would end it", e.Detail)
	case OtherRoot:
		return fmt.Sprintf("the running sshd sees another file as %s than this session does: one of the two runs in a chroot or a mount namespace", e.Detail)
	case NotTold:
		return "sshd does not say which file it reads: " + e.Detail
	case NoMain:
		return "read the main file: " + e.Detail
	}
	return "the running sshd was not identified: " + e.Detail
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// lost takes what the script says about a daemon that it could not identify. Where
// the user named the file, the script goes on.
func (r *report) lost(arg string) {
	reason, detail, _ := strings.Cut(arg, " ")
	r.doubt = &NoDaemonError{Reason(reason), detail}
	switch r.doubt.Reason {
	case CutTitle:
		length, shown, _ := strings.Cut(detail, " ")
		r.doubt.Detail = shown
		r.length, _ = strconv.Atoi(length) // 0 fits nothing
	case NoListener:
		name, pid, _ := strings.Cut(detail, " ")
		r.doubt.Detail = fmt.Sprintf("but by %s, process %s", name, pid)
	}
}

// identified is nil if the daemon is known, or the user's file is what it may read.
func (r *report) identified(greeting, configFile string, fresh bool) error {
	d := r.doubt
	if d == nil {
		return nil
	}
	if d.Reason == NoSession && greeting != "" && !strings.Contains(greeting, "OpenSSH") {
		d.Detail = "the server calls itself " + strings.TrimPrefix(greeting, "SSH-2.0-")
	}
	if configFile == "" {
		return d
	}
	switch d.Reason {
	case NoSession, TwoReadings, NoFile:
		return nil
	case NoListener:
		if fresh {
			return nil
		}
	case CutTitle:
		if completes(d.Detail, r.length, configFile) {
			return nil
		}
	}
	return d
}

// completes reports whether a command line of length bytes that begins with shown
// can be one that ends in -f and this file. No option is hidden then.
func completes(shown string, length int, file string) bool {
	return slices.ContainsFunc([]string{"f " + file, "f" + file}, func(end string) bool {
		from := length - len(end)
		return from > 0 && len(shown) >= from && strings.HasPrefix(end, shown[from:]) && strings.HasPrefix(lastWord(shown[:from]), "-")
	})
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// birth is when the daemon was started, in nanoseconds, from its ticks since the
// boot and the second of that. A tick is a hundredth of a second on every Linux
// that has an sshd to be managed.
func birth(arg string) (int64, error) {
	ticks, boot, _ := strings.Cut(arg, " ")
	t, err := strconv.ParseUint(ticks, 10, 38)
	b, other := strconv.ParseUint(boot, 10, 32)
	if err := errors.Join(err, other); err != nil {
		return 0, fmt.Errorf("when the daemon was started, in the report of facts: %w", err)
	}
	return int64(b)*int64(time.Second) + int64(t)*int64(10*time.Millisecond), nil
}

// activation says how the running daemon is made to load its files. The unit is the
// one whose main process systemd says the daemon is: ssh.service is not called that
// everywhere, its alias sshd.service does not exist under ssh.socket, and a
// supervisor has a unit of its own.
func (r *report) activation() commit.Activation {
	a := commit.Activation{Kind: commit.None, PID: r.seen.Facts.Daemon.PID, PIDFile: r.pidFile}
	if a.PID == 0 {
		return a
	}
	a.Kind = commit.Signal
	switch r.initSys {
	case "systemd":
		if a.Unit = r.unit; a.Unit == "" {
			break
		}
		a.Kind = commit.Systemd
		for _, socket := range r.sockets {
			accept, wakes, _ := strings.Cut(socket, " ")
			if accept == "no" && slices.Contains(strings.Fields(wakes), a.Unit) {
				a.Kind = commit.Socket
			}
		}
	case "openrc":
		a.Kind, a.Unit = commit.OpenRC, r.service
	case "rcd":
		a.Kind, a.Unit = commit.RCD, r.service
	}
	return a
}
