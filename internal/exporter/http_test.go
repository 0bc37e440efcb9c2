package exporter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
)

// fakeObserver answers logins; the methods that it lacks panic.
type fakeObserver struct {
	Observer
	login func(context.Context, host.Spec) (probe.LoginResult, error)
	idle  func(context.Context, probe.IdleOptions) (probe.IdleResult, error)
}

func (f fakeObserver) ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error) {
	return f.login(ctx, spec)
}

func (f fakeObserver) ProbeIdle(ctx context.Context, _ host.Spec, w probe.IdleOptions) (probe.IdleResult, error) {
	return f.idle(ctx, w)
}

// world is an exporter with the file that it reads and the log that it writes.
type world struct {
	*Exporter
	url, file string
	log       *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t *testing.T, yaml string, o Options) *world {
	t.Helper()
	w := &world{file: filepath.Join(t.TempDir(), "config.yml"), log: &lockedBuffer{}}
	w.write(t, yaml)
	if o.Load == nil {
		o.Load = func(ctx context.Context) (*config.Config, error) {
			return config.Load(ctx, config.Files{Config: w.file}, os.LookupEnv)
		}
	}
	o.Logger = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if w.Exporter, err = New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	server := httptest.NewUnstartedServer(nil)
	server.Config = w.NewServer()
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) write(t *testing.T, yaml string) {
	t.Helper()
	if err := os.WriteFile(w.file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t *testing.T, path string, header ...string) (int, string) {
	t.Helper()
	return w.do(t, http.MethodGet, path, header...)
}

func (w *world) do(t *testing.T, method, path string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

const oneHost = "hosts:\n  web1: { host: 127.0.0.1, user: root }\n"

func succeed(context.Context, host.Spec) (probe.LoginResult, error) {
	return probe.LoginResult{Attempts: 1, RoundTrip: time.Millisecond}, nil
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: succeed}})
	huge := strings.Repeat("x", 9000)
	for name, c := range map[string]struct {
		method, path string
		code         int
		says         string
	}{
		"no target":            {"GET", "/probe", 400, "the parameter target is missing"},
		"another target":       {"GET", "/probe?target=192.0.2.1", 400, "the target \"192.0.2.1\" is not in the configuration"},
		"a target with a port": {"GET", "/probe?target=web1:22", 400, "is not in the configuration"},
		"a huge target":        {"GET", "/probe?target=" + huge, 400, "xxx…\" is not in the configuration"},
		"a huge request":       {"GET", "/probe?target=" + huge + huge + huge, 431, ""},
		"a target in colours":  {"GET", "/probe?target=%1b[31mweb", 400, `\\x1b[31mweb`},
		"another module":       {"GET", "/probe?target=web1&module=shell", 400, "\"shell\" is not a module: ask for one of login, server,"},
		"nothing to measure":   {"GET", "/probe?target=web1&module=coolify", 400, "has nothing for the module coolify"},
		"a post":               {"POST", "/probe?target=web1", 405, ""},
		"a reload by GET":      {"GET", "/-/reload", 405, ""},
		"another page":         {"GET", "/etc/passwd", 404, ""},
	} {
		code, text := w.do(t, c.method, c.path)
		if code != c.code || !strings.Contains(text, c.says) || len(text) > 1000 {
			t.Errorf("%s: have %d %.300s, want %d %s", name, code, text, c.code, c.says)
		}
	}
	for _, path := range []string{"/probe?target=web1", "/probe?target=web1&module=login", "/metrics", "/targets", "/-/healthy", "/-/ready", "/"} {
		if code, text := w.get(t, path); code != 200 || text == "" {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if _, text := w.get(t, "/targets"); !strings.Contains(text, `{"targets":["web1"],"labels":{"__param_module":"sessions","module":"sessions"}}`) || strings.Contains(text, "coolify") {
		t.Errorf("targets: %s", text)
	}
}

// TestManyRequestsAtOnce: those beyond the bound are refused at once, and take no room.
func TestManyRequestsAtOnce(t *testing.T) {
	t.Parallel()
	release, begun := make(chan struct{}), make(chan struct{}, 2000)
	w := newWorld(t, oneHost, Options{MaxProbes: 20, Observer: fakeObserver{login: func(ctx context.Context, _ host.Spec) (probe.LoginResult, error) {
		begun <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return probe.LoginResult{}, nil
	}}})
	var served, refused atomic.Int64
	var all sync.WaitGroup
	handler := w.Handler()
	for range 1000 {
		all.Go(func() {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/probe?target=web1", nil))
			switch answer.Code {
			case http.StatusOK:
				served.Add(1)
			case http.StatusServiceUnavailable:
				refused.Add(1)
			}
		})
	}
	for range 20 {
		<-begun
	}
	for refused.Load() < 980 {
		runtime.Gosched()
	}
	close(release)
	all.Wait()
	if served.Load() != 20 || refused.Load() != 980 {
		t.Errorf("%d were served, %d refused", served.Load(), refused.Load())
	}
	if _, text := w.get(t, "/metrics"); !strings.Contains(text, "sshkeepalive_exporter_probes_refused_total 980") {
		t.Error("the exporter does not tell of them")
	}
}

// TestTimeout: a probe ends before Prometheus gives up, and says why.
func TestTimeout(t *testing.T) {
	t.Parallel()
	var limit atomic.Int64
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: func(ctx context.Context, _ host.Spec) (probe.LoginResult, error) {
		end, _ := ctx.Deadline()
		limit.Store(int64(time.Until(end)))
		return probe.LoginResult{}, &host.Error{Kind: host.Timeout, Phase: host.PhaseTCP, Err: context.DeadlineExceeded}
	}}})
	for header, want := range map[string]time.Duration{"": 9500 * time.Millisecond, "3": 2500 * time.Millisecond, "0.2": 100 * time.Millisecond, "1e9": 2*time.Minute - 500*time.Millisecond, "NaN": 9500 * time.Millisecond, "-1": 9500 * time.Millisecond, "x": 9500 * time.Millisecond} {
		_, text := w.get(t, "/probe?target=web1", "X-Prometheus-Scrape-Timeout-Seconds", header)
		if have := time.Duration(limit.Load()); have > want || have < want-time.Second {
			t.Errorf("%q: a probe may take %s, want %s", header, have, want)
		}
		if !strings.Contains(text, "sshkeepalive_probe_success 0") || !strings.Contains(text, `sshkeepalive_probe_failure{kind="timeout"} 1`) {
			t.Errorf("%q: %s", header, text)
		}
	}
}

