package exporter

import (
	"context"
	"errors"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

// client measures each block of an ssh_config that something is wanted of.
func (e *Exporter) client(ctx context.Context, h *config.Host, s *samples) error {
	var errs []error
	for _, of := range h.Clients {
		seen, err := e.observer.Client(ctx, h.Spec, of.File, of.User, of.Want)
		switch {
		case err != nil:
			errs = append(errs, err)
		case seen.Facts.Invalid != "":
			errs = append(errs, errors.New("ssh refuses its configuration: "+seen.Facts.Invalid))
		default:
			clientFacts(s, of, seen.Facts)
		}
	}
	return errors.Join(errs...)
}

func clientFacts(s *samples, of config.Client, have sshclient.Facts) {
	o := sshclient.Observe(of.Want, have)
	file, user, block := have.File, have.User, of.Want.Block()
	s.setIf("client_managed", o.Managed, file, user, block)
	inSync := len(o.Drift) == 0 && (o.Managed || !of.Resource)
	if len(of.Want.Settings) > 0 {
		s.setIf("client_in_sync", inSync, file, user, block)
	}
	settingsInSync(of.Want.Settings, o, func(keyword string, is bool) { s.setIf("client_setting_in_sync", is, file, user, block, keyword) })
	for i, values := range have.Effective {
		name := have.Contexts[i].Host
		if n, ok := one(values, "serveraliveinterval"); ok {
			s.set("client_server_alive_interval_seconds", n, file, user, block, name)
		}
		if n, ok := one(values, "serveralivecountmax"); ok {
			s.set("client_server_alive_count_max", n, file, user, block, name)
		}
	}
}

// settingsInSync tells of each wanted setting whether it does not drift.
func settingsInSync(wanted []keepalive.Setting, o keepalive.Observed, tell func(keyword string, is bool)) {
	drifts := map[string]bool{}
	for _, p := range o.Drift {
		drifts[p.Attribute] = true
	}
	for _, w := range wanted {
		tell(w.Keyword, !drifts[w.Attribute])
	}
}
