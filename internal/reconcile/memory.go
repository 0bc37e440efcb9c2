package reconcile

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// memory keeps what was seen of machines, by connection and question.
type memory[S seen] struct {
	mu      sync.Mutex
	sights  map[string]remembered[S]
	names   map[string]machineName // by connection
	changed changes
}

type remembered[S any] struct {
	sight S
	of    machineName
}

// seen is a look at a machine.
type seen interface {
	machine(spec host.Spec) machineName
}

func machineKey(spec host.Spec) string { return spec.Key() + "\x00" }

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

// changes are the machines that were changed, or may have been, in their order. What a
// look that began before a change has seen of that machine is not remembered.
type changes []machineName

func (c changes) since(n int, m machineName) bool { return slices.ContainsFunc(c[n:], m.mayBe) }

// look answers question about spec's machine from memory, or by gather.
func (m *memory[S]) look(ctx context.Context, machines Machines, spec host.Spec, question string, gather func(host.Host) (S, error)) (s S, err error) {
	key := machineKey(spec) + digest([]byte(question))
	if s, ok := m.recall(key); ok {
		return s, nil
	}
	h, err := machines.Acquire(ctx, spec)
	if err != nil {
		return s, err
	}
	defer h.Release()
	began := m.began()
	s, err = gather(h)
	if err != nil {
		var none S
		return none, wrap(spec, "gather", Unchanged, err)
	}
	m.keep(key, s, spec, began)
	return s, nil
}

func (m *memory[S]) began() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.changed)
}

func (m *memory[S]) recall(key string) (S, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.sights[key]
	return r.sight, ok
}

func (m *memory[S]) keep(key string, s S, spec host.Spec, began int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := s.machine(spec)
	if m.changed.since(began, of) {
		return
	}
	if m.sights == nil {
		m.sights, m.names = map[string]remembered[S]{}, map[string]machineName{}
	}
	m.names[machineKey(spec)] = of
	m.sights[key] = remembered[S]{s, of}
}

// forget drops everything about a machine that was, or may have been, changed, however
// it is reached.
func (m *memory[S]) forget(changed machineName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changed = append(m.changed, changed)
	maps.DeleteFunc(m.sights, func(_ string, r remembered[S]) bool { return r.of.mayBe(changed) })
}

// name is which machine was met by the settings of spec, zero if none was yet.
func (m *memory[S]) name(spec host.Spec) machineName {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.names[machineKey(spec)]
}

// hold waits until this run changes nothing else on the machine that is behind spec, and
// looks at it. name is what is known of which machine that is.
func hold[S seen](ctx context.Context, l *locks, spec host.Spec, name machineName, look func() (S, error)) (s S, unlock func(), err error) {
	if name == (machineName{}) {
		if s, err = look(); err != nil {
			return s, nil, err
		}
		name = s.machine(spec)
	}
	if unlock, err = l.lock(ctx, name); err != nil {
		return s, nil, wrap(spec, "lock", Unchanged, err)
	}
	if s, err = look(); err != nil {
		unlock()
		return s, nil, err
	}
	return s, unlock, nil
}

// locks lets one change at a time happen on each machine.
type locks struct {
	mu   sync.Mutex
	held map[machineName]chan struct{}
}

func (l *locks) lock(ctx context.Context, key machineName) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[machineName]chan struct{}{}
	}
	slot, ok := l.held[key]
	if !ok {
		slot = make(chan struct{}, 1)
		l.held[key] = slot
	}
	l.mu.Unlock()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
