package client

import (
	"context"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/account"
)

type (
	seen     = reconcile.Seen[sshclient.Facts, Detail]
	changeOf = reconcile.Change[sshclient.Want, sshclient.Facts, Detail]
)

// Detail is what the steps of a change of ssh_config need to know besides its
// facts.
type Detail struct {
	ssh string // path of the program
}

// Kind is a block of one ssh_config file.
var Kind = reconcile.Kind[sshclient.Want, sshclient.Facts, Detail]{
	Script: script,
	Parse:  parse,
	Keep:   func(have sshclient.Facts) bool { return have.Invalid == "" && have.Refused == "" },

	Plan: sshclient.Plan,
	Restore: func(want sshclient.Want, have sshclient.Facts) keepalive.Plan {
		return sshclient.Restore(want.Block(), have)
	},
	Nothing: func(want sshclient.Want) sshclient.Want {
		return sshclient.Want{Patterns: want.Patterns, Match: want.Match, ProbeHosts: []string{noHost}}
	},
	Holder: func(want sshclient.Want, have sshclient.Facts) string {
		return sshclient.Holder(want.Block(), have)
	},
	Claim:   func(want sshclient.Want) keepalive.Claim { return want.Claim },
	Digests: digests,
	Verify: func(_ sshclient.Want, plan keepalive.Plan, have sshclient.Facts) error {
		return firstMismatch(plan.Expect, have)
	},

	Prepare: prepare,
	Owner:   func(t reconcile.Target, s host.Script) host.Script { return account.AsOwner(t, s) },
	Confirm: confirm,
	Tidy: func(ctx context.Context, c *changeOf, _ reconcile.Outcome) {
		change{c}.tidy(ctx)
	},
	Finish: func(ctx context.Context, c *changeOf) {
		change{c}.dropDirs(ctx, slices.All(c.Plan.RemoveDirs))
	},
}

// digests are the SHA-256 of the files.
func digests(want sshclient.Want, have sshclient.Facts) map[string]string {
	return reconcile.Digests(have.Tree.Files, func(_ string, text []byte) []byte {
		return sshclient.WithoutOthers(text, want.Block())
	})
}
