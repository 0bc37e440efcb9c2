package exporter

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/observe"
)

// watch is an exporter of one real host.
func watch(t *testing.T, m *hosttest.Machine, more string) *world {
	t.Helper()
	o := observe.New(observe.Options{Version: "test", RefusalTime: 200 * time.Millisecond})
	t.Cleanup(func() { o.Close(context.Background()) })
	yaml := fmt.Sprintf("hosts:\n  web1:\n    host: %s\n    port: %d\n    user: root\n    private_key_path: %s\n    host_keys: [%q]\n    connect_timeout: 3s\n%s", m.Addr, m.Port, m.KeyPath, strings.TrimSpace(m.HostKeys[0]), more)
	return newWorld(t, yaml, Options{Observer: o})
}

// expect scrapes until the page has every line, two scrapes at most.
func (w *world) expect(t *testing.T, module string, lines ...string) {
	t.Helper()
	page := ""
	for range 2 {
		var missing []string
		page = w.page(t, module)
		for _, line := range lines {
			if !strings.Contains(page, "sshkeepalive_"+line+"\n") {
				missing = append(missing, line)
			}
		}
		if missing == nil {
			return
		}
	}
	t.Errorf("module %s: want %q in\n%s\n%s", module, lines, withoutComments(page), w.log)
}

// page is what a scrape of the host gets.
func (w *world) page(t *testing.T, module string) string {
	t.Helper()
	_, page := w.get(t, "/probe?target=web1&module="+module, "X-Prometheus-Scrape-Timeout-Seconds", "30")
	return page
}

func withoutComments(page string) string {
	return regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(page, "")
}

const wanted = `    server:
      client_alive_interval: 2m
      client_alive_count_max: 3
    audit: [cis]
    client: { patterns: ["*"], config_file: /etc/ssh/ssh_config.d/10-x.conf, server_alive_interval: 60 }
    control_sockets: [{ path: ~/.ssh }]
    coolify: { max_retries: 3 }
`

const coolifyEnv = "COOLIFY_VERSION=4.3.19\nSSH_MAX_RETRIES=3\n"

