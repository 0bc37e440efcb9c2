package envfile

import (
	"context"
	"errors"
	"maps"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

type (
	seen   = reconcile.Seen[coolify.Facts, struct{}]
	change = reconcile.Change[coolify.Want, coolify.Facts, struct{}]
)

// Kind is the environment file of one Coolify. Its secrets stay on the machine.
var Kind = reconcile.Kind[coolify.Want, coolify.Facts, struct{}]{
	Check:  func(t reconcile.Target) []keepalive.Problem { return coolify.CheckFile(t.File) },
	Script: script,
	Parse:  parse,

	Plan: coolify.Plan,
	Restore: func(_ coolify.Want, have coolify.Facts) keepalive.Plan {
		return coolify.Restore(have)
	},
	Nothing: func(coolify.Want) coolify.Want { return coolify.Want{} },
	Holder:  func(_ coolify.Want, have coolify.Facts) string { return coolify.Holder(have) },
	Claim:   func(want coolify.Want) keepalive.Claim { return want.Claim },
	Digests: func(_ coolify.Want, have coolify.Facts) map[string]string {
		return map[string]string{have.File: have.Digest}
	},
	// What Coolify itself, or its administrator, wrote in between stays, unless it is
	// about our keys.
	Same: func(want coolify.Want, a, b reconcile.Decision[coolify.Facts, struct{}]) bool {
		return len(b.Plan.Edits) > 0 && len(reconcile.Errors(b.Plan.Problems)) == 0 && a.Plan.Trail == b.Plan.Trail &&
			maps.Equal(coolify.Effective(want, a.Seen.Facts), coolify.Effective(want, b.Seen.Facts))
	},
	Verify: func(want coolify.Want, _ keepalive.Plan, have coolify.Facts) error {
		return firstMismatch(want, have)
	},

	Prepare: prepare,
	Confirm: func(c *change, after seen, _ commit.Pending) error {
		return firstMismatch(c.Want, after.Facts)
	},
}

func firstMismatch(want coolify.Want, have coolify.Facts) error {
	if mismatches := coolify.Mismatches(want, have); len(mismatches) > 0 {
		return errors.New(mismatches[0].Text)
	}
	return nil
}

// prepare lays the change out for the protocol. No daemon is involved, and the
// change can lock out no login, so no watchdog is armed.
func prepare(ctx context.Context, c *change) (commit.Request, string, error) {
	edit, err := stageDigest(ctx, c.Host, c.Target, c.Before.Facts, c.Plan.Edits[0])
	if err != nil {
		return commit.Request{}, "stage", err
	}
	req := reconcile.NewRequest(c.Target.File, nil)
	// Coolify's installer gives its directory to uid 9999 (chown -R 9999:root).
	req.Edits, req.Foreign = []commit.Edit{edit}, true
	return req, "", nil
}
