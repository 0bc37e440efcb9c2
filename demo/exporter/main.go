// Command exporter shows sshkeepalive-exporter at work: it boots a throw-away Debian host,
// has Debian's Prometheus scrape the exporter, breaks the host in four ways, and prints
// which series and which alert say so. With KEEP=1 it then waits, so that Prometheus can be
// looked at in a browser. It leaves nothing behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
	fmt.Println("\nThe host is gone, and nothing of the demo is left on this machine.")
}

func say(format string, args ...any) { fmt.Printf("\n== "+format+"\n", args...) }

func demo(ctx context.Context) (err error) {
	if err := hosttest.Missing(); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "sshkeepalive-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	say("Booting a throw-away Debian host, and fetching Debian's Prometheus (the first time, 120 MB of packages)")
	root, err := hosttest.PrepareProgram("prometheus")
	if err != nil {
		return err
	}
	trouble := make(chan error, 1)
	m, err := hosttest.Boot(hosttest.Options{
		Release: "trixie", Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}},
		Files: map[string]string{"/etc/ssh/sshd_config.d/00-wanted.conf": "ClientAliveInterval 60\nClientAliveCountMax 3\n"},
	}, func(err error) {
		select {
		case trouble <- err:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer m.Close()
	w, err := start(ctx, work, root, m)
	if err != nil {
		return err
	}
	defer w.stop()
	err = w.story(ctx, m)
	select {
	case first := <-trouble:
		return errors.Join(first, err)
	default:
		return err
	}
}

// watching is the exporter and the Prometheus that scrapes it.
type watching struct {
	exporter, prometheus string // addresses
	programs             []*exec.Cmd
}

const configuration = `connection:
  user: admin
  sudo: true
  private_key_path: %s
  connect_timeout: 1s
defaults:
  server: { client_alive_interval: 1m, client_alive_count_max: 3 }
hosts:
  demo: { host: %s, port: %d, host_keys: [%q] }
`

func start(ctx context.Context, work, root string, m *hosttest.Machine) (*watching, error) {
	w := &watching{exporter: "127.0.0.1:10922", prometheus: "127.0.0.1:9090"}
	config := fmt.Sprintf(configuration, m.KeyPath, m.Addr, m.Port, strings.TrimSpace(m.HostKeys[0]))
	if err := os.WriteFile(filepath.Join(work, "exporter.yml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := hosttest.PrometheusFiles(".", work, w.exporter, "2s"); err != nil {
		return nil, err
	}
	say("Building the exporter, and saying what is watched")
	program := filepath.Join(work, "sshkeepalive-exporter")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/exporter")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	fmt.Print(config)
	check := exec.CommandContext(ctx, program, "--config.file="+filepath.Join(work, "exporter.yml"), "--config.check")
	check.Stdout, check.Stderr = os.Stdout, os.Stderr
	if err := check.Run(); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{program, "--config.file=" + filepath.Join(work, "exporter.yml"), "--web.listen-address=" + w.exporter, "--probe.refusal-time=1s"},
		{filepath.Join(root, "usr/bin/prometheus"), "--config.file=" + filepath.Join(work, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(work, "data"), "--web.listen-address=" + w.prometheus},
	} {
		if err := w.run(work, args); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *watching) run(work string, args []string) error {
	log, err := os.Create(filepath.Join(work, filepath.Base(args[0])+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	run := exec.Command(args[0], args[1:]...)
	run.Stdout, run.Stderr = log, log
	if err := run.Start(); err != nil {
		return err
	}
	w.programs = append(w.programs, run)
	return nil
}

func (w *watching) stop() {
	for _, p := range w.programs {
		_ = p.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range w.programs {
		done := time.AfterFunc(10*time.Second, func() { _ = p.Process.Kill() })
		_ = p.Wait()
		done.Stop()
	}
}

func (w *watching) story(ctx context.Context, m *hosttest.Machine) error {
	say("The host as it should be")
	if err := w.show(ctx, "sshkeepalive_probe_success", "sshkeepalive_server_in_sync", "sshkeepalive_server_dead_peer_timeout_seconds"); err != nil {
		return err
	}
	for _, c := range []struct {
		what, breaks, mends, alert string
		series                     []string
	}{
		{"A drop-in shadows a wanted value", "printf 'ClientAliveInterval 7\\n' >/etc/ssh/sshd_config.d/00-a.conf", "rm /etc/ssh/sshd_config.d/00-a.conf", "SSHServerShadowed", []string{"sshkeepalive_server_shadowed_info", "sshkeepalive_server_in_sync"}},
		{"sshd has not loaded its files", "touch /etc/ssh/sshd_config", "kill -HUP $(cat /run/sshd.pid)", "SSHDaemonStale", []string{"sshkeepalive_server_daemon_stale"}},
		{"The login is broken", "mv /home/admin/.ssh/authorized_keys /root/", "mv /root/authorized_keys /home/admin/.ssh/", "SSHLoginRefused", []string{"sshkeepalive_probe_failure"}},
		{"sshd is gone", "kill $(cat /run/sshd.pid)", "/usr/sbin/sshd", "SSHHostAway", []string{"sshkeepalive_probe_failure"}},
	} {
		say("%s\n$ %s", c.what, c.breaks)
		m.Sh(c.breaks)
		if err := w.await(ctx, c.alert, true); err != nil {
			return err
		}
		if err := w.show(ctx, append(c.series, `ALERTS{alertstate="firing"}`)...); err != nil {
			return err
		}
		m.Sh(c.mends)
		if err := w.await(ctx, c.alert, false); err != nil {
			return err
		}
		fmt.Printf("$ %s\n(the alert has ended)\n", c.mends)
	}
	if os.Getenv("KEEP") != "1" {
		fmt.Printf("\nWith KEEP=1 this waits here: Prometheus is at http://%s/graph, the exporter at http://%s/.\n", w.prometheus, w.exporter)
		return nil
	}
	fmt.Printf("\nPrometheus is at http://%s/graph?g0.expr=sshkeepalive_server_in_sync&g0.tab=0, the exporter at http://%s/. Ctrl-C ends the demo.\n", w.prometheus, w.exporter)
	<-ctx.Done()
	return nil
}
