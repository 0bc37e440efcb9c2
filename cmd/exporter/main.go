// The program sshkeepalive-exporter watches hosts for Prometheus and never changes them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/observe"
)

// version is set by the release.
var version = "dev"

// options are what the command line says.
type options struct {
	files     config.Files
	check     bool
	refusal   time.Duration
	maxProbes int
	web       *web.FlagConfig
	log       *promslog.Config
}

func main() {
	o := parse(os.Args[1:])
	logger := promslog.New(o.log)
	if err := run(o, logger); err != nil {
		fmt.Fprintln(os.Stderr, "sshkeepalive-exporter: "+err.Error())
		os.Exit(1)
	}
}

func parse(args []string) options {
	app := kingpin.New("sshkeepalive-exporter", "Measures for Prometheus whether hosts can be logged in to, and what their sshd and ssh really do. Changes nothing on them.")
	o := options{log: &promslog.Config{}, web: kingpinflag.AddFlags(app, ":10922")}
	app.Flag("config.file", "YAML file with connections, hosts, and what is wanted of them.").Envar("SSHKEEPALIVE_EXPORTER_CONFIG").StringVar(&o.files.Config)
	app.Flag("state.file", "File that `terraform show -json` printed of a state or a plan: its resources are what is wanted.").Envar("SSHKEEPALIVE_EXPORTER_STATE").StringVar(&o.files.State)
	app.Flag("config.check", "Read the files, say what is watched, and end.").BoolVar(&o.check)
	app.Flag("probe.refusal-time", "How long a host that refused the login is not asked again over shared connections, lest it locks the exporter out.").Default("90s").DurationVar(&o.refusal)
	app.Flag("probe.max", "Probes that may be under way at once.").Default("200").IntVar(&o.maxProbes)
	flag.AddFlags(app, o.log)
	app.Version(version)
	app.HelpFlag.Short('h')
	kingpin.MustParse(app.Parse(args))
	return o
}

// run serves until a signal ends it.
func run(o options, logger *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	load := func(ctx context.Context) (*config.Config, error) { return config.Load(ctx, o.files, os.LookupEnv) }
	if o.check {
		return check(ctx, load)
	}
	// A connection outlives the interval between two scrapes.
	observer := observe.New(observe.Options{Version: version, IdleTime: 5 * time.Minute, RefusalTime: o.refusal})
	e, err := exporter.New(ctx, exporter.Options{Observer: observer, Load: load, Logger: logger, Version: version, MaxProbes: o.maxProbes})
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	server := e.NewServer()
	var obeying sync.WaitGroup
	obeying.Go(func() { obey(ctx, e, server, hangups, logger) })
	if err := web.ListenAndServe(server, o.web, logger); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	obeying.Wait()
	e.Close()
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	observer.Close(end)
	return nil
}

// check says what is watched.
func check(ctx context.Context, load func(context.Context) (*config.Config, error)) error {
	c, err := load(ctx)
	if err != nil {
		return err
	}
	for _, name := range c.Names() {
		h, _ := c.Host(name)
		fmt.Printf("%s\t%s\t%v\n", name, h.Spec, exporter.ModulesOf(h))
	}
	return nil
}

// obey reads the configuration again at SIGHUP, and ends the server with ctx.
func obey(ctx context.Context, e *exporter.Exporter, server *http.Server, hangups <-chan os.Signal, logger *slog.Logger) {
	for {
		select {
		case <-hangups:
			if err := e.Reload(ctx); err != nil {
				logger.Error("the configuration was not read again, and the one before stays", "error", err)
				continue
			}
			logger.Info("the configuration was read again")
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := server.Shutdown(end); err != nil {
				logger.Warn("requests were cut", "error", err)
			}
			return
		}
	}
}
