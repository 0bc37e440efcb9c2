package reconcile

import (
	"context"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

// LookClient gathers the facts about t that want needs, or answers from memory.
func (e *Engine) LookClient(ctx context.Context, t ClientTarget, want sshclient.Want) (ClientSight, error) {
	return e.clients.look(ctx, e.machines, t.Spec, clientGatherScript(t, want), func(h host.Host) (ClientSight, error) {
		return gatherClient(ctx, h, t, want)
	})
}

// ApplyClient makes want effective on t and looks again. A file that somebody
// else has changed since rec is a conflict. The error is an *Error or a
// *host.Error.
func (e *Engine) ApplyClient(ctx context.Context, t ClientTarget, want sshclient.Want, rec Record) (ClientSight, keepalive.Plan, Outcome, error) {
	sight, unlock, err := e.holdClient(ctx, t, want)
	if err != nil {
		return ClientSight{}, keepalive.Plan{}, Unchanged, err
	}
	defer unlock()
	plan := sshclient.Plan(want, sight.Facts)
	if problems := errorsOf(plan.Problems); len(problems) > 0 {
		return sight, plan, Unchanged, &Error{Host: t.Spec.Name, Step: "decide", Outcome: Unchanged, Problems: problems}
	}
	if !rec.IsOther(sight.MachineID, sight.Identity) {
		if err := rec.conflict(plan, want.Block(), clientDigest); err != nil {
			return sight, plan, Unchanged, wrap(t.Spec, "decide", Unchanged, err)
		}
	}
	if len(plan.Changes)+len(plan.MakeDirs) == 0 {
		if err := met(plan.Expect, sight.Facts); err != nil {
			return sight, plan, Unchanged, wrap(t.Spec, "verify", Unchanged, err)
		}
		return sight, plan, Unchanged, nil
	}
	after, outcome, err := e.carryClient(ctx, t, want, sight, plan, func(have sshclient.Facts) keepalive.Plan { return sshclient.Plan(want, have) })
	return after, plan, outcome, err
}

func (e *Engine) holdClient(ctx context.Context, t ClientTarget, want sshclient.Want) (ClientSight, func(), error) {
	return hold(ctx, &e.locks, t.Spec, e.clients.name(t.Spec), func() (ClientSight, error) { return e.LookClient(ctx, t, want) })
}

// carryClient is carry for a block of ssh_config.
func (e *Engine) carryClient(ctx context.Context, t ClientTarget, want sshclient.Want, sight ClientSight, plan keepalive.Plan, decide func(sshclient.Facts) keepalive.Plan) (ClientSight, Outcome, error) {
	return retry(decision[ClientSight]{sight, plan}, func(d decision[ClientSight]) (ClientSight, Outcome, error) {
		return e.changeClient(ctx, t, want, d.sight, d.plan)
	}, func() (ClientSight, error) {
		return e.LookClient(ctx, t, want)
	}, func(s ClientSight) keepalive.Plan {
		return decide(s.Facts)
	}, sameFor[ClientSight](want.Block(), clientDigest))
}

// RemoveClient takes want's block back, and what was made for it. On a machine
// other than the recorded one it touches nothing and reports false.
func (e *Engine) RemoveClient(ctx context.Context, t ClientTarget, want sshclient.Want, rec Record) (same bool, err error) {
	nothing := sshclient.Want{Patterns: want.Patterns, Match: want.Match, ProbeHosts: []string{nobody}}
	sight, unlock, err := e.holdClient(ctx, t, nothing)
	if err != nil {
		return true, err
	}
	defer unlock()
	if rec.IsOther(sight.MachineID, sight.Identity) {
		return false, nil
	}
	if id := sshclient.Holder(want.Block(), sight.Facts); !want.Claim.Covers(id) {
		return true, &OtherResourceError{id}
	}
	plan := sshclient.Restore(want.Block(), sight.Facts)
	if len(plan.Changes) == 0 {
		return true, nil
	}
	_, _, err = e.carryClient(ctx, t, nothing, sight, plan, func(have sshclient.Facts) keepalive.Plan { return sshclient.Restore(want.Block(), have) })
	return true, err
}

// changeClient carries out plan. Once it has begun it is brought to its end,
// whatever becomes of ctx; every step has its own deadline.
func (e *Engine) changeClient(ctx context.Context, t ClientTarget, want sshclient.Want, before ClientSight, plan keepalive.Plan) (ClientSight, Outcome, error) {
	h, err := e.machines.Acquire(ctx, t.Spec)
	if err != nil {
		return before, Unchanged, err
	}
	defer h.Release()
	defer e.clients.forget(before.machine(t.Spec))
	ctx = context.WithoutCancel(ctx)
	c := clientChange{h, t, want, before, plan}
	after, outcome, err := c.run(ctx)
	if err != nil {
		return before, outcome, err
	}
	c.dropDirs(ctx, slices.All(plan.RemoveDirs))
	return after, outcome, nil
}
