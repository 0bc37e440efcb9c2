package pool

import (
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// memory is what a pool keeps of a machine that is not in use: what would cost a
// connection, or lock an account, to find out again. It holds no secret.
type memory struct {
	spec        host.Spec // how the machine and its settings were called
	refused     *host.Error
	until       time.Time // when the refusal is forgotten; the zero time is never
	alternates  []string
	expectedKey string
	silent      bool
	single      bool
}

// memory returns what is worth keeping of e, whose lock the caller holds.
func (e *entry) memory() memory {
	s := e.spec
	m := memory{
		spec: host.Spec{
			Name: s.Name, Transport: s.Transport, Host: s.Host, Port: s.Port, User: s.User, Names: s.Names, JumpHost: s.JumpHost, Place: s.Place,
		},
		alternates: e.alternates, expectedKey: e.expectedKey, silent: e.silent, single: e.single,
	}
	if e.refused && e.remembers() {
		m.refused, m.until = e.failed.WithoutSecrets(), e.until
	}
	return m
}

func (m memory) worth() bool {
	return m.refused != nil || len(m.alternates) > 0 || m.silent || m.single
}

// recall gives a new entry what was kept of its machine.
func (e *entry) recall(m memory) {
	e.alternates, e.expectedKey, e.silent, e.single = m.alternates, m.expectedKey, m.silent, m.single
	if m.refused != nil {
		e.failed, e.until, e.refused = m.refused.Named(e.spec, m.spec), m.until, true
	}
}
