package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	clientkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
	serverkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sessions"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sockets"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// reconciler looks at and changes one kind of settings; *reconcile.Reconciler is one.
type reconciler[W, F any] interface {
	Look(ctx context.Context, t reconcile.Target, want W) (reconcile.Snapshot[F], error)
	Apply(ctx context.Context, t reconcile.Target, want W, rec reconcile.Record) (reconcile.Snapshot[F], keepalive.Plan, reconcile.Outcome, error)
	Remove(ctx context.Context, t reconcile.Target, want W, rec reconcile.Record) (same, changed bool, err error)
}

// prober logs in to hosts; *reconcile.Engine is one.
type prober interface {
	ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error)
	ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error)
}

// engine looks at machines and changes them.
type engine struct {
	prober
	server   reconciler[sshserver.Want, sshserver.Facts]
	client   reconciler[sshclient.Want, sshclient.Facts]
	coolify  reconciler[coolify.Want, coolify.Facts]
	control  reconciler[struct{}, sshclient.SocketFacts]
	sessions reconciler[struct{}, sshsession.Facts]
}

func newEngine(machines reconcile.Machines) engine {
	e := reconcile.New(machines)
	return engine{
		e, reconcile.For(e, serverkind.Kind), reconcile.For(e, clientkind.Kind),
		reconcile.For(e, envfile.Kind), reconcile.For(e, sockets.Kind), reconcile.For(e, sessions.Kind),
	}
}

// Resources lists the resources.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &serverResource{} },
		func() resource.Resource { return &clientResource{} },
		func() resource.Resource { return &coolifyResource{} },
	}
}