// TestRealHost: what goes wrong on a host is in the series of the next two scrapes, and so
// is its end.
func TestRealHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{
		"/etc/ssh/sshd_config.d/00-wanted.conf": "ClientAliveInterval 120\nClientAliveCountMax 3\n",
		"/etc/ssh/ssh_config.d/10-x.conf":       "Host *\n\tServerAliveInterval 1m\n",
		"/data/coolify/source/.env":             coolifyEnv,
	}})
	w := watch(t, m, wanted)
	const file = `file="/etc/ssh/sshd_config"`
	const lines = `drop_in="00-sshkeepalive.conf",` + file
	w.expect(t, "login", "probe_success 1", "login_host_key_changed 0", "login_attempts 1")
	w.expect(t, "server", "probe_success 1", "server_in_sync{"+lines+"} 1", "server_managed{"+lines+"} 0", "server_daemon_stale{"+file+"} 0", "server_configuration_valid{"+file+"} 1",
		`server_client_alive_interval_seconds{context="default",`+file+"} 120", "server_dead_peer_timeout_seconds{"+file+"} 960", "server_pending_changes{"+file+"} 0",
		`server_setting_in_sync{block="",drop_in="00-sshkeepalive.conf",file="/etc/ssh/sshd_config",keyword="ClientAliveInterval"} 1`)
	w.expect(t, "client", "probe_success 1", `client_in_sync{block="Host *",file="/etc/ssh/ssh_config.d/10-x.conf",user="root"} 1`)
	w.expect(t, "control_sockets", "probe_success 1", `control_sockets{path="~/.ssh",state="live",user=""} 0`)
	w.expect(t, "sessions", "probe_success 1", `sessions{state="dead"} 0`)
	w.expect(t, "coolify", "probe_success 1", `coolify_in_sync{file="/data/coolify/source/.env"} 1`, `coolify_release_info{file="/data/coolify/source/.env",release="4.3.19",source="file"} 1`)
	for !strings.Contains(w.page(t, "idle"), "sshkeepalive_idle_connected 1\n") {
		time.Sleep(10 * time.Millisecond)
	}

	m.Write("/etc/ssh/sshd_config.d/00-a.conf", "# by hand\nClientAliveInterval 7\n")
	w.expect(t, "server", "server_in_sync{"+lines+"} 0", `server_client_alive_interval_seconds{context="default",`+file+"} 7", "server_daemon_stale{"+file+"} 1",
		`server_shadowed_info{by="/etc/ssh/sshd_config.d/00-a.conf:2",drop_in="00-sshkeepalive.conf",file="/etc/ssh/sshd_config",keyword="ClientAliveInterval"} 1`,
		`server_setting_in_sync{block="",drop_in="00-sshkeepalive.conf",file="/etc/ssh/sshd_config",keyword="ClientAliveInterval"} 0`,
		`server_setting_in_sync{block="",drop_in="00-sshkeepalive.conf",file="/etc/ssh/sshd_config",keyword="ClientAliveCountMax"} 1`)
	m.Remove("/etc/ssh/sshd_config.d/00-a.conf")
	w.expect(t, "server", "server_in_sync{"+lines+"} 0", "server_daemon_stale{"+file+"} 1")
	m.RestartSSHD()
	w.expect(t, "server", "server_in_sync{"+lines+"} 1", "server_daemon_stale{"+file+"} 0")

	m.Write("/etc/ssh/sshd_config.d/00-a.conf", "Match User bob\nClientAliveInterval 9\n")
	w.expect(t, "server", "server_match_overrides{"+lines+"} 1", `server_match_override_info{by="/etc/ssh/sshd_config.d/00-a.conf:2",criteria="User bob",drop_in="00-sshkeepalive.conf",file="/etc/ssh/sshd_config",keyword="ClientAliveInterval"} 1`)
	m.Write("/etc/ssh/sshd_config.d/00-a.conf", "ClientAliveIntervall 9\n")
	w.expect(t, "server", "server_configuration_valid{"+file+"} 0", "server_in_sync{"+lines+"} 0")
	m.Remove("/etc/ssh/sshd_config.d/00-a.conf")
	m.RestartSSHD()

	m.Sh("mv /root/.ssh/authorized_keys /root/.ssh/away")
	w.expect(t, "login", "probe_success 0", `probe_failure{kind="authentication_refused"} 1`)
	m.Sh("mv /root/.ssh/away /root/.ssh/authorized_keys")
	w.expect(t, "login", "probe_success 1")

	m.Stop()
	w.expect(t, "login", "probe_success 0", `probe_failure{kind="unreachable"} 1`)
	m.StartSSHD()
	w.expect(t, "login", "probe_success 1")
	w.expect(t, "server", "server_in_sync{"+lines+"} 1")

	m.Sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null")
	m.RestartSSHD()
	w.expect(t, "login", "probe_success 0", "login_host_key_changed 1", `probe_failure{kind="host_key_changed"} 1`)
}

// TestScrapesChangeNothing: 1,000 scrapes leave a host's files and processes as they were,
// and its log says of nothing but logins and looks.
func TestScrapesChangeNothing(t *testing.T) {
	t.Parallel()
	const log = "/var/log/sshd.log"
	m := hosttest.Start(t, hosttest.Options{SSHDArgs: []string{"-E", log}, Files: map[string]string{
		"/etc/ssh/sshd_config.d/90-log.conf": "LogLevel VERBOSE\n", "/data/coolify/source/.env": coolifyEnv,
	}})
	w := watch(t, m, wanted)
	modules := slices.DeleteFunc(Modules(), func(name string) bool { return name == Idle })
	scrape := func(n int) {
		t.Helper()
		for i := range n {
			module := modules[i%len(modules)]
			if _, page := w.get(t, "/probe?target=web1&module="+module); !strings.Contains(page, "sshkeepalive_probe_success 1\n") {
				t.Fatalf("%s: %s\n%s", module, withoutComments(page), w.log)
			}
		}
	}
	scrape(len(modules))
	places := []string{"/etc", "/root", "/home", "/data", "/var/lib", "/run", "/tmp", "/usr/local"}
	files, processes := m.Snapshot(places...), programs(m)
	scrape(1000)
	if d := hosttest.Differences(files, m.Snapshot(places...)); d != "" {
		t.Errorf("the scrapes changed\n%s", d)
	}
	if after := programs(m); after != processes {
		t.Errorf("processes before:\n%safter:\n%s", processes, after)
	}
	known := regexp.MustCompile(`^(Connection from|Accepted |Postponed |Starting session: command for root|Close session|Received disconnect|Disconnected from|Connection closed|User child|Server listening|Transferred|Closing connection|Connection reset|Failed none)`)
	for line := range strings.Lines(string(m.Read(log))) {
		if !known.MatchString(line) && !strings.Contains(line, "pam_") {
			t.Errorf("sshd says %s", line)
		}
	}
}

