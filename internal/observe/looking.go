package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
)

// looks are the names of the scripts that look and change nothing.
func looks() []string {
	return []string{"gather", "spell", "pending", "sessions", "sockets", "coolify"}
}

// lookingOnly gives out the machines of a pool for looking.
type lookingOnly struct{ *pool.Pool }

func (m lookingOnly) Acquire(ctx context.Context, spec host.Spec) (host.Host, error) {
	h, err := m.Pool.Acquire(ctx, spec)
	if err != nil {
		return nil, err
	}
	return watched{h}, nil
}

func (m lookingOnly) AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error) {
	h, err := m.Pool.AcquireDedicated(ctx, spec)
	if err != nil {
		return nil, err
	}
	return watched{h}, nil
}

// watched is a host that runs the scripts of looks and refuses all others.
type watched struct{ host.Host }

func (h watched) Run(ctx context.Context, s host.Script) (host.Result, error) {
	if !slices.Contains(looks(), s.Name) {
		return host.Result{}, &RefusedScriptError{s.Name}
	}
	return h.Host.Run(ctx, s)
}

// RefusedScriptError is a script that is not one of a look. Nothing was run.
type RefusedScriptError struct{ Name string }

func (e *RefusedScriptError) Error() string {
	return fmt.Sprintf("the script %q does more than look: it was not run", e.Name)
}
