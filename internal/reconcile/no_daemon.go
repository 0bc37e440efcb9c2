package reconcile

import "fmt"

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
