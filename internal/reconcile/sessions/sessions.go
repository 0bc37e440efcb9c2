// Package sessions looks at the sessions of the sshd on a host, at those of logind, and at
// the processes that sessions left behind. It changes nothing.
package sessions

import (
	_ "embed"
	"fmt"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

var (
	//go:embed gather.sh
	gatherSource string
	//go:embed ask.sh
	askSource string
)

type seen = reconcile.Seen[sshsession.Facts, struct{}]

// Kind looks at the sessions of a host. Sessions come and go, so nothing is remembered for
// those who ask later.
var Kind = reconcile.Kind[struct{}, sshsession.Facts, struct{}]{
	Script: func(t reconcile.Target, _ struct{}) host.Script {
		return host.Script{Name: "sessions", Text: gatherScript(t), Root: true, Convergent: true}
	},
	Parse: parse,
	Keep:  func(sshsession.Facts) bool { return false },
}

// gatherScript finds the daemon and asks it in a shell of its own: where the daemon is
// lost, only that shell ends.
func gatherScript(t reconcile.Target) string {
	return "CFG=; FRESH=; " + shell.Pack(shell.Files) + " asked() ( " + shell.Pack(server.Finder(t), askSource) + " ); " + shell.Pack(gatherSource)
}

func parse(t reconcile.Target, _ struct{}, stdout string) (seen, error) {
	r := report{Report: shell.NewReport(stdout, t.Spec.Masker), facts: sshsession.Facts{
		Remote: t.Spec.Transport == "ssh", SelfLogin: -1, UIDMin: 1000, Held: map[int][]string{}, Listening: map[string]int{},
		Connections: map[string]sshsession.Connection{}, Answers: map[string]sshsession.Answer{}, Terminals: map[string]int64{},
		Accounts: map[int64]string{}, Leaders: map[int]string{},
	}}
	if err := r.ReadToEnd(r.section); err != nil {
		return seen{}, err
	}
	return seen{Snapshot: reconcile.Snapshot[sshsession.Facts]{Facts: r.facts, MachineID: r.MachineID}}, nil
}

func (r *report) odd(word, arg string) error {
	return fmt.Errorf("unexpected section %q in the report of sessions: %q", r.Cut(word, 40), r.Cut(arg, 100))
}
