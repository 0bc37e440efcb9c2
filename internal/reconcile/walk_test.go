package reconcile_test

import (
	"context"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/container"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sessions"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sockets"
)

// walk has a reconciler for each kind over one engine, as each walk of Terraform's graph
// has.
type walk struct {
	*reconcile.Engine
	servers   *reconcile.Reconciler[sshserver.Want, sshserver.Facts, server.Detail]
	clients   *reconcile.Reconciler[sshclient.Want, sshclient.Facts, client.Detail]
	coolifies *reconcile.Reconciler[coolify.Want, coolify.Facts, struct{}]
	controls  *reconcile.Reconciler[struct{}, sshclient.SocketFacts, struct{}]
	sessions  *reconcile.Reconciler[struct{}, sshsession.Facts, struct{}]
	installed *reconcile.Reconciler[string, coolify.Installation, struct{}]
	pruning   *reconcile.Reconciler[[]sshclient.ControlSocket, []sshclient.PrunedSocket, struct{}]
}

func newWalk(machines reconcile.Machines) *walk {
	e := reconcile.New(machines)
	return &walk{e, reconcile.For(e, server.Kind), reconcile.For(e, client.Kind), reconcile.For(e, envfile.Kind), reconcile.For(e, sockets.Kind), reconcile.For(e, sessions.Kind), reconcile.For(e, container.Kind), reconcile.For(e, sockets.Pruning)}
}

func (r *walk) Look(ctx context.Context, t reconcile.Target, want sshserver.Want) (reconcile.Snapshot[sshserver.Facts], error) {
	return r.servers.Look(ctx, t, want)
}

func (r *walk) Apply(ctx context.Context, t reconcile.Target, want sshserver.Want, rec reconcile.Record) (reconcile.Snapshot[sshserver.Facts], keepalive.Plan, reconcile.Outcome, error) {
	return r.servers.Apply(ctx, t, want, rec)
}

func (r *walk) Remove(ctx context.Context, t reconcile.Target, want sshserver.Want, rec reconcile.Record) (same bool, err error) {
	same, _, err = r.servers.Remove(ctx, t, want, rec)
	return same, err
}

func (r *walk) LookClient(ctx context.Context, t reconcile.Target, want sshclient.Want) (reconcile.Snapshot[sshclient.Facts], error) {
	return r.clients.Look(ctx, t, want)
}

func (r *walk) ApplyClient(ctx context.Context, t reconcile.Target, want sshclient.Want, rec reconcile.Record) (reconcile.Snapshot[sshclient.Facts], keepalive.Plan, reconcile.Outcome, error) {
	return r.clients.Apply(ctx, t, want, rec)
}

func (r *walk) RemoveClient(ctx context.Context, t reconcile.Target, want sshclient.Want, rec reconcile.Record) (same bool, err error) {
	same, _, err = r.clients.Remove(ctx, t, want, rec)
	return same, err
}

func (r *walk) LookCoolify(ctx context.Context, t reconcile.Target, want coolify.Want) (reconcile.Snapshot[coolify.Facts], error) {
	return r.coolifies.Look(ctx, t, want)
}

func (r *walk) ApplyCoolify(ctx context.Context, t reconcile.Target, want coolify.Want, rec reconcile.Record) (reconcile.Snapshot[coolify.Facts], keepalive.Plan, reconcile.Outcome, error) {
	return r.coolifies.Apply(ctx, t, want, rec)
}

func (r *walk) RemoveCoolify(ctx context.Context, t reconcile.Target, want coolify.Want, rec reconcile.Record) (same, changed bool, err error) {
	return r.coolifies.Remove(ctx, t, want, rec)
}

func (r *walk) PruneControl(ctx context.Context, t reconcile.Target, dead []sshclient.ControlSocket) (reconcile.Snapshot[[]sshclient.PrunedSocket], error) {
	return r.pruning.Look(ctx, t, dead)
}

func (r *walk) LookControl(ctx context.Context, t reconcile.Target) (reconcile.Snapshot[sshclient.SocketFacts], error) {
	return r.controls.Look(ctx, t, struct{}{})
}

func (r *walk) LookSessions(ctx context.Context, t reconcile.Target) (reconcile.Snapshot[sshsession.Facts], error) {
	return r.sessions.Look(ctx, t, struct{}{})
}
