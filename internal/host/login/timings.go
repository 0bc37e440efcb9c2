package login

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// timings are the times at which a login came through its phases.
type timings struct {
	began, linked, done time.Time
	// key is when the host showed its key, which another goroutine sees.
	key atomic.Pointer[time.Time]
}

func (h *handshake) info() host.HandshakeInfo {
	m := host.HandshakeInfo{
		Identity:    host.Identity{Address: h.address, Hops: h.hops},
		AuthMethods: h.offers,
		Connect:     between(h.timings.began, h.timings.linked),
	}
	if h.creds != nil {
		m.UserCertificateExpires = h.creds.expiry()
	}
	if h.stream == nil {
		return m
	}
	ident, at := h.stream.IdentifiedAt()
	m.ServerVersion, m.Identification = ident, between(h.timings.linked, at)
	shown := h.timings.key.Load()
	if shown == nil {
		return m
	}
	m.HostKeySHA256, m.KeyType, m.HostKeyType = knownhosts.Fingerprint(h.hostKey), knownhosts.Plain(h.hostKey).Type(), h.hostKey.Type()
	m.HostCertificateExpires = expiry(h.hostKey)
	m.KeyExchange = between(at, *shown)
	if !h.timings.done.IsZero() {
		m.Authentication = between(*shown, h.timings.done)
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