// TestSlowReaders: a client that does not read, or does not finish its request, is cut off
// and holds no probe.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneHost, Options{MaxProbes: 2, Observer: fakeObserver{login: succeed}})
	for range 50 {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "GET /probe?target=web1 HTTP/1.1\r\nHost: x\r\n") // and no more
	}
	if code, text := w.get(t, "/probe?target=web1"); code != 200 || !strings.Contains(text, "sshkeepalive_probe_success 1") {
		t.Errorf("%d %s", code, text)
	}
	if s := w.NewServer(); s.ReadHeaderTimeout == 0 || s.WriteTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Error("a client may be as slow as it likes")
	}
}

// TestReload: a broken file changes nothing, and is told of.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: succeed}})
	w.write(t, "hosts: [")
	if code, text := w.do(t, "POST", "/-/reload"); code != 500 || !strings.Contains(text, "the configuration before stays") || !strings.Contains(text, w.file) {
		t.Errorf("%d %s", code, text)
	}
	if _, text := w.get(t, "/metrics"); !strings.Contains(text, "sshkeepalive_exporter_config_last_reload_successful 0") || !strings.Contains(text, "sshkeepalive_exporter_hosts 1") {
		t.Error("the failure is not told of")
	}
	if code, _ := w.get(t, "/probe?target=web1"); code != 200 {
		t.Errorf("the host is not watched any more: %d", code)
	}
	w.write(t, "hosts: { web2: }\n")
	if code, text := w.do(t, "PUT", "/-/reload"); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := w.get(t, "/probe?target=web1"); code != 400 {
		t.Error("a host that is not in the file any more is still watched")
	}
	if code, _ := w.get(t, "/probe?target=web2"); code != 200 {
		t.Error("a new host is not watched")
	}
}

