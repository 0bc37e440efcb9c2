package sockets

import (
	_ "embed"
	"fmt"
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
	return "SOCKETS=" + shell.Quote(t.File) + "; WHO=" + shell.Quote(account.Of(t)) + "; " + shell.Pack(shell.Files, account.Source, gatherSource)
}

func parse(_ reconcile.Target, _ struct{}, stdout string) (seen, error) {
	r := report{Report: shell.NewReport(stdout)}
	if err := r.Read(r.section); err != nil {
		return seen{}, err
	}
	if !r.Ended || r.checked != len(r.checks) {
		return seen{}, shell.ErrCutShort
	}
	r.seen.MachineID = r.MachineID
	for _, c := range r.checks {
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
	fields := strings.SplitN(arg, " ", 4)
	if len(fields) != 4 {
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
	c.There, c.Mode, c.Owner, c.Age = true, uint32(mode), fields[3], int64(r.now-made)
	if c.Owner == "UNKNOWN" { // stat of GNU, where no account has the number
		c.Owner = fields[1]
	}
	return nil
}
