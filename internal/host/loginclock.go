package host

import (
	"strings"
	"sync/atomic"
	"time"
)

// moments are the times at which a login came through its phases.
type moments struct {
	began, linked, done time.Time
	// key is when the host showed its key, which another goroutine sees.
	key atomic.Pointer[time.Time]
}

func (h *handshake) meeting() HandshakeInfo {
	m := HandshakeInfo{
		Identity:    Identity{Address: h.address, Hops: h.hops},
		AuthMethods: h.offers,
		Connect:     between(h.moments.began, h.moments.linked),
	}
	if h.wire == nil {
		return m
	}
	ident, at := h.wire.identified()
	m.ServerVersion, m.Identification = ident, between(h.moments.linked, at)
	shown := h.moments.key.Load()
	if shown == nil {
		return m
	}
	m.HostKeySHA256, m.KeyType, m.HostKeyType = fingerprint(h.hostKey), plainOf(h.hostKey).Type(), h.hostKey.Type()
	m.KeyExchange = between(at, *shown)
	if !h.moments.done.IsZero() {
		m.Authentication = between(*shown, h.moments.done)
		m.AuthMethod = strings.Join(append(h.passed, h.creds.latest()), ",")
	}
	return m
}

func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(to.Sub(from), 1)
}