// TestHostileLabels: what a host says of itself is one short printable line.
func TestHostileLabels(t *testing.T) {
	t.Parallel()
	version := "SSH-2.0-\x1b[31m\u202eevil\"}\n 1\r\n\xff" + strings.Repeat("x", 1<<20)
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: func(context.Context, host.Spec) (probe.LoginResult, error) {
		return probe.LoginResult{HandshakeInfo: host.HandshakeInfo{Identity: host.Identity{ServerVersion: version}}}, nil
	}}})
	_, text := w.get(t, "/probe?target=web1")
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\u202e\r") || len(text) > 20_000 || strings.Count(text, "sshkeepalive_login_server_info{") != 1 {
		t.Errorf("%.3000s", text)
	}
	s := newSamples(nil)
	for i := range 200 {
		s.set("server_match_override_info", 1, "f", "d", "c", "k", fmt.Sprint(i))
	}
	if len(s.list) != mostSeries || s.dropped != 150 {
		t.Errorf("%d series, %d dropped", len(s.list), s.dropped)
	}
}

// TestNoSecretIsShown: neither on a page nor in the log, where an error has it.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-horse"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	failing := errors.New("sudo said " + secret)
	w := newWorld(t, strings.Replace(oneHost, "user: root", "user: root, password_file: "+file, 1), Options{Observer: fakeObserver{login: func(_ context.Context, s host.Spec) (probe.LoginResult, error) {
		if s.Password.Reveal() != secret {
			t.Error("the secret is not used, and the search proves nothing")
		}
		greeting := host.HandshakeInfo{Identity: host.Identity{ServerVersion: "SSH-2.0-" + secret + strings.Repeat("x", 85) + secret}}
		return probe.LoginResult{HandshakeInfo: greeting}, failing
	}}})
	shown := ""
	for _, path := range []string{"/probe?target=web1", "/probe?target=web9", "/metrics", "/targets", "/"} {
		_, text := w.get(t, path)
		shown += text
	}
	if !strings.Contains(w.log.String(), "sudo said ***") {
		t.Errorf("the log does not have the failure: %s", w.log)
	}
	if !strings.Contains(shown, `version="SSH-2.0-***xxx`) {
		t.Errorf("the host's greeting is not a label, and the search proves nothing: %s", shown)
	}
	if strings.Contains(shown+w.log.String(), secret[:4]) {
		t.Error("the secret is shown")
	}
	if n := strings.Count(w.log.String(), "the probe fails"); n != 1 {
		t.Errorf("the failure is in the log %d times", n)
	}
	w.get(t, "/probe?target=web1")
	if n := strings.Count(w.log.String(), "the probe fails"); n != 1 {
		t.Errorf("the same failure is in the log %d times", n)
	}
}

func TestHostKeyChanges(t *testing.T) {
	t.Parallel()
	key := "SHA256:one"
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: func(context.Context, host.Spec) (probe.LoginResult, error) {
		return probe.LoginResult{HandshakeInfo: host.HandshakeInfo{Identity: host.Identity{HostKeySHA256: key}, HostKeyType: "ssh-ed25519"}}, nil
	}}})
	for _, c := range []struct {
		key, changed, total string
	}{{"SHA256:one", "0", "0"}, {"SHA256:two", "1", "1"}, {"SHA256:two", "0", "1"}, {"", "0", "1"}, {"SHA256:one", "1", "2"}} {
		key = c.key
		_, text := w.get(t, "/probe?target=web1")
		if !strings.Contains(text, "sshkeepalive_login_host_key_changed "+c.changed) || !strings.Contains(text, "sshkeepalive_login_host_key_changes_total "+c.total) {
			t.Errorf("%+v: %s", c, text)
		}
	}
}

