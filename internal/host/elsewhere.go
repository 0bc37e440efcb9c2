package host

import (
	"context"
	"fmt"
	"slices"
)

// hear takes over where else the machine may answer. A failure of the path that
// was met without that knowledge no longer counts.
func (e *entry) hear(spec Spec) {
	if len(spec.AlternateAddresses) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.Equal(e.elsewhere, spec.AlternateAddresses) && e.shown == spec.ExpectedHostKey {
		return
	}
	e.elsewhere, e.shown = slices.Clone(spec.AlternateAddresses), spec.ExpectedHostKey
	if e.failed != nil && e.failed.transient() {
		e.failed = nil
	}
}

// heardSince lets spec name where else the machine may answer if somebody said that
// while spec was dialled in vain: he waits for the same attempt.
func (e *entry) heardSince(spec *Spec, err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil || !asError(err).transient() || slices.Equal(spec.AlternateAddresses, e.elsewhere) {
		return false
	}
	spec.AlternateAddresses, spec.ExpectedHostKey = e.elsewhere, e.shown
	return true
}

// meet logs in once at the first of the machine's addresses where anything
// answers; path opens the way to each. passed is false when no address was tried,
// because there was no way.
func (p *Pool) meet(ctx context.Context, spec Spec, t trust, path func(context.Context) (route, func(), error)) (c *sharedConn, passed bool, err error) {
	var first *Error
	for _, address := range spec.addresses() {
		r, release, err := path(ctx)
		if err != nil {
			return nil, false, err
		}
		c, err := p.attempt(ctx, spec, address, t.at(address, spec), r, release)
		if err == nil {
			return c, true, nil
		}
		failure := asError(err)
		if first != nil {
			failure.Err = fmt.Errorf("%w; elsewhere, at %s: %w", first.Err, address, failure.Err)
		}
		if !failure.transient() || ctx.Err() != nil {
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
