package plans

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/observe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// startExporter watches a fleet and what a state wants of it, and returns its address.
func startExporter(t *testing.T, machines acceptance.Fleet, state string) string {
	t.Helper()
	var hosts strings.Builder
	for name, m := range machines {
		fmt.Fprintf(&hosts, "  %s: { host: %s, port: %d, user: root, private_key_path: %s, host_keys: [%q], connect_timeout: 1s }\n", name, m.Addr, m.Port, m.KeyPath, strings.TrimSpace(m.HostKeys[0]))
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	acceptance.WriteFile(t, file, "hosts:\n"+hosts.String())
	observer := observe.New(observe.Options{RefusalTime: time.Second})
	t.Cleanup(func() { observer.Close(context.Background()) })
	e, err := exporter.New(t.Context(), exporter.Options{Observer: observer, Logger: slog.New(slog.DiscardHandler), Load: func(ctx context.Context) (*config.Config, error) {
		return config.Load(ctx, config.Files{Config: file, State: state}, os.LookupEnv)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// prometheus is Debian's, with the alerts of packaging/exporter, or the exporter itself.
type prometheus struct {
	t   *testing.T
	url string
}

// startPrometheus scrapes the targets of an exporter every ten seconds, which a busy
// machine keeps up with: at four, with other tests beside it, it was late for some for more
// than a minute. Alerts fire at once.
func startPrometheus(t *testing.T, exporter string) prometheus {
	t.Helper()
	dir := t.TempDir()
	if err := hosttest.PrometheusFiles("../../../..", dir, exporter, "10s"); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	program := hosttest.Program(t, "prometheus", "/usr/bin/prometheus")
	run := exec.CommandContext(t.Context(), program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	run.Stdout, run.Stderr = log, log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Wait() // the context of the test has ended it
		log.Close()
		if t.Failed() {
			t.Logf("%s", acceptance.ReadFile(t, filepath.Join(dir, "log")))
		}
	})
	return prometheus{t, "http://" + address}
}

// ask returns the answer at a path, "" where nothing answers yet.
func (p prometheus) ask(path string) string {
	answer, err := http.Get(p.url + path)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}

// firing are the alerts that fire, as "SSHHostAway web6".
func (p prometheus) firing() map[string]bool {
	var answer struct {
		Data struct {
			Alerts []struct {
				Labels map[string]string
				State  string
			}
		}
	}
	if err := json.Unmarshal([]byte(p.ask("/api/v1/alerts")), &answer); err != nil {
		return nil
	}
	found := map[string]bool{}
	for _, a := range answer.Data.Alerts {
		if a.State == "firing" {
			found[a.Labels["alertname"]+" "+a.Labels["instance"]] = true
		}
	}
	return found
}

// awaitFiring waits until each of those alerts has fired.
func (p prometheus) awaitFiring(alerts ...string) {
	p.t.Helper()
	fired := map[string]bool{}
	missing := func() []string {
		return slices.DeleteFunc(slices.Clone(alerts), func(a string) bool { return fired[a] })
	}
	defer func() {
		if p.t.Failed() {
			p.t.Logf("missing are %q", missing())
		}
	}()
	acceptance.Eventually(p.t, fmt.Sprintf("each of %q to fire", alerts), func() bool {
		maps.Copy(fired, p.firing())
		return len(missing()) == 0
	})
}

// awaitCalm waits until none of those alerts fires.
func (p prometheus) awaitCalm(alerts ...string) {
	p.t.Helper()
	acceptance.Eventually(p.t, fmt.Sprintf("none of %q to fire", alerts), func() bool {
		now := p.firing()
		return now != nil && !slices.ContainsFunc(alerts, func(a string) bool { return now[a] })
	})
}

// TestExporterAndPlanAgree: what happens to a host fires its own alert in a real Prometheus,
// a plan says the same at the same moment, and a host that is as it should be fires none.
func TestExporterAndPlanAgree(t *testing.T) {
	t.Parallel()
	machines := acceptance.Fleet{}
	for i := 1; i <= 6; i++ {
		machines[fmt.Sprintf("web%d", i)] = hosttest.Start(t, hosttest.Options{})
	}
	c := acceptance.NewCLI(t)
	config := machines.Provider("")
	for name := range machines {
		config += acceptance.Server(name, acceptance.TwoMinutes)
	}
	c.Config(config)
	c.Apply("6 added")
	shown, _ := c.Run("show", "-json")
	state := filepath.Join(c.Dir, "state.json")
	acceptance.WriteFile(t, state, shown)

	changing := hosttest.Start(t, acceptance.WithBrakes())
	other := acceptance.NewCLI(t)
	other.Config(acceptance.Fleet{"web7": changing}.Provider("") + acceptance.Server("web7", acceptance.TwoMinutes+"  confirm_timeout = \"15m\"\n"))
	watched := acceptance.Fleet{"web7": changing}
	maps.Copy(watched, machines)
	p := startPrometheus(t, startExporter(t, watched, state))
	acceptance.Eventually(t, "every module of every host to be scraped", func() bool {
		return strings.Contains(p.ask("/api/v1/query?query=count(sshkeepalive_probe_success==1)"), `,"28"]`)
	})
	acceptance.Eventually(t, "a fleet that is in sync to be calm", func() bool { now := p.firing(); return now != nil && len(now) == 0 })
	plan := func(code int, name string, words ...string) {
		t.Helper()
		c.Expect(code, words, "plan", "-no-color", "-detailed-exitcode", "-target=sshkeepalive_server."+name)
	}
	plan(0, "web1", "No changes")

	machines["web2"].Write("/etc/ssh/sshd_config.d/00-aaa.conf", "# by hand\nClientAliveInterval 7\n")
	machines["web3"].Sh("mv /root/.ssh/authorized_keys /root/.ssh/away")
	machines["web4"].Sh("touch " + acceptance.MainFile)
	machines["web5"].Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null")
	machines["web5"].RestartSSHD()
	machines["web6"].Stop()
	// Not at confirm: there the first look stops, and that may be one of the exporter.
	open := other.StoppedAt(changing, "disarm")
	p.awaitFiring("SSHServerShadowed web2", "SSHServerDrift web2", "SSHLoginRefused web3", "SSHDaemonStale web4", "SSHHostKeyChanged web5", "SSHHostAway web6", "SSHChangePending web7")
	plan(2, "web2", "ClientAliveInterval is 7, not 2m, because /etc/ssh/sshd_config.d/00-aaa.conf:2")
	plan(1, "web3", "web3: login refused (authentication)")
	plan(2, "web4", "sshd has not loaded the files that are on disk")
	plan(1, "web5", "host key changed")
	plan(2, "web6", "could not look: no answer")
	other.Expect(2, []string{"pending"}, "plan", "-no-color", "-detailed-exitcode", "-lock=false")
	if now := p.firing(); now["SSHServerDrift web1"] || now["SSHHostAway web3"] || now["SSHLoginRefused web6"] || now["SSHServerDrift web3"] {
		t.Errorf("wrong alerts fire: %v", now)
	}

	machines["web2"].Remove("/etc/ssh/sshd_config.d/00-aaa.conf")
	machines["web2"].RestartSSHD()
	machines["web3"].Sh("mv /root/.ssh/away /root/.ssh/authorized_keys")
	machines["web4"].RestartSSHD()
	machines["web6"].StartSSHD()
	changing.Remove(acceptance.BrakedFile)
	if code := open.Wait(); code != 0 {
		t.Errorf("the apply that was held up ended with %d: %s", code, open.Said())
	}
	p.awaitCalm("SSHServerShadowed web2", "SSHServerDrift web2", "SSHLoginRefused web3", "SSHDaemonStale web4", "SSHHostAway web6", "SSHChangePending web7")
	for _, name := range []string{"web1", "web2", "web3", "web4", "web6"} {
		plan(0, name, "No changes")
	}
}
