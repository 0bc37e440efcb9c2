package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// How long a probe may take. Prometheus says how long it waits; the rest is for the answer.
const (
	defaultTimeout = 10 * time.Second
	longestTimeout = 2 * time.Minute
	answerTime     = 500 * time.Millisecond
)

// NewServer answers at the paths of e, and bounds what a client may ask and how slowly.
func (e *Exporter) NewServer() *http.Server {
	return &http.Server{
		Handler: e.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: longestTimeout + 10*time.Second, IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
}

// Handler answers at the paths of e.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(e.own.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 10}))
	mux.HandleFunc("GET /probe", e.serveProbe)
	mux.HandleFunc("GET /targets", e.serveTargets)
	well := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /-/healthy", well)
	mux.HandleFunc("GET /-/ready", well)
	mux.HandleFunc("POST /-/reload", e.serveReload)
	mux.HandleFunc("PUT /-/reload", e.serveReload)
	mux.HandleFunc("GET /{$}", e.serveRoot)
	return mux
}

func (e *Exporter) serveProbe(w http.ResponseWriter, r *http.Request) {
	h, module, err := asked(e.current(), r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	default:
		e.own.refused.Inc()
		http.Error(w, fmt.Sprintf("%d probes are under way, which is as many as there may be at once", cap(e.turns)), http.StatusServiceUnavailable)
		return
	}
	e.own.inFlight.Inc()
	defer e.own.inFlight.Dec()
	ctx, cancel := context.WithTimeout(r.Context(), timeout(r))
	defer cancel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(e.probe(ctx, h, module))
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// asked is the host and the module of a request.
func asked(c *config.Config, r *http.Request) (*config.Host, string, error) {
	target, module := r.URL.Query().Get("target"), r.URL.Query().Get("module")
	if target == "" {
		return nil, "", fmt.Errorf("the parameter target is missing: the name of a host in the configuration")
	}
	h, ok := c.Host(target)
	if !ok {
		return nil, "", fmt.Errorf("the target %s is not in the configuration", short(target))
	}
	if module == "" {
		module = Login
	}
	if !slices.Contains(Modules(), module) {
		return nil, "", fmt.Errorf("%s is not a module: ask for one of %s", short(module), strings.Join(Modules(), ", "))
	}
	if !slices.Contains(ModulesOf(h), module) {
		return nil, "", fmt.Errorf("the configuration of %s has nothing for the module %s", short(target), module)
	}
	return h, module, nil
}

func short(text string) string { return strconv.Quote(shownLabel(text)) }

// timeout is how long the probe that r asks for may take.
func timeout(r *http.Request) time.Duration {
	seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || !(seconds > 0) {
		return defaultTimeout - answerTime
	}
	limit := time.Duration(min(seconds, longestTimeout.Seconds()) * float64(time.Second))
	return max(limit-answerTime, limit/2)
}

func (e *Exporter) serveReload(w http.ResponseWriter, r *http.Request) {
	if err := e.Reload(r.Context()); err != nil {
		host.LogWarn(host.LogContext(r.Context(), e.logger, nil), "the configuration was not read again, and the one before stays", map[string]any{"error": err})
		http.Error(w, "the configuration before stays: "+err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "ok")
}

// serveTargets is a list for http_sd_configs of Prometheus: the targets of each module.
func (e *Exporter) serveTargets(w http.ResponseWriter, _ *http.Request) {
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	c, groups := e.current(), []group{}
	for _, module := range Modules() {
		g := group{Targets: []string{}, Labels: map[string]string{"__param_module": module, "module": module}}
		for _, name := range c.Names() {
			if h, ok := c.Host(name); ok && slices.Contains(ModulesOf(h), module) {
				g.Targets = append(g.Targets, name)
			}
		}
		if len(g.Targets) > 0 {
			groups = append(groups, g)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(groups) // a client that is gone needs none
}

func (*Exporter) serveRoot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><title>sshkeepalive-exporter</title><h1>sshkeepalive-exporter</h1>
<p>Metrics of a host: <code>/probe?target=NAME&amp;module=MODULE</code>, where MODULE is one of %s.</p>
<ul><li><a href="/targets">Targets</a><li><a href="/metrics">Metrics of the exporter</a></ul>
`, strings.Join(Modules(), ", "))
}
