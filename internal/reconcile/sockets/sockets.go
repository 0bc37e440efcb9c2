package sockets

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/account"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

//go:embed gather.sh
var gatherSource string

// fileForm is a device and an inode.
var fileForm = regexp.MustCompile(`^[0-9]+:[0-9]+$`)

type seen = reconcile.Seen[sshclient.SocketFacts, struct{}]

// Kind looks at the control sockets in a directory, or of a pattern, which is the
// file of the target, and asks each whether a master answers. It changes nothing. Masters
// come and go, so nothing is remembered for those who ask later.
var Kind = reconcile.Kind[struct{}, sshclient.SocketFacts, struct{}]{
	Script: func(t reconcile.Target, _ struct{}) host.Script {
		return account.As(t, host.Script{Name: "sockets", Text: gatherScript(t), Convergent: true})
	},
	Parse: parse,
	Keep:  func(sshclient.SocketFacts) bool { return false },
}

func gatherScript(t reconcile.Target) string {
	return "SOCKETS=" + shell.Quote(t.File) + "; WHO=" + shell.Quote(account.Of(t)) + "; " + shell.Pack(shell.Files, account.Source, shell.Listening, gatherSource)
}

func parse(t reconcile.Target, _ struct{}, stdout string) (seen, error) {
	r := report{Report: shell.NewReport(stdout, t.Spec.Masker), targets: map[string][]sshclient.Destination{}}
	if err := r.ReadToEnd(r.section); err != nil {
		return seen{}, err
	}
	if r.checked != len(r.checks) {
		return seen{}, shell.ErrCutShort
	}
	r.seen.MachineID = r.MachineID
	for _, c := range r.checks {
		c.Targets = r.targets[c.Path]
		if !c.Gone() {
			r.seen.Facts.Sockets = append(r.seen.Facts.Sockets, sshclient.ClassifySocket(c))
		}
	}
	return r.seen, nil
}

// report is what gather.sh printed.
type report struct {
	shell.Report
	seen    seen
	checks  []sshclient.SocketCheck
	checked int // how many of them have been told about
	now     int
	uptime  int64 // in hundredths of a second
	target  sshclient.Destination
	path    string                             // of the control socket for target
	targets map[string][]sshclient.Destination // by path
}

func (r *report) section(word, arg string) error {
	switch word {
	case "closed":
		return fmt.Errorf("look for sockets: %s", arg)
	case "user", "home", "os", "ssh", "version":
		return nil
	case "odd":
		r.seen.Facts.Unnamed++
	case "socket":
		r.checks = append(r.checks, sshclient.SocketCheck{Path: arg})
	case "now":
		return shell.Number(arg, &r.now)
	case "uptime":
		return shell.Uptime(arg, &r.uptime)
	case "listener":
		return r.listener(strings.SplitN(arg, " ", 5))
	case "for":
		r.expanded(strings.Cut(arg, " "))
	case "check":
		r.checked++
		if r.checked > len(r.checks) {
			return shell.ErrCutShort
		}
		return shell.Number(arg, &r.last().Exit)
	case "stat", "said":
		if r.checked == 0 {
			return shell.ErrCutShort
		}
		return r.about(word, arg)
	default:
		return fmt.Errorf("unexpected section %q in the report of sockets", word)
	}
	return nil
}

func (r *report) last() *sshclient.SocketCheck { return &r.checks[r.checked-1] }

func (r *report) about(word, arg string) error {
	c := r.last()
	if word == "said" {
		if arg != "" {
			c.Said = append(c.Said, arg)
		}
		return nil
	}
	fields := strings.SplitN(arg, " ", 5)
	if len(fields) != 5 || !fileForm.MatchString(fields[3]) {
		return fmt.Errorf("unexpected attributes %q in the report of sockets", arg)
	}
	mode, err := strconv.ParseUint(fields[0], 8, 32)
	if err != nil {
		return fmt.Errorf("no mode in the report of sockets: %w", err)
	}
	made := 0
	if err := shell.Number(fields[2], &made); err != nil {
		return err
	}
	if err := shell.Number(fields[1], &c.UID); err != nil {
		return err
	}
	c.There, c.Mode, c.Owner, c.Age = true, uint32(mode), fields[4], int64(r.now-made)
	c.File = fields[3] + ":" + strconv.Itoa(made)
	if c.Owner == "UNKNOWN" { // stat of GNU, where no account has the number
		c.Owner = fields[1]
	}
	return nil
}

// listener takes the process that the kernel says listens at a socket. The kernel goes by the
// name that a process bound, and any account may bind any name below a directory of its
// own: only a process of the account that the socket belongs to is believed.
func (r *report) listener(f []string) error {
	var n, start int
	var h sshclient.Listener
	if len(f) != 5 || shell.Number(f[0], &n) != nil || n < 1 || n > len(r.checks) || shell.Number(f[1], &h.PID) != nil || shell.Number(f[3], &start) != nil {
		return fmt.Errorf("unexpected process %q in the report of sockets", r.Cut(strings.Join(f, " "), 100))
	}
	c := &r.checks[n-1]
	if err := shell.Number(f[2], &h.UID); err != nil || !c.There || h.UID != c.UID || c.Listener != nil {
		return nil //nolint:nilerr // a process that went meanwhile has no account
	}
	h.Program, h.Age = r.Shown(f[4], 64), max(0, r.uptime-int64(start))/100
	c.Listener = &h
	return nil
}

// expanded takes a line of ssh -G for one name, which comes last.
func (r *report) expanded(word, value string, _ bool) {
	shown := r.Shown(value, 300)
	switch word {
	case "user":
		r.target.User = shown
	case "hostname":
		r.target.HostName = shown
	case "port":
		r.target.Port = shown
	case "controlpath":
		r.path = value
	case "name":
		if r.target.Name = shown; r.path != "" {
			r.targets[r.path] = append(r.targets[r.path], r.target)
		}
		r.target, r.path = sshclient.Destination{}, ""
	}
}
