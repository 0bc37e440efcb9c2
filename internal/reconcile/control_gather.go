package reconcile

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

//go:embed control_gather.sh
var controlGatherSource string

// ControlFacts is one look at the control sockets of a user.
type ControlFacts struct {
	Sockets []sshclient.ControlSocket // in the order of their names
	Unnamed int                       // sockets that were not asked: their names cannot be told
}

type controlSeen = Seen[ControlFacts, struct{}]

// ControlKind looks at the control sockets in a directory, or of a pattern, which is the
// file of the target, and asks each whether a master answers. It changes nothing. Masters
// come and go, so nothing is remembered for those who ask later.
var ControlKind = Kind[struct{}, ControlFacts, struct{}]{
	Script: func(t Target, _ struct{}) host.Script {
		return t.asAccount(host.Script{Name: "sockets", Text: controlGatherScript(t), Convergent: true})
	},
	Parse: parseControl,
	Keep:  func(ControlFacts) bool { return false },
}

func controlGatherScript(t Target) string {
	return "SOCKETS=" + quote(t.File) + "; WHO=" + quote(t.whose()) + "; " + oneLine(filesSource+accountSource+controlGatherSource)
}

func parseControl(_ Target, _ struct{}, stdout string) (controlSeen, error) {
	r := controlReport{sections: newSections(stdout)}
	if err := r.read(r.section); err != nil {
		return controlSeen{}, err
	}
	if !r.ended || r.checked != len(r.checks) {
		return controlSeen{}, errCutShort
	}
	for _, c := range r.checks {
		if !c.Gone() {
			r.seen.Facts.Sockets = append(r.seen.Facts.Sockets, sshclient.ClassifySocket(c))
		}
	}
	return r.seen, nil
}

// controlReport is what control_gather.sh printed.
type controlReport struct {
	sections
	seen    controlSeen
	checks  []sshclient.SocketCheck
	checked int // how many of them have been told about
	now     int
	ended   bool
}

func (r *controlReport) section(word, arg string) error {
	switch word {
	case "nouser":
		return missing(NoUser, "the host has no user %q with a home directory", arg)
	case "nossh":
		return missing(NoSSH, "no ssh program is installed on the host")
	case "notemp":
		return errNoTemp
	case "closed":
		return fmt.Errorf("look for sockets: %s", arg)
	case "user", "home", "os", "ssh", "version":
		return nil
	case "odd":
		r.seen.Facts.Unnamed++
	case "socket":
		r.checks = append(r.checks, sshclient.SocketCheck{Path: arg})
	case "now":
		return number(arg, &r.now)
	case "check":
		r.checked++
		if r.checked > len(r.checks) {
			return errCutShort
		}
		return number(arg, &r.last().Exit)
	case "stat", "said":
		if r.checked == 0 {
			return errCutShort
		}
		return r.about(word, arg)
	case "machine":
		r.seen.MachineID = arg
	case "end":
		r.ended = true
	default:
		return fmt.Errorf("unexpected section %q in the report of sockets", word)
	}
	return nil
}

func (r *controlReport) last() *sshclient.SocketCheck { return &r.checks[r.checked-1] }

func (r *controlReport) about(word, arg string) error {
	c := r.last()
	if word == "said" {
		if arg != "" {
			c.Said = append(c.Said, arg)
		}
		return nil
	}
	fields := strings.SplitN(arg, " ", 4)
	if len(fields) != 4 {
		return fmt.Errorf("unexpected attributes %q in the report of sockets", arg)
	}
	mode, err := strconv.ParseUint(fields[0], 8, 32)
	if err != nil {
		return fmt.Errorf("no mode in the report of sockets: %w", err)
	}
	made := 0
	if err := number(fields[2], &made); err != nil {
		return err
	}
	c.There, c.Mode, c.Owner, c.Age = true, uint32(mode), fields[3], int64(r.now-made)
	if c.Owner == "UNKNOWN" { // stat of GNU, where no account has the number
		c.Owner = fields[1]
	}
	return nil
}
