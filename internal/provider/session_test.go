package provider

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// slowEngine looks until it is released.
type slowEngine struct {
	*fakeEngine
	looking, release chan struct{}
}

func (e *slowEngine) engine() session.Engine {
	slow := e.fakeEngine.engine()
	slow.Server = slowReconciler{slow.Server, e}
	return slow
}

type slowReconciler struct {
	session.Reconciler[sshserver.Want, sshserver.Facts]
	*slowEngine
}

func (r slowReconciler) Look(ctx context.Context, t reconcile.Target, want sshserver.Want) (reconcile.Snapshot[sshserver.Facts], error) {
	r.looking <- struct{}{}
	<-r.release
	return r.Reconciler.Look(ctx, t, want)
}

// TestANewConfigurationLetsCallsEnd: under a debugger, in tests and in bridges
// one process is configured many times, and calls may still be under way.
func TestANewConfigurationLetsCallsEnd(t *testing.T) {
	e := &slowEngine{one(cloudHost()), make(chan struct{}), make(chan struct{})}
	ended := make(chan struct{}, 2)
	p := &Provider{start: func() (session.Engine, func(context.Context)) {
		return e.engine(), func(context.Context) { ended <- struct{}{} }
	}}
	r := serve(t, p)
	r.configure(nil, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.plan(nil, basic)
	}()
	<-e.looking
	r.configure(nil, nil)
	select {
	case <-ended:
		t.Fatal("connections were closed under a call that uses them")
	case <-time.After(50 * time.Millisecond):
	}
	close(e.release)
	<-done
	<-ended
	p.Close(t.Context())
	<-ended
}

// TestCloseIsBounded: Terraform waits for us each time it ends a process.
func TestCloseIsBounded(t *testing.T) {
	e := &slowEngine{one(cloudHost()), make(chan struct{}), make(chan struct{})}
	p := &Provider{start: func() (session.Engine, func(context.Context)) { return e.engine(), func(context.Context) {} }}
	r := serve(t, p)
	r.configure(nil, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.plan(nil, basic)
	}()
	<-e.looking
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	p.Close(ctx) // returns, although a call hangs
	close(e.release)
	<-done
}

// TestManyCallsAtOnce is Terraform with -parallelism=32; the race detector looks on.
func TestManyCallsAtOnce(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), values{"connection": values{"password": "secret"}})
	s := r.create(basic)
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			resp, err := r.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: "sshkeepalive_server", CurrentState: r.encode(r.resource, s.value), Private: s.private, CurrentIdentity: s.identity,
			})
			if err != nil || said(resp.Diagnostics, failed) != "" {
				t.Error(err, said(resp.Diagnostics, failed))
			}
		})
	}
	group.Wait()
}
