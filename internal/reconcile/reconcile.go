// Package reconcile looks at a machine, has the decision made, carries it out under a
// confirmed commit, looks again, and compares.
//
// What is managed is described by a Kind: how facts are gathered, how a change is
// decided and prepared, and what proves it. For(engine, kind) looks at, applies and
// removes what that kind manages. All kinds share the order of the steps, the cache of
// looks, the lock of each machine and the retry after a conflict:
//
//	Look    from the cache, or by one look for all who ask at the same time
//	Apply   lock the machine, look, wait for a pending change of another run, plan,
//	        compare with the record, commit, confirm by another look
//	Remove  the same with the plan that restores
//
// A new kind is one value of Kind with its script.
//
// The package knows that order. It must not know schemas, flags or Terraform.
package reconcile

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
)

// Machines gives out hosts; *pool.Pool is one.
type Machines interface {
	// Acquire returns the shared connection to spec's machine.
	Acquire(ctx context.Context, spec host.Spec) (host.Host, error)
	// AcquireDedicated returns a connection of its own: new TCP, new jump legs, new
	// authentication. Release closes it.
	AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error)
	// ProbeLogin logs in on a new connection, measures that and closes it.
	ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error)
	// ProbeIdle logs in on a new connection and notes what the machine sends while we send nothing.
	ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error)
}

// Engine is what all kinds share: the machines, one lock for each machine, and which
// changes this run has begun.
type Engine struct {
	// LookTimeout is how long one look may take once the machine is reached; 0 is the
	// time of one command and of connecting again, by the settings of the connection. Set
	// it before the first look.
	LookTimeout time.Duration

	machines Machines
	locks    locks
	begun    ownChanges
	names    machineNames
}

// New returns an engine over machines.
func New(machines Machines) *Engine { return &Engine{machines: machines} }

// ProbeLogin logs in to spec's machine on a new connection, whatever was seen of it. The
// error is a *host.Error.
func (e *Engine) ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error) {
	return e.machines.ProbeLogin(ctx, spec)
}

// ProbeIdle logs in to spec's machine on a new connection and sends nothing there. The
// error is a *host.Error.
func (e *Engine) ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error) {
	return e.machines.ProbeIdle(ctx, spec, w)
}

// Target is one managed configuration on one machine.
type Target struct {
	Spec host.Spec
	// File is the main file of sshd, where "" is the one that the running daemon reads;
	// the file of ssh, absolute or beginning with ~/; the environment file of Coolify;
	// or the directory or pattern of control sockets.
	File string
	// User is whose ssh it is; "" is who logs in.
	User string
	// NoReload leaves a running daemon alone: image builds.
	NoReload bool
	// ConfirmTimeout is how long the host waits for the confirming connection
	// before it rolls back; 0 gives up that protection.
	ConfirmTimeout time.Duration
}

// IsImage reports whether t is a root file system that was not booted.
func (t Target) IsImage() bool { return t.Spec.Transport == "image" }
