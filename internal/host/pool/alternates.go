package pool

import (
	"context"
	"fmt"
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
)

// updateAlternates takes over where else the machine may answer. A failure of the path that
// was met without that knowledge no longer counts.
func (e *entry) updateAlternates(spec host.Spec) {
	if len(spec.AlternateAddresses) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.Equal(e.alternates, spec.AlternateAddresses) && e.expectedKey == spec.ExpectedHostKey {
		return
	}
	e.alternates, e.expectedKey = slices.Clone(spec.AlternateAddresses), spec.ExpectedHostKey
	if e.failed != nil && e.failed.Transient() {
		e.failed = nil
	}
}

// alternatesChangedSince lets spec name where else the machine may answer if a user of it gave that
// while spec was dialled without success: that user waits for the same attempt.
func (e *entry) alternatesChangedSince(spec *host.Spec, err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil || !asError(err).Transient() || slices.Equal(spec.AlternateAddresses, e.alternates) {
		return false
	}
	spec.AlternateAddresses, spec.ExpectedHostKey = e.alternates, e.expectedKey
	return true
}

// loginAtFirst logs in once at the first of the machine's addresses where anything
// answers; path opens the way to each. passed is false when no address was tried,
// because there was no way.
func (p *Pool) loginAtFirst(ctx context.Context, spec host.Spec, t hostkey.Checker, path func(context.Context) (login.Route, func(), error)) (c *sharedConn, passed bool, err error) {
	var first *host.Error
	for _, address := range spec.Addresses() {
		r, release, err := path(ctx)
		if err != nil {
			return nil, false, err
		}
		c, err := p.attempt(ctx, spec, address, t.At(address, spec), r, release)
		if err == nil {
			return c, true, nil
		}
		failure := asError(err)
		if first != nil {
			failure.Err = fmt.Errorf("%w; elsewhere, at %s: %w", first.Err, address, failure.Err)
		}
		if !failure.Transient() || ctx.Err() != nil {
			return nil, true, failure
		}
		if first == nil {
			first = failure
		} else {
			first.Err = failure.Err
		}
	}
	return nil, true, first
}
