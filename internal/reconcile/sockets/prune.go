package sockets

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/account"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

//go:embed prune.sh
var pruneSource string

type pruned = reconcile.Seen[[]sshclient.PrunedSocket, struct{}]

// Pruning removes the sockets that a look of Kind found to be prunable, as the account
// that the look was made as, and tells what became of each. It is convergent: what is
// gone already is told as that.
var Pruning = reconcile.Kind[[]sshclient.ControlSocket, []sshclient.PrunedSocket, struct{}]{
	Script: func(t reconcile.Target, dead []sshclient.ControlSocket) host.Script {
		return account.As(t, host.Script{Name: "prune", Text: pruneScript(dead), Convergent: true})
	},
	Parse: parsePruned,
	Keep:  func([]sshclient.PrunedSocket) bool { return false },
}

func pruneScript(dead []sshclient.ControlSocket) string {
	var lines []string
	for _, s := range dead {
		lines = append(lines, s.File+" "+s.Path)
	}
	return "DEAD=" + shell.Quote(strings.Join(lines, "\n")) + "; " + shell.Pack(shell.Files, commit.OwnedSource(), pruneSource)
}

func parsePruned(t reconcile.Target, dead []sshclient.ControlSocket, stdout string) (s pruned, err error) {
	r := shell.NewReport(stdout, t.Spec.Masker)
	told := 0
	err = r.ReadToEnd(func(word, arg string) error {
		switch {
		case word == "socket" && len(s.Facts) == told && told < len(dead) && arg == dead[told].Path:
			s.Facts = append(s.Facts, sshclient.PrunedSocket{Path: arg})
		case (word == "removed" || word == "kept") && len(s.Facts) == told+1:
			s.Facts[told].Removed, s.Facts[told].Why = word == "removed", arg
			told++
		default:
			return fmt.Errorf("unexpected section %q in the report of sockets", word)
		}
		return nil
	})
	if err == nil && told != len(dead) {
		err = shell.ErrCutShort
	}
	s.MachineID = r.MachineID
	return s, err
}
