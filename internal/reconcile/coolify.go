package reconcile

import (
	"context"
	"errors"
	"maps"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
)

type coolifySeen = Seen[coolify.Facts, struct{}]

// CoolifyKind is the environment file of one Coolify. Its secrets stay on the machine.
var CoolifyKind = Kind[coolify.Want, coolify.Facts, struct{}]{
	Check:  func(t Target) []keepalive.Problem { return coolify.CheckFile(t.File) },
	Script: coolifyScript,
	Parse:  parseCoolify,

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
	Same: func(want coolify.Want, a, b Decision[coolify.Facts, struct{}]) bool {
		return len(b.Plan.Edits) > 0 && len(errorsOf(b.Plan.Problems)) == 0 && a.Plan.Trail == b.Plan.Trail &&
			maps.Equal(coolify.Effective(want, a.Seen.Facts), coolify.Effective(want, b.Seen.Facts))
	},
	Verify: func(want coolify.Want, _ keepalive.Plan, have coolify.Facts) error {
		return firstCoolifyMismatch(want, have)
	},

	Prepare: prepareCoolify,
	Confirm: func(c *Change[coolify.Want, coolify.Facts, struct{}], after coolifySeen, _ commit.Pending) error {
		return firstCoolifyMismatch(c.Want, after.Facts)
	},
}

func firstCoolifyMismatch(want coolify.Want, have coolify.Facts) error {
	if mismatches := coolify.Mismatches(want, have); len(mismatches) > 0 {
		return errors.New(mismatches[0].Text)
	}
	return nil
}

// prepareCoolify lays the change out for the protocol. No daemon is involved, and the
// change can lock out no login, so no watchdog is armed.
func prepareCoolify(ctx context.Context, c *Change[coolify.Want, coolify.Facts, struct{}]) (commit.Request, string, error) {
	edit, err := stageDigest(ctx, c.Host, c.Before.Facts, c.Plan.Edits[0])
	if err != nil {
		return commit.Request{}, "stage", err
	}
	id := newID()
	// Coolify's installer gives its directory to uid 9999 (chown -R 9999:root).
	req := commit.Request{ID: id, Edits: []commit.Edit{edit}, Foreign: true, Activate: commit.Activation{Kind: commit.None}, StageDir: commit.StageDir(id)}
	req.Main = req.StageDir + c.Target.File
	return req, "", nil
}
