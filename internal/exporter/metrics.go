package exporter

import (
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric describes a metric of a probe. The registry and the documentation are made from the
// table of all metrics.
type Metric struct {
	Name    string
	Module  string // "" is every module
	Counter bool
	Unit    string // "" counts, or is 0 or 1
	Labels  []string
	Help    string
}

const prefix = "sshkeepalive_"

// Metrics is the table of the metrics of probes.
func Metrics() []Metric { return metricTable() }

var metricTable = sync.OnceValue(func() []Metric {
	return slices.Concat(commonMetrics(), loginMetrics(), serverMetrics(), clientMetrics(), socketMetrics(), sessionMetrics(), idleMetrics(), coolifyMetrics())
})

func commonMetrics() []Metric {
	return []Metric{
		{Name: "probe_success", Help: "Whether the host was reached and everything that the module asks was answered."},
		{Name: "probe_duration_seconds", Unit: "seconds", Help: "How long the probe took."},
		{Name: "probe_failure", Labels: []string{"kind"}, Help: "What kept the probe from its end; absent after a success. `look` is a host that was reached and did not answer as it should."},
		{Name: "series_dropped", Help: "Series that the probe left out, because there were more than 50 of one metric."},
	}
}

func loginMetrics() []Metric {
	return []Metric{
		{Name: "login_phase_seconds", Module: Login, Unit: "seconds", Labels: []string{"phase"}, Help: "How long each phase of the login took that it came to the end of: connect, identification, key_exchange, authentication."},
		{Name: "login_attempts", Module: Login, Help: "Attempts that the login took."},
		{Name: "login_round_trip_seconds", Module: Login, Unit: "seconds", Help: "How long the host took to answer a keepalive."},
		{Name: "login_host_key_info", Module: Login, Labels: []string{"type", "sha256"}, Help: "The host key that the host showed."},
		{Name: "login_host_key_changed", Module: Login, Help: "Whether the host key was refused because it is not the recorded one, or differs from that of the login before."},
		{Name: "login_host_key_changes_total", Module: Login, Counter: true, Help: "Changes of the host key from one login to the next since the exporter was started."},
		{Name: "login_certificate_expiry_timestamp_seconds", Module: Login, Unit: "seconds since 1970", Labels: []string{"certificate"}, Help: "Until when the certificate is valid: `host` is the one that the host showed, `user` the first to expire of those that the exporter logs in with. Absent without a certificate."},
		{Name: "login_server_info", Module: Login, Labels: []string{"version"}, Help: "What the server calls itself."},
	}
}

func serverMetrics() []Metric {
	lines := []string{"file", "drop_in"}
	file := []string{"file"}
	context := []string{"file", "context"}
	return []Metric{
		{Name: "server_in_sync", Module: Server, Labels: lines, Help: "Whether a plan for this sshd would be empty: every wanted value is effective, the daemon has loaded its files, and, where a resource of Terraform wants them, the lines are there and no new Match block is. Absent where nothing is wanted."},
		{Name: "server_setting_in_sync", Module: Server, Labels: []string{"file", "drop_in", "keyword", "block"}, Help: "Whether the wanted value of the keyword is the effective one. `block` is the Match line, empty outside of blocks."},
		{Name: "server_shadowed_info", Module: Server, Labels: []string{"file", "drop_in", "keyword", "by"}, Help: "The line (`path:line`) by which a wanted value is not effective."},
		{Name: "server_managed", Module: Server, Labels: lines, Help: "Whether lines of the provider are there."},
		{Name: "server_client_alive_interval_seconds", Module: Server, Unit: "seconds", Labels: context, Help: "The effective ClientAliveInterval, 0 where sshd does not probe."},
		{Name: "server_client_alive_count_max", Module: Server, Labels: context, Help: "The effective ClientAliveCountMax."},
		{Name: "server_tcp_keepalive", Module: Server, Labels: context, Help: "Whether the effective TCPKeepAlive is yes."},
		{Name: "server_login_grace_time_seconds", Module: Server, Unit: "seconds", Labels: context, Help: "The effective LoginGraceTime, 0 for no limit."},
		{Name: "server_dead_peer_timeout_seconds", Module: Server, Unit: "seconds", Labels: file, Help: "After how long sshd drops a client that is silent and gone. Absent where it never does."},
		{Name: "server_daemon_stale", Module: Server, Labels: file, Help: "Whether files are newer than what the running daemon has loaded. Absent where that is not known."},
		{Name: "server_configuration_valid", Module: Server, Labels: file, Help: "Whether sshd accepts its files as they are: with 0 it would not start again."},
		{Name: "server_match_overrides", Module: Server, Labels: lines, Help: "Lines of other Match blocks by which a wanted value does not hold everywhere."},
		{Name: "server_match_override_info", Module: Server, Labels: []string{"file", "drop_in", "criteria", "keyword", "by"}, Help: "Each of these lines."},
		{Name: "server_pending_changes", Module: Server, Labels: file, Help: "Changes that are live and not confirmed yet. The host takes one back by itself unless that happens."},
		{Name: "server_audit_findings", Module: Server, Labels: []string{"file", "profile", "verdict"}, Help: "Recommendations of the profile by what becomes of them: pass, fail, not_applicable, unknown."},
		{Name: "server_openssh_info", Module: Server, Labels: []string{"file", "version"}, Help: "The release of the sshd."},
	}
}

func clientMetrics() []Metric {
	block := []string{"file", "user", "block"}
	probe := []string{"file", "user", "block", "host"}
	return []Metric{
		{Name: "client_in_sync", Module: Client, Labels: block, Help: "Whether a plan for this block would be empty. Absent where nothing is wanted."},
		{Name: "client_setting_in_sync", Module: Client, Labels: []string{"file", "user", "block", "keyword"}, Help: "Whether the wanted value of the keyword is the effective one."},
		{Name: "client_managed", Module: Client, Labels: block, Help: "Whether lines of the provider are there."},
		{Name: "client_server_alive_interval_seconds", Module: Client, Unit: "seconds", Labels: probe, Help: "The effective ServerAliveInterval for a host, 0 where ssh does not probe."},
		{Name: "client_server_alive_count_max", Module: Client, Labels: probe, Help: "The effective ServerAliveCountMax for a host."},
	}
}

func socketMetrics() []Metric {
	return []Metric{
		{Name: "control_sockets", Module: ControlSockets, Labels: []string{"path", "user", "state"}, Help: "Control sockets by what is behind them: live, stale, not_ssh, unknown."},
		{Name: "control_sockets_exposed", Module: ControlSockets, Labels: []string{"path", "user"}, Help: "Control sockets to which others than the owner may connect."},
	}
}

func sessionMetrics() []Metric {
	return []Metric{
		{Name: "sessions", Module: Sessions, Labels: []string{"state"}, Help: "Connections to sshd by what is known of their clients: open, dead, unknown."},
		{Name: "sessions_unprobed", Module: Sessions, Help: "Sessions whose client sshd does not probe."},
		{Name: "sessions_oldest_dead_seconds", Module: Sessions, Unit: "seconds", Help: "Since when data last came from the client of the dead session that has been silent for the longest time. Absent without one."},
		{Name: "sessions_orphaned_processes", Module: Sessions, Help: "Processes that sessions left behind. Absent where that cannot be told."},
		{Name: "sessions_ended_logins", Module: Sessions, Help: "Sessions of logind whose leader is gone. Absent where that cannot be told."},
	}
}

func idleMetrics() []Metric {
	return []Metric{
		{Name: "idle_connected", Module: Idle, Help: "Whether the idle connection is there."},
		{Name: "idle_silence_seconds", Module: Idle, Unit: "seconds", Help: "How long the exporter has said nothing on it."},
		{Name: "idle_survived_seconds", Module: Idle, Unit: "seconds", Help: "The longest time for which an idle connection was there."},
		{Name: "idle_keepalives_total", Module: Idle, Counter: true, Help: "Keepalives of the host on idle connections."},
		{Name: "idle_closed_total", Module: Idle, Counter: true, Labels: []string{"reason"}, Help: "Idle connections that ended by themselves: closed (in good order, as sshd and proxies do), disconnected, reset (by a kernel or firewall that does not know it), lost (nothing comes back)."},
		{Name: "idle_last_closed_silence_seconds", Module: Idle, Unit: "seconds", Help: "How long the exporter had said nothing when an idle connection last ended by itself. Absent until then."},
	}
}

func coolifyMetrics() []Metric {
	file := []string{"file"}
	return []Metric{
		{Name: "coolify_in_sync", Module: Coolify, Labels: file, Help: "Whether every wanted value is the effective one. Absent where nothing is wanted."},
		{Name: "coolify_setting_in_sync", Module: Coolify, Labels: []string{"file", "key"}, Help: "Whether the wanted value of the key is the effective one."},
		{Name: "coolify_restart_pending", Module: Coolify, Labels: file, Help: "Whether the container runs with an older environment file. Absent where that cannot be told."},
		{Name: "coolify_report", Module: Coolify, Labels: []string{"file", "report", "verdict"}, Help: "Known reports of failed deployments, and whether each is that of this Coolify: 1 for the verdict yes, no or possible, 0 for the others."},
		{Name: "coolify_release_info", Module: Coolify, Labels: []string{"file", "release", "source"}, Help: "The release of Coolify, and where it is from."},
		{Name: "coolify_sockets", Module: Coolify, Labels: file, Help: "Shared connections in the container. Absent where they were not looked at."},
	}
}

// metric is the row of the table.
func metric(name string) Metric {
	i := slices.IndexFunc(Metrics(), func(m Metric) bool { return m.Name == name })
	return Metrics()[i]
}

func (m Metric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.FullName(), strings.ReplaceAll(m.Help, "`", ""), m.Labels, nil)
}

// FullName is the name with the prefix of all.
func (m Metric) FullName() string { return prefix + m.Name }
