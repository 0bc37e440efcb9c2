package exporter

import (
	"context"
	"errors"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// login measures a login of its own.
func (e *Exporter) login(ctx context.Context, h *config.Host, s *samples) error {
	r, err := e.observer.ProbeLogin(ctx, h.Spec)
	info, attempts := r.HandshakeInfo, r.Attempts
	failure, failed := errors.AsType[*host.Error](err)
	if failed {
		info, attempts = failure.Handshake, failure.Attempts
	}
	for phase, took := range map[string]time.Duration{
		"connect": info.Connect, "identification": info.Identification, "key_exchange": info.KeyExchange, "authentication": info.Authentication,
	} {
		if took > 0 {
			s.set("login_phase_seconds", took.Seconds(), phase)
		}
	}
	s.set("login_attempts", float64(attempts))
	if r.RoundTrip > 0 {
		s.set("login_round_trip_seconds", r.RoundTrip.Seconds())
	}
	if info.ServerVersion != "" {
		s.set("login_server_info", 1, info.ServerVersion)
	}
	if info.HostKeySHA256 != "" {
		s.set("login_host_key_info", 1, info.HostKeyType, info.HostKeySHA256)
	}
	changed, changes := e.noteHostKey(h.Name, info.HostKeySHA256)
	s.setIf("login_host_key_changed", changed || failed && failure.Kind == host.HostKeyChanged)
	s.set("login_host_key_changes_total", float64(changes))
	for which, at := range map[string]time.Time{"host": info.HostCertificateExpires, "user": info.UserCertificateExpires} {
		if !at.IsZero() {
			s.set("login_certificate_expiry_timestamp_seconds", float64(at.Unix()), which)
		}
	}
	return err
}

// hostKey is the host key that a host showed last, and how often it became another one.
type hostKey struct {
	sha256  string
	changes int
}

// noteHostKey notes the fingerprint that a host showed, if it showed one.
func (e *Exporter) noteHostKey(target, sha256 string) (changed bool, changes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	last := e.hostKeys[target]
	if sha256 != "" {
		changed = last.sha256 != "" && last.sha256 != sha256
		if changed {
			last.changes++
		}
		last.sha256 = sha256
		e.hostKeys[target] = last
	}
	return changed, last.changes
}
