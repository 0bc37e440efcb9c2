// Package exporter measures hosts for Prometheus: whether one can log in, what its sshd, its
// ssh and its Coolify do, and whether that is what is wanted.
//
// It looks through package observe, which cannot change a host. It must not know how hosts
// are reached.
package exporter

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// Options of an exporter.
type Options struct {
	Observer Observer
	// Load reads the configuration.
	Load    func(context.Context) (*config.Config, error)
	Logger  *slog.Logger
	Version string
	// MaxProbes is how many probes may be under way at once; 0 is 200. More are refused.
	MaxProbes int
	// IdleForget is how long an idle connection is kept without a probe of it; 0 is ten
	// minutes.
	IdleForget time.Duration
}

// Exporter answers the probes of Prometheus.
type Exporter struct {
	observer   Observer
	load       func(context.Context) (*config.Config, error)
	logger     *slog.Logger
	idleForget time.Duration
	turns      chan struct{} // one per probe under way
	own        ownMetrics

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	config   *config.Config
	hostKeys map[string]hostKey    // by target
	idles    map[string]*idleWatch // by target
	failed   map[string]string     // how the last probe failed, by target and module
}

// New reads the configuration and returns an exporter.
func New(ctx context.Context, o Options) (*Exporter, error) {
	e := &Exporter{
		observer: o.Observer, load: o.Load, logger: o.Logger, idleForget: cmp.Or(o.IdleForget, 10*time.Minute),
		turns: make(chan struct{}, cmp.Or(o.MaxProbes, 200)), own: newOwnMetrics(o.Version),
		hostKeys: map[string]hostKey{}, idles: map[string]*idleWatch{}, failed: map[string]string{},
	}
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return e, e.Reload(ctx)
}

// Close ends what runs between probes.
func (e *Exporter) Close() {
	e.cancel()
	e.running.Wait()
}

// Reload reads the configuration again. The one before stays if that fails, and the idle
// connection to a host that is reached as before stays open.
func (e *Exporter) Reload(ctx context.Context) error {
	c, err := e.load(ctx)
	e.own.reloaded.Set(number(err == nil))
	if err != nil {
		return err
	}
	e.own.reloadedAt.SetToCurrentTime()
	e.own.hosts.Set(float64(len(c.Names())))
	e.mu.Lock()
	e.config = c
	e.failed = map[string]string{}
	for name := range e.hostKeys {
		if _, ok := c.Host(name); !ok {
			delete(e.hostKeys, name)
		}
	}
	idles := maps.Clone(e.idles)
	e.mu.Unlock()
	for name, w := range idles {
		if h, ok := c.Host(name); !ok || h.Spec.Key() != w.key {
			e.endIdle(name, w)
		}
	}
	return nil
}

func (e *Exporter) current() *config.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.config
}

// probe runs a module on h until ctx ends.
func (e *Exporter) probe(ctx context.Context, h *config.Host, name string) *samples {
	secrets, began := h.Spec.Masker(), time.Now()
	s := newSamples(secrets)
	ctx = host.LogContext(ctx, e.logger, secrets)
	err := modules[name](e, ctx, h, s)
	took := time.Since(began).Seconds()
	s.setIf("probe_success", err == nil)
	s.set("probe_duration_seconds", took)
	if kind := failureOf(err); kind != "" {
		s.set("probe_failure", 1, kind)
	}
	s.set("series_dropped", float64(s.dropped))
	result := "success"
	if err != nil {
		result = "failure"
	}
	e.own.probes.WithLabelValues(name, result).Inc()
	e.own.durations.WithLabelValues(name).Observe(took)
	e.note(ctx, h.Name, name, err)
	return s
}

// note logs a failure, and the end of one, once.
func (e *Exporter) note(ctx context.Context, target, module string, err error) {
	now := failureOf(err)
	e.mu.Lock()
	before := e.failed[target+" "+module]
	e.failed[target+" "+module] = now
	e.mu.Unlock()
	fields := map[string]any{"target": target, "module": module}
	switch {
	case before == now:
		return
	case err == nil:
		host.LogInfo(ctx, "the probe succeeds again", fields)
	case errors.Is(err, context.Canceled):
	default:
		fields["error"] = err
		host.LogWarn(ctx, "the probe fails", fields)
	}
}

// ownMetrics are those of the exporter itself.
type ownMetrics struct {
	registry             *prometheus.Registry
	reloaded, reloadedAt prometheus.Gauge
	hosts, inFlight      prometheus.Gauge
	refused              prometheus.Counter
	probes               *prometheus.CounterVec
	durations            *prometheus.HistogramVec
}

const ownPrefix = prefix + "exporter_"

func newOwnMetrics(version string) ownMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: ownPrefix + name, Help: help})
	}
	m := ownMetrics{
		registry:   prometheus.NewRegistry(),
		reloaded:   gauge("config_last_reload_successful", "Whether the last attempt to read the configuration succeeded."),
		reloadedAt: gauge("config_last_reload_success_timestamp_seconds", "When the configuration was read last."),
		hosts:      gauge("hosts", "Hosts in the configuration."),
		inFlight:   gauge("probes_in_flight", "Probes that are under way."),
		refused:    prometheus.NewCounter(prometheus.CounterOpts{Name: ownPrefix + "probes_refused_total", Help: "Probes that were refused because too many were under way."}),
		probes:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: ownPrefix + "probes_total", Help: "Probes that have ended."}, []string{"module", "result"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: ownPrefix + "probe_duration_seconds", Help: "How long probes took.", Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"module"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: ownPrefix + "build_info", Help: "The version of the exporter.", ConstLabels: prometheus.Labels{"version": cmp.Or(version, "dev")}})
	build.Set(1)
	m.registry.MustRegister(m.reloaded, m.reloadedAt, m.hosts, m.inFlight, m.refused, m.probes, m.durations, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}
