package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv/dotenvtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// The Coolify side of fakeEngine, which masks as a host does.

func (e *fakeEngine) atCoolify(t reconcile.CoolifyTarget) *fakeHost {
	return e.at(reconcile.Target{Spec: t.Spec})
}

func (e *fakeEngine) LookCoolify(_ context.Context, t reconcile.CoolifyTarget, want coolify.Want) (reconcile.CoolifySight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looks++
	h := e.atCoolify(t)
	return h.coolifySight(t, want), h.lookErr
}

func (e *fakeEngine) ApplyCoolify(_ context.Context, t reconcile.CoolifyTarget, want coolify.Want, _ reconcile.Record) (reconcile.CoolifySight, keepalive.Plan, reconcile.Outcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.applies++
	h := e.atCoolify(t)
	plan := coolify.Plan(want, h.coolifySight(t, want).Facts)
	if err := errors.Join(h.lookErr, h.applyErr); err != nil {
		return reconcile.CoolifySight{}, plan, reconcile.Unchanged, err
	}
	if hasErrors(plan.Problems) {
		return reconcile.CoolifySight{}, plan, reconcile.Unchanged, &reconcile.Error{Host: t.Spec.Name, Step: "decide", Outcome: reconcile.Unchanged, Problems: plan.Problems}
	}
	outcome := reconcile.Unchanged
	if h.edit(plan.Edits) {
		outcome = reconcile.Applied
	}
	return h.coolifySight(t, want), plan, outcome, nil
}

func (e *fakeEngine) RemoveCoolify(_ context.Context, t reconcile.CoolifyTarget, want coolify.Want, rec reconcile.Record) (same, changed bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.removes++
	h := e.atCoolify(t)
	if h.lookErr != nil {
		return true, false, h.lookErr
	}
	sight := h.coolifySight(t, want)
	if rec.IsOther(sight.MachineID, sight.Identity) {
		return false, false, nil
	}
	if id := coolify.Holder(sight.Facts); !want.Claim.Covers(id) {
		return true, false, &reconcile.OtherResourceError{ID: id}
	}
	return true, h.edit(coolify.Restore(sight.Facts).Edits), nil
}

func (h *fakeHost) edit(edits []keepalive.Edit) bool {
	for _, e := range edits {
		h.files[e.Path] = string(dotenv.Apply([]byte(h.files[e.Path]), e.Pieces))
	}
	return len(edits) > 0
}

func (h *fakeHost) coolifySight(t reconcile.CoolifyTarget, want coolify.Want) reconcile.CoolifySight {
	text := []byte(h.files[t.File])
	sum := sha256.Sum256(text)
	return reconcile.CoolifySight{
		Facts:     coolify.Facts{File: t.File, Text: dotenvtest.Mask(text, coolify.Keys(want)), Digest: hex.EncodeToString(sum[:])},
		MachineID: h.machineID, Identity: host.Identity{HostKeySHA256: h.hostKey},
	}
}
