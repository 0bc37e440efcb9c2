package reconcile

import (
	"cmp"
	"context"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// machineName tells machines apart, whatever the settings are by which they are
// reached. Cloned machines have one id and two host keys; one machine has a host key of
// each type, and no key is shown where nothing is dialled.
type machineName struct{ id, key string }

func nameOf(id string, shown host.Identity, spec host.Spec) machineName {
	return machineName{id, cmp.Or(shown.HostKeySHA256, spec.RouteKey())}
}

// mayBe reports whether both can be one machine.
func (m machineName) mayBe(other machineName) bool {
	return m.key == other.key || m.id != "" && m.id == other.id
}

// machineNames says which machine was met by which settings.
type machineNames struct {
	mu  sync.Mutex
	all map[string]machineName
}

// mostNames bounds the names that are remembered. One that is forgotten costs a look
// before the lock.
const mostNames = 10_000

// get is zero if none was met yet.
func (n *machineNames) get(spec host.Spec) machineName {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[spec.Key()]
}

func (n *machineNames) put(spec host.Spec, name machineName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[string]machineName{}
	}
	n.all[spec.Key()] = name
	for key := range n.all {
		if len(n.all) <= mostNames {
			break
		}
		if key != spec.Key() {
			delete(n.all, key)
		}
	}
}

// locks lets one change at a time happen on each machine.
type locks struct {
	mu   sync.Mutex
	held map[machineName]*machineLock
}

type machineLock struct {
	slot chan struct{}
	used int // by its holder and those who wait; at 0 it is deleted
}

func (l *locks) lock(ctx context.Context, key machineName) (unlock func(), err error) {
	m := l.use(key)
	select {
	case m.slot <- struct{}{}:
		return func() { <-m.slot; l.leave(key, m) }, nil
	case <-ctx.Done():
		l.leave(key, m)
		return nil, context.Cause(ctx)
	}
}

func (l *locks) use(key machineName) *machineLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[machineName]*machineLock{}
	}
	m := l.held[key]
	if m == nil {
		m = &machineLock{slot: make(chan struct{}, 1)}
		l.held[key] = m
	}
	m.used++
	return m
}

func (l *locks) leave(key machineName, m *machineLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.used--; m.used == 0 {
		delete(l.held, key)
	}
}
