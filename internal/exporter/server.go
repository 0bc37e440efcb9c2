package exporter

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/audit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/observe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// server measures each sshd of h that something is wanted of, or the one that lets us in.
func (e *Exporter) server(ctx context.Context, h *config.Host, s *samples) error {
	var errs []error
	measured := map[string]bool{}
	for _, of := range h.Servers {
		seen, err := e.observer.Server(ctx, h.Spec, of.File, of.Want)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		file := seen.Facts.Tree.Main
		if !measured[file] {
			measured[file] = true
			serverFacts(s, file, h.Profiles, seen, of.Want)
		}
		serverWants(s, file, of, seen.Facts)
	}
	return errors.Join(errs...)
}

// serverFacts adds what an sshd does, whatever is wanted.
func serverFacts(s *samples, file string, profiles []string, seen observe.Snapshot[sshserver.Facts], want sshserver.Want) {
	have := seen.Facts
	s.setIf("server_configuration_valid", have.Invalid == "", file)
	s.set("server_pending_changes", float64(seen.Pending), file)
	s.set("server_openssh_info", 1, file, have.VersionText)
	if d := have.Daemon; d.PID != 0 && !d.StaleUnknown {
		s.setIf("server_daemon_stale", d.Stale, file)
	}
	if have.Invalid != "" {
		return
	}
	if seconds, drops := sshserver.DeadPeer(sshserver.Want{DropInName: want.DropInName}, have); drops {
		s.set("server_dead_peer_timeout_seconds", float64(seconds), file)
	}
	for i, values := range have.Effective {
		serverValues(s, file, contextLabel(have.Contexts, i), values)
	}
	found := audit.Server(profiles, have)
	for _, profile := range profiles {
		for _, v := range []audit.Verdict{audit.Passed, audit.Failed, audit.NotApplicable, audit.Unknown} {
			s.set("server_audit_findings", float64(found.Count(profile, v)), file, profile, label(string(v)))
		}
	}
}

// contextLabel is the connection that sshd was asked about, as its option -C takes it.
func contextLabel(contexts []sshconf.Context, i int) string {
	if i >= len(contexts) || contexts[i].IsZero() {
		return "default"
	}
	return keepalive.ContextSpec(contexts[i])
}

// serverValues adds the effective values of one context.
func serverValues(s *samples, file, context string, values sshconf.Dump) {
	for name, keyword := range map[string]string{
		"server_client_alive_interval_seconds": "clientaliveinterval", "server_client_alive_count_max": "clientalivecountmax", "server_login_grace_time_seconds": "logingracetime",
	} {
		if n, ok := one(values, keyword); ok {
			s.set(name, n, file, context)
		}
	}
	if v := values["tcpkeepalive"]; len(v) == 1 {
		s.setIf("server_tcp_keepalive", v[0] == "yes" || v[0] == "true", file, context)
	}
}

// one is the number that a dump has for keyword.
func one(values sshconf.Dump, keyword string) (float64, bool) {
	v := values[keyword]
	if len(v) != 1 {
		return 0, false
	}
	n, err := strconv.ParseUint(v[0], 10, 32)
	return float64(n), err == nil
}

// serverWants adds how far an sshd does what is wanted.
func serverWants(s *samples, file string, of config.Server, have sshserver.Facts) {
	dropIn := cmp.Or(of.Want.DropInName, sshserver.DefaultDropIn)
	if have.Invalid != "" {
		if wantsAnything(of.Want) {
			s.set("server_in_sync", 0, file, dropIn)
		}
		return
	}
	o := sshserver.Observe(of.Want, have)
	s.setIf("server_managed", o.Managed, file, dropIn)
	if !wantsAnything(of.Want) {
		return
	}
	drifted := map[string]keepalive.Problem{}
	for _, p := range o.Drift {
		drifted[p.Attribute] = p
	}
	each := func(block string, settings []keepalive.Setting) {
		for _, w := range settings {
			p, drifts := drifted[w.Attribute]
			s.setIf("server_setting_in_sync", !drifts, file, dropIn, w.Keyword, block)
			if !p.Pos.IsZero() {
				s.set("server_shadowed_info", 1, file, dropIn, w.Keyword, p.Pos.String())
			}
		}
	}
	each("", of.Want.Settings)
	for _, m := range of.Want.Match {
		each("Match "+m.Criteria, m.Settings)
	}
	s.set("server_match_overrides", float64(len(o.Overrides)), file, dropIn)
	for _, over := range o.Overrides {
		s.set("server_match_override_info", 1, file, dropIn, over.Criteria, over.Keyword, over.Pos.String())
	}
	s.setIf("server_in_sync", serverInSync(of, o, have), file, dropIn)
}

// serverInSync is what a plan calls unchanged.
func serverInSync(of config.Server, o keepalive.Observed, have sshserver.Facts) bool {
	if of.Resource && (!o.Managed || !keepalive.SameOverrides(o.Overrides, of.Accepted)) {
		return false
	}
	return len(o.Drift) == 0 && !have.Daemon.Stale
}

func wantsAnything(w sshserver.Want) bool {
	return len(w.Settings)+len(w.Match) > 0 || w.Profile != ""
}