// TestIdleConnections: one is kept from the first probe on, what becomes of it is told, and
// it ends when no probe asks any more.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	ended, more := make(chan struct{}), make(chan probe.IdleResult, 1)
	var open atomic.Int64
	w := newWorld(t, oneHost, Options{IdleForget: 300 * time.Millisecond, Observer: fakeObserver{idle: func(ctx context.Context, o probe.IdleOptions) (probe.IdleResult, error) {
		open.Add(1)
		defer open.Add(-1)
		o.Watch.Began()
		o.Watch.Asked()
		o.Watch.Asked()
		select {
		case r := <-more:
			return r, nil
		case <-ctx.Done():
			close(ended)
			return probe.IdleResult{}, ctx.Err()
		}
	}}})
	await := func(words ...string) {
		t.Helper()
		for {
			_, text := w.get(t, "/probe?target=web1&module=idle")
			found := true
			for _, word := range words {
				found = found && strings.Contains(text, word)
			}
			if found {
				return
			}
			if t.Context().Err() != nil {
				t.Fatal(text)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	await("sshkeepalive_idle_connected 1", "sshkeepalive_idle_keepalives_total 2", `sshkeepalive_idle_closed_total{reason="reset"} 0`)
	more <- probe.IdleResult{CloseReason: probe.CloseReset, Silence: 42 * time.Second}
	await("sshkeepalive_idle_connected 0", `sshkeepalive_idle_closed_total{reason="reset"} 1`, "sshkeepalive_idle_last_closed_silence_seconds 42")
	await("sshkeepalive_idle_connected 1", "sshkeepalive_idle_keepalives_total 4")
	<-ended // no probe asks
	for open.Load() != 0 {
		runtime.Gosched()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.idles) != 0 {
		t.Errorf("%d are kept", len(w.idles))
	}
}

// TestIdleConnectionsOutliveAReload: how long a path lets a connection be silent is not
// learned if every apply's reload ends it. One to a host that is reached in another way ends.
func TestIdleConnectionsOutliveAReload(t *testing.T) {
	t.Parallel()
	began, ended := make(chan int, 9), make(chan int, 9)
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{idle: func(ctx context.Context, o probe.IdleOptions) (probe.IdleResult, error) {
		o.Watch.Began()
		began <- 1
		<-ctx.Done()
		ended <- 1
		return probe.IdleResult{}, ctx.Err()
	}}})
	probe := func() {
		t.Helper()
		if code, text := w.get(t, "/probe?target=web1&module=idle"); code != 200 {
			t.Fatal(text)
		}
	}
	reload := func() {
		t.Helper()
		if code, text := w.do(t, "POST", "/-/reload"); code != 200 {
			t.Fatal(text)
		}
	}
	watch := func() *idleWatch {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.idles["web1"]
	}
	probe()
	<-began
	first := watch()
	w.write(t, oneHost+"  web2:\n")
	reload()
	probe()
	if watch() != first || len(ended) != 0 {
		t.Fatal("the connection to a host that did not change was exchanged")
	}
	w.write(t, "hosts:\n  web1: { port: 2222 }\n")
	reload()
	<-ended
	probe()
	<-began
	w.write(t, "hosts:\n  web2:\n")
	reload()
	<-ended
}

// TestLocalHost: this machine has no login to be measured.
func TestLocalHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "hosts:\n  here: { transport: local }\n", Options{Observer: fakeObserver{}})
	if code, text := w.get(t, "/probe?target=here"); code != 400 || !strings.Contains(text, "has nothing for the module login") {
		t.Errorf("%d %s", code, text)
	}
	if _, text := w.get(t, "/targets"); strings.Contains(text, "login") || !strings.Contains(text, `"module":"server"`) {
		t.Error(text)
	}
}