// programs are the names of a machine's processes but for those of sessions.
func programs(m *hosttest.Machine) string {
	return m.Sh("ps -eo comm= | grep -v -e '^sshd' -e '^ps$' -e '^sh$' -e '^sort$' -e '^grep$' | sort")
}

// TestMetricsAreConventional asks promtool about a page of every module.
func TestMetricsAreConventional(t *testing.T) {
	t.Parallel()
	promtool := hosttest.Program(t, "prometheus", "/usr/bin/promtool")
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/data/coolify/source/.env": coolifyEnv}})
	w := watch(t, m, wanted)
	pages := map[string]string{}
	for _, module := range Modules() {
		_, pages[module] = w.get(t, "/probe?target=web1&module="+module)
	}
	_, pages["exporter"] = w.get(t, "/metrics")
	for module, page := range pages {
		if module == "exporter" {
			// promtool of 2.42 does not know of process_virtual_memory_max_bytes, which is not ours.
			page = regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?(go|process)_.*\n`).ReplaceAllString(page, "")
		}
		check := exec.Command(promtool, "check", "metrics")
		check.Stdin = strings.NewReader(page)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", module, out)
		}
	}
	bad := exec.Command(promtool, "check", "metrics")
	bad.Stdin = strings.NewReader("# TYPE x_count counter\nx_count 1\n")
	if err := bad.Run(); err == nil {
		t.Error("promtool finds nothing in a page with a mistake")
	}
}

// TestAlerts has promtool run the tests of the alerts. Each alert has one in which it fires
// and one in which it does not, and names metrics that there are.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool := hosttest.Program(t, "prometheus", "/usr/bin/promtool")
	const dir = "../../packaging/exporter"
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		run := exec.Command(promtool, args...)
		run.Dir = dir
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", args, out)
		}
	}
	read := func(name string) string {
		text, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	tests := read("alerts_test.yml")
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(read("alerts.yml"), -1)
	if len(alerts) < 15 {
		t.Errorf("%d alerts", len(alerts))
	}
	for _, a := range alerts {
		if !strings.Contains(tests, "name: "+a[1]+" fires") || !strings.Contains(tests, "name: "+a[1]+" is calm") {
			t.Errorf("%s lacks a test", a[1])
		}
	}
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: succeed}})
	w.get(t, "/probe?target=web1")
	_, own := w.get(t, "/metrics")
	for _, name := range []string{"alerts.yml", "alerts_test.yml", "dashboard.json"} {
		for _, used := range regexp.MustCompile(`sshkeepalive_\w+`).FindAllString(read(name), -1) {
			known := slices.ContainsFunc(Metrics(), func(m Metric) bool { return m.FullName() == used })
			if !known && !strings.Contains(own, "# TYPE "+strings.TrimSuffix(used, "_bucket")+" ") {
				t.Errorf("%s uses %s, which does not exist", name, used)
			}
		}
	}
}

// checkRules has promtool parse a file of rules.
func checkRules(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(hosttest.Program(t, "prometheus", "/usr/bin/promtool"), "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
}

// TestCertificates: until when those of the host and of the exporter are valid.
func TestCertificates(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	signer, err := ssh.ParsePrivateKey(m.Key)
	if err != nil {
		t.Fatal(err)
	}
	m.Write("/root/client.pub", string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	m.Sh("ssh-keygen -q -t ed25519 -N '' -f /root/ca; export TZ=UTC; " +
		"ssh-keygen -q -s /root/ca -I host -h -n " + m.Addr + " -V 20200101:20401231 /etc/ssh/ssh_host_ed25519_key.pub; " +
		"ssh-keygen -q -s /root/ca -I user -n root -V 20200101:20301231 /root/client.pub; " +
		"printf 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\nTrustedUserCAKeys /root/ca.pub\n' >/etc/ssh/sshd_config.d/00-ca.conf; rm /root/.ssh/authorized_keys")
	m.RestartSSHD()
	certificate := filepath.Join(t.TempDir(), "client-cert.pub")
	if err := os.WriteFile(certificate, m.Read("/root/client-cert.pub"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := watch(t, m, "    certificate: "+certificate+"\n")
	text := string(fileText(t, w.file))
	w.write(t, strings.Replace(text, strings.TrimSpace(m.HostKeys[0]), "@cert-authority "+strings.TrimSpace(string(m.Read("/root/ca.pub"))), 1))
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "login", "probe_success 1", `login_certificate_expiry_timestamp_seconds{certificate="host"} 2.2405248e+09`, `login_certificate_expiry_timestamp_seconds{certificate="user"} 1.9249056e+09`)
}

func fileText(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
