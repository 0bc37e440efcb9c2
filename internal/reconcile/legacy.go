package reconcile

import (
	"context"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// What follows are the names from before Kind, for callers that have not moved yet.
type (
	Sight         = Snapshot[sshserver.Facts]
	ClientSight   = Snapshot[sshclient.Facts]
	CoolifySight  = Snapshot[coolify.Facts]
	ControlSight  = Snapshot[ControlFacts]
	ClientTarget  = Target
	CoolifyTarget = Target
)

type legacy struct {
	servers   *Reconciler[sshserver.Want, sshserver.Facts, ServerDetail]
	clients   *Reconciler[sshclient.Want, sshclient.Facts, ClientDetail]
	coolifies *Reconciler[coolify.Want, coolify.Facts, struct{}]
	controls  *Reconciler[struct{}, ControlFacts, struct{}]
}

func legacyOf(e *Engine) legacy {
	return legacy{For(e, ServerKind), For(e, ClientKind), For(e, CoolifyKind), For(e, ControlKind)}
}

// Digests are those of the files, as far as they are the business of resource.
func (s Snapshot[F]) Digests(resource ...string) map[string]string {
	switch have := any(s.Facts).(type) {
	case sshserver.Facts:
		return ServerKind.Digests(sshserver.Want{DropInName: resource[0]}, have)
	case sshclient.Facts:
		return clientDigestsOf(resource[0], have)
	case coolify.Facts:
		return CoolifyKind.Digests(coolify.Want{}, have)
	}
	return nil
}

func (e *Engine) Look(ctx context.Context, t Target, want sshserver.Want) (Sight, error) {
	return e.legacy.servers.Look(ctx, t, want)
}

func (e *Engine) Apply(ctx context.Context, t Target, want sshserver.Want, rec Record) (Sight, keepalive.Plan, Outcome, error) {
	return e.legacy.servers.Apply(ctx, t, want, rec)
}

func (e *Engine) Remove(ctx context.Context, t Target, want sshserver.Want, rec Record) (same bool, err error) {
	same, _, err = e.legacy.servers.Remove(ctx, t, want, rec)
	return same, err
}

func (e *Engine) LookClient(ctx context.Context, t Target, want sshclient.Want) (ClientSight, error) {
	return e.legacy.clients.Look(ctx, t, want)
}

func (e *Engine) ApplyClient(ctx context.Context, t Target, want sshclient.Want, rec Record) (ClientSight, keepalive.Plan, Outcome, error) {
	return e.legacy.clients.Apply(ctx, t, want, rec)
}

func (e *Engine) RemoveClient(ctx context.Context, t Target, want sshclient.Want, rec Record) (same bool, err error) {
	same, _, err = e.legacy.clients.Remove(ctx, t, want, rec)
	return same, err
}

func (e *Engine) LookCoolify(ctx context.Context, t Target, want coolify.Want) (CoolifySight, error) {
	return e.legacy.coolifies.Look(ctx, t, want)
}

func (e *Engine) ApplyCoolify(ctx context.Context, t Target, want coolify.Want, rec Record) (CoolifySight, keepalive.Plan, Outcome, error) {
	return e.legacy.coolifies.Apply(ctx, t, want, rec)
}

func (e *Engine) RemoveCoolify(ctx context.Context, t Target, want coolify.Want, rec Record) (same, changed bool, err error) {
	return e.legacy.coolifies.Remove(ctx, t, want, rec)
}

func (e *Engine) LookControl(ctx context.Context, t Target) (ControlSight, error) {
	return e.legacy.controls.Look(ctx, t, struct{}{})
}
