package exporter

import (
	"context"
	"errors"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
)

// coolify measures each Coolify that something is wanted of.
func (e *Exporter) coolify(ctx context.Context, h *config.Host, s *samples) error {
	var errs []error
	for _, of := range h.Coolify {
		seen, err := e.observer.Coolify(ctx, h.Spec, of.File, of.Container)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		installationFacts(s, of, seen.Facts)
		if len(of.Want.Settings) == 0 {
			continue
		}
		env, err := e.observer.EnvFile(ctx, h.Spec, of.File, of.Want)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		o := coolify.Observe(of.Want, env.Facts)
		s.setIf("coolify_in_sync", len(o.Drift) == 0, of.File)
		settingsInSync(of.Want.Settings, o, func(key string, is bool) { s.setIf("coolify_setting_in_sync", is, of.File, key) })
	}
	return errors.Join(errs...)
}

func installationFacts(s *samples, of config.Coolify, have coolify.Installation) {
	if pending, why := have.Pending(); why == "" {
		s.setIf("coolify_restart_pending", pending, of.File)
	}
	if release, source, why := have.Release(); why == "" {
		s.set("coolify_release_info", 1, of.File, release, source)
	}
	for _, r := range have.Reports() {
		for _, v := range []coolify.Verdict{coolify.Applies, coolify.Not, coolify.Possible} {
			s.setIf("coolify_report", r.Verdict == v, of.File, r.Name, string(v))
		}
	}
	if sockets, _, why := have.Shared(); why == "" {
		s.set("coolify_sockets", float64(len(sockets)), of.File)
	}
}
