// Package observe looks at hosts for a process that lives for months, and cannot change
// them: it offers the looks of package reconcile and none of its changes, and hands out
// hosts that run the scripts of looks only.
//
// Connections are shared and reused. No look answers a later question; those that come at
// the same time and ask the same share one. The package must not know what the answers are for.
package observe

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
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

// Options of an observer.
type Options struct {
	Version string // ours, for the identification that servers log
	// IdleTime is how long a connection that is not used stays open; 0 is a minute.
	// RefusalTime is how long a machine that refused us is not asked again; 0 is for good.
	IdleTime, RefusalTime time.Duration
}

// Observer looks at machines.
type Observer struct {
	pool     *pool.Pool
	server   *reconcile.Looker[sshserver.Want, sshserver.Facts, server.Detail]
	client   *reconcile.Looker[sshclient.Want, sshclient.Facts, client.Detail]
	envFile  *reconcile.Looker[coolify.Want, coolify.Facts, struct{}]
	coolify  *reconcile.Looker[string, coolify.Installation, struct{}]
	sockets  *reconcile.Looker[struct{}, sshclient.SocketFacts, struct{}]
	sessions *reconcile.Looker[struct{}, sshsession.Facts, struct{}]
}

// New returns an observer, which dials nothing until asked.
func New(o Options) *Observer {
	p := pool.New(pool.Options{Version: o.Version, IdleTime: o.IdleTime, RefusalTime: o.RefusalTime})
	e := reconcile.New(lookingOnly{p})
	return &Observer{
		p,
		reconcile.LookerFor(e, server.Live()), reconcile.LookerFor(e, live(client.Kind)), reconcile.LookerFor(e, live(envfile.Kind)),
		reconcile.LookerFor(e, container.Kind), reconcile.LookerFor(e, sockets.Kind), reconcile.LookerFor(e, sessions.Kind),
	}
}

// live is a kind whose looks answer no later asker.
func live[W, F, D any](kind reconcile.Kind[W, F, D]) reconcile.Kind[W, F, D] {
	kind.Keep = func(F) bool { return false }
	return kind
}

// Close ends every connection, once running scripts have ended or ctx has.
func (o *Observer) Close(ctx context.Context) { o.pool.Close(ctx) }

// Snapshot is what one look saw.
type Snapshot[F any] struct {
	Facts     F
	Identity  host.Identity
	MachineID string
	Pending   int // changes that are live and not confirmed yet
}

// ProbeLogin logs in to spec's machine on a new connection and closes it. The error is a
// *host.Error.
func (o *Observer) ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error) {
	return o.pool.ProbeLogin(ctx, spec)
}

// ProbeIdle logs in to spec's machine on a new connection and sends nothing there. The
// error is a *host.Error.
func (o *Observer) ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error) {
	return o.pool.ProbeIdle(ctx, spec, w)
}

// Server looks at the sshd of spec's machine that reads file, "" for the one that lets us in.
func (o *Observer) Server(ctx context.Context, spec host.Spec, file string, want sshserver.Want) (Snapshot[sshserver.Facts], error) {
	return look(ctx, o.server, reconcile.Target{Spec: spec, File: file}, want)
}

// Client looks at an ssh_config, whose "" is that of user, and whose user "" is who logs in.
func (o *Observer) Client(ctx context.Context, spec host.Spec, file, user string, want sshclient.Want) (Snapshot[sshclient.Facts], error) {
	return look(ctx, o.client, reconcile.Target{Spec: spec, File: file, User: user}, want)
}

// EnvFile looks at the environment file of a Coolify.
func (o *Observer) EnvFile(ctx context.Context, spec host.Spec, file string, want coolify.Want) (Snapshot[coolify.Facts], error) {
	return look(ctx, o.envFile, reconcile.Target{Spec: spec, File: file}, want)
}

// Coolify looks at a Coolify: its environment file and the container of this name.
func (o *Observer) Coolify(ctx context.Context, spec host.Spec, file, name string) (Snapshot[coolify.Installation], error) {
	return look(ctx, o.coolify, reconcile.Target{Spec: spec, File: file}, name)
}

// Sockets looks at the control sockets of user in a directory, or of a pattern.
func (o *Observer) Sockets(ctx context.Context, spec host.Spec, path, user string) (Snapshot[sshclient.SocketFacts], error) {
	return look(ctx, o.sockets, reconcile.Target{Spec: spec, File: path, User: user}, struct{}{})
}

// Sessions looks at the sessions of the sshd of spec's machine.
func (o *Observer) Sessions(ctx context.Context, spec host.Spec) (Snapshot[sshsession.Facts], error) {
	return look(ctx, o.sessions, reconcile.Target{Spec: spec}, struct{}{})
}

func look[W, F, D any](ctx context.Context, r *reconcile.Looker[W, F, D], t reconcile.Target, want W) (s Snapshot[F], err error) {
	seen, err := r.Look(ctx, t, want)
	if err != nil {
		return s, err
	}
	return Snapshot[F]{seen.Facts, seen.Identity, seen.MachineID, len(seen.Pending)}, nil
}
