package reconcile_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// losing is machines of which the first confirming connections are lost.
type losing struct {
	reconcile.Machines
	first int
}

func (l *losing) AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error) {
	h, err := l.Machines.AcquireDedicated(ctx, spec)
	if err != nil || l.first == 0 {
		return h, err
	}
	l.first--
	return lost{h}, nil
}

type lost struct{ host.Host }

func (lost) Run(context.Context, host.Script) (host.Result, error) {
	return host.Result{}, &host.Error{Kind: host.Lost, Phase: host.PhaseRemote, Host: "web1", Err: errors.New("reset by peer")}
}

// A connection that is lost says little about the change that it was to confirm;
// two that are lost say enough.
func TestConfirmingConnectionIsLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	for n, want := range []reconcile.Outcome{reconcile.Applied, reconcile.Applied, reconcile.RolledBack} {
		value := []string{"60", "70", "80"}[n]
		_, _, outcome, err := newWalk(&losing{r.pool, n}).Apply(t.Context(), r.target, wish("ClientAliveInterval", value), reconcile.Record{})
		if outcome != want {
			t.Errorf("%d lost: %s, %v", n, outcome, err)
		}
	}
	if got := r.Effective("clientaliveinterval"); got != "70" {
		t.Errorf("sshd says %q", got)
	}
}
