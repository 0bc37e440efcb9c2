package exporter

import (
	"context"
	"errors"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
)

// sessions measures the sessions of the sshd that lets us in, but for the exporter's own.
func (e *Exporter) sessions(ctx context.Context, h *config.Host, s *samples) error {
	seen, err := e.observer.Sessions(ctx, h.Spec)
	if err != nil {
		return err
	}
	return sessionFacts(s, seen.Facts)
}

func sessionFacts(s *samples, have sshsession.Facts) error {
	list, why := have.Sessions()
	if why != "" {
		return errors.New(why)
	}
	others := func(is func(sshsession.Session) bool) float64 {
		return float64(sshsession.Count(list, func(x sshsession.Session) bool { return !x.Own && is(x) }))
	}
	dead := sshsession.Session.IsDead
	unknown := sshsession.Session.IsUnknown
	s.set("sessions", others(func(x sshsession.Session) bool { return !x.IsDead() && !x.IsUnknown() }), "open")
	s.set("sessions", others(dead), "dead")
	s.set("sessions", others(unknown), "unknown")
	s.set("sessions_unprobed", others(sshsession.Session.IsUnprobed))
	oldest := int64(-1)
	for _, x := range list {
		if x.IsDead() && x.Found {
			oldest = max(oldest, x.Received)
		}
	}
	if oldest >= 0 {
		s.set("sessions_oldest_dead_seconds", float64(oldest)/1000)
	}
	if orphans, why := have.Orphans(); why == "" {
		s.set("sessions_orphaned_processes", float64(len(orphans)))
	}
	if logins, why := have.LeftLogins(); why == "" {
		s.set("sessions_ended_logins", float64(len(logins)))
	}
	return nil
}

// controlSockets measures each place of control sockets.
func (e *Exporter) controlSockets(ctx context.Context, h *config.Host, s *samples) error {
	var errs []error
	for _, place := range h.Sockets {
		seen, err := e.observer.Sockets(ctx, h.Spec, place.Path, place.User)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		count, exposed := map[sshclient.SocketState]int{}, 0
		for _, socket := range seen.Facts.Sockets {
			count[socket.State]++
			if socket.Exposed {
				exposed++
			}
		}
		for _, state := range []sshclient.SocketState{sshclient.Live, sshclient.Stale, sshclient.NotSSH, sshclient.Unclear} {
			s.set("control_sockets", float64(count[state]), place.Path, place.User, label(string(state)))
		}
		s.set("control_sockets_exposed", float64(exposed), place.Path, place.User)
	}
	return errors.Join(errs...)
}
