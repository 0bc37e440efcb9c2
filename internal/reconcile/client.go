package reconcile

import (
	"context"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

type clientSeen = Seen[sshclient.Facts, ClientDetail]

// ClientDetail is what the steps of a change of ssh_config need to know besides its
// facts.
type ClientDetail struct {
	ssh string // path of the program
}

// ClientKind is a block of one ssh_config file.
var ClientKind = Kind[sshclient.Want, sshclient.Facts, ClientDetail]{
	Script: clientScript,
	Parse:  parseClient,
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
	Digests: clientDigests,
	Verify: func(_ sshclient.Want, plan keepalive.Plan, have sshclient.Facts) error {
		return firstClientMismatch(plan.Expect, have)
	},

	Prepare: prepareClient,
	Owner:   func(t Target, s host.Script) host.Script { return t.asOwner(s) },
	Confirm: confirmClient,
	Tidy: func(ctx context.Context, c *Change[sshclient.Want, sshclient.Facts, ClientDetail], _ Outcome) {
		clientChange{c}.tidy(ctx)
	},
	Finish: func(ctx context.Context, c *Change[sshclient.Want, sshclient.Facts, ClientDetail]) {
		clientChange{c}.dropDirs(ctx, slices.All(c.Plan.RemoveDirs))
	},
}

// clientDigests are the SHA-256 of the files.
func clientDigests(want sshclient.Want, have sshclient.Facts) map[string]string {
	return clientDigestsOf(want.Block(), have)
}

func clientDigestsOf(block string, have sshclient.Facts) map[string]string {
	digests := map[string]string{}
	for name, data := range have.Tree.Files {
		if d := digestOf(sshclient.WithoutOthers(data, block)); d != "" {
			digests[name] = d
		}
	}
	return digests
}
