package reconcile

import (
	"context"
	"strings"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// memory keeps what was seen of machines, by machine and question.
type memory[S any] struct {
	mu     sync.Mutex
	sights map[string]S
}

func machineKey(spec host.Spec) string { return spec.Key() + "\x00" }

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
	s, err = gather(h)
	if err != nil {
		var none S
		return none, wrap(spec, "gather", Unchanged, err)
	}
	m.keep(key, s)
	return s, nil
}

func (m *memory[S]) recall(key string) (S, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sights[key]
	return s, ok
}

func (m *memory[S]) keep(key string, s S) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sights == nil {
		m.sights = map[string]S{}
	}
	m.sights[key] = s
}

// forget drops everything about a machine that was, or may have been, changed.
func (m *memory[S]) forget(spec host.Spec) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.sights {
		if strings.HasPrefix(key, machineKey(spec)) {
			delete(m.sights, key)
		}
	}
}

// locks lets one change at a time happen on each machine.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]chan struct{}{}
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
