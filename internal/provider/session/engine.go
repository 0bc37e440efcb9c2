package session

import (
	"context"

	clientkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/container"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
	serverkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sessions"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sockets"
	systemkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/system"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// Reconciler looks at and changes one kind of settings; *reconcile.Reconciler is one.
type Reconciler[W, F any] interface {
	Look(ctx context.Context, t reconcile.Target, want W) (reconcile.Snapshot[F], error)
	Apply(ctx context.Context, t reconcile.Target, want W, rec reconcile.Record) (reconcile.Snapshot[F], keepalive.Plan, reconcile.Outcome, error)
	Remove(ctx context.Context, t reconcile.Target, want W, rec reconcile.Record) (same, changed bool, err error)
}

// Prober logs in to hosts; *reconcile.Engine is one.
type Prober interface {
	ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error)
	ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error)
}

// Engine looks at machines and changes them.
type Engine struct {
	Prober
	Server   Reconciler[sshserver.Want, sshserver.Facts]
	Client   Reconciler[sshclient.Want, sshclient.Facts]
	Coolify  Reconciler[coolify.Want, coolify.Facts]
	System   Reconciler[system.Want, system.Facts]
	Sockets  Reconciler[struct{}, sshclient.SocketFacts]
	Sessions Reconciler[struct{}, sshsession.Facts]
	// Installation is a Coolify with its container, whose name is wanted.
	Installation Reconciler[string, coolify.Installation]
	// Live looks at an sshd each time that it is asked, and Pruning removes sockets.
	Live    Reconciler[sshserver.Want, sshserver.Facts]
	Pruning Reconciler[[]sshclient.ControlSocket, []sshclient.PrunedSocket]
}

// NewEngine returns the engine that reaches machines.
func NewEngine(machines reconcile.Machines) Engine {
	e := reconcile.New(machines)
	return Engine{
		e, reconcile.For(e, serverkind.Kind), reconcile.For(e, clientkind.Kind),
		reconcile.For(e, envfile.Kind), reconcile.For(e, systemkind.Kind), reconcile.For(e, sockets.Kind), reconcile.For(e, sessions.Kind), reconcile.For(e, container.Kind),
		reconcile.For(e, serverkind.Live()), reconcile.For(e, sockets.Pruning),
	}
}
