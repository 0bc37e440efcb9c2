package pool

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// httpProxy allows CONNECT to user "u" with password "p".
func httpProxy(t *testing.T) *url.URL {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dTpw" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		far, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		tunnel(near, buffered.Reader, far)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

type joined struct {
	io.Reader
	io.WriteCloser
}

func tunnel(near net.Conn, ahead io.Reader, far net.Conn) { pipe(joined{ahead, near}, far) }

// socksProxy speaks SOCKS 5 with user "u" and password "p"; it resolves names.
func socksProxy(t *testing.T) *url.URL {
	t.Helper()
	port, _ := scripted(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		take := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(r, b)
			return b
		}
		take(int(take(2)[1]))
		_, _ = c.Write([]byte{5, 2})
		take(1)
		user := string(take(int(take(1)[0])))
		password := string(take(int(take(1)[0])))
		if user != "u" || password != "p" {
			_, _ = c.Write([]byte{1, 1})
			return
		}
		_, _ = c.Write([]byte{1, 0})
		var host string
		switch take(4)[3] {
		case 1:
			host = net.IP(take(4)).String()
		case 3:
			host = string(take(int(take(1)[0])))
		}
		far, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(take(2))))))
		if err != nil {
			_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		_, _ = c.Write([]byte{5, 0, 0, 3, 1, 'x', 0, 0})
		tunnel(c, r, far)
	})
	return &url.URL{Scheme: "socks5", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
}

func TestProxyURL(t *testing.T) {
	t.Parallel()
	for _, proxy := range []*url.URL{httpProxy(t), socksProxy(t)} {
		t.Run(proxy.Scheme, func(t *testing.T) {
			key, public := newKey(t)
			s := serve(t, public, nil)
			with := func(user *url.Userinfo, change func(*host.Settings)) host.Spec {
				u := *proxy
				u.User = user
				return s.spec(key, func(l *host.Settings) {
					l.ProxyURL = sshtest.Ptr(host.Secret(u.String()))
					if change != nil {
						change(l)
					}
				})
			}
			good := url.UserPassword("u", "p")
			run(t, acquire(t, brisk(t), with(good, nil)), host.Script{Text: "true"})
			run(t, acquire(t, brisk(t), with(good, func(l *host.Settings) { l.Host = sshtest.Ptr("localhost") })), host.Script{Text: "true"})

			e, _ := refusal(t, once(t), with(url.UserPassword("u", "hunter2"), nil))
			if !strings.Contains(e.Error(), "proxy ") || strings.Contains(e.Error(), "hunter2") || s.conns.Load() != 2 {
				t.Errorf("have %v: %v", e.Kind, e)
			}
			if e, _ := refusal(t, once(t), with(good, func(l *host.Settings) { l.Port = sshtest.Ptr(1) })); e.Kind != host.Unreachable {
				t.Errorf("have %v: %v", e.Kind, e)
			}
		})
	}
}

// A command that ends is not an sshd that is busy: it is tried as a machine that
// does not answer is, and one that the shell cannot find is not tried again.
func TestProxyCommandThatEnds(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]struct {
		kind     host.Kind
		attempts int
		text     string
	}{
		"echo no ticket >&2; exit 3":   {host.Unreachable, defaultRetryPolicy.absent, "`proxy_command` ended (exit status 3): no ticket"},
		"exit 1":                       {host.Unreachable, defaultRetryPolicy.absent, "`proxy_command` ended (exit status 1)"},
		"kill -9 $$":                   {host.Unreachable, defaultRetryPolicy.absent, "`proxy_command` ended (signal: killed)"},
		"/no/such/command 2>/dev/null": {host.Config, 1, "`proxy_command` ended (exit status 127)"},
	} {
		e, _ := refusal(t, brisk(t), specTo(t, 1, func(l *host.Settings) { l.ProxyCommand = sshtest.Ptr(command) }))
		if e.Kind != want.kind || e.Phase != host.PhaseTCP || e.Attempts != want.attempts || !strings.Contains(e.Error(), want.text) {
			t.Errorf("%q: have %v after %d attempts: %v", command, e.Kind, e.Attempts, e)
		}
	}
}

func TestProxyCommandOfUnknownTokensIsNeverRun(t *testing.T) {
	_, err := host.Resolve("web", host.Settings{Host: sshtest.Ptr("web"), User: sshtest.Ptr("u"), ProxyCommand: sshtest.Ptr("nc %h %d")})
	if err == nil || !strings.Contains(err.Error(), "%d is unknown") {
		t.Errorf("have %v", err)
	}
}

// A command that heeds no request to end is killed, with what it started.
func TestStubbornProxyCommandIsKilled(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	command := "trap '' TERM HUP INT; echo $$ >" + file + "; while :; do sleep 1; done"
	_, _ = refusal(t, once(t), specTo(t, 1, func(l *host.Settings) {
		l.ProxyCommand, l.HandshakeTimeout = &command, sshtest.Ptr(300*time.Millisecond)
	}))
	pid := sshtest.Must(strconv.Atoi(strings.TrimSpace(string(sshtest.Must(os.ReadFile(file))))))
	for range 100 {
		if p, err := os.FindProcess(pid); err != nil || p.Signal(syscall.Signal(0)) != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("it lives")
}

// TestForeignTextIsNeverPartOfACommandLine: what a host reports and what a variable
// holds stays away from the shell of proxy_command, in each token that it may use.
func TestForeignTextIsNeverPartOfACommandLine(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	command := "true %h %p %r %n; exec false"
	for _, text := range []string{
		"$(touch${IFS}ran)", "`touch ran`", "x;touch ran;", "x&touch ran&", "x|touch ran", "x\ntouch ran\n", "'x", `"x`, `\`, "-x", "~x", "${IFS}", ">ran", "<x", "*", "?", "[a]", "{a,b}", "!x", "#", "x y", "",
		strings.Repeat("a", 300) + "$(touch ran)",
	} {
		spec := specTo(t, 1, func(l *host.Settings) { l.ProxyCommand = &command })
		spec.AlternateAddresses = []string{net.JoinHostPort(text, "22"), "127.0.0.1:" + text, text}
		_, _ = refusal(t, once(t), spec)
		for _, field := range []*string{&spec.User, &spec.Host} {
			kept := *field
			*field = text
			if line, err := host.ProxyCommandLine(spec, spec.Address()); err == nil {
				t.Errorf("%q becomes part of %q", text, line)
			}
			*field = kept
		}
		if _, err := host.ProxyCommandLine(spec, "127.0.0.1:"+text); err == nil && text != "" {
			t.Errorf("the port %q becomes part of a command line", text)
		}
	}
	if left, _ := os.ReadDir(here); len(left) > 0 {
		t.Errorf("a command ran and left %s", left[0].Name())
	}
}

func TestEndpoints(t *testing.T) {
	for _, good := range []string{"10.0.0.5:22", "[::1]:22", "[fe80::1%eth0]:22", "web-1.example.com:2222", "web_1:22", "web.:22"} {
		if err := host.CheckEndpoint(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "web", "web:", ":22", "web:0", "web:65536", "web:-1", "web:22x", "web:ssh", "-x:22", "a..b:22", "a.-b:22", "a b:22", "a\n:22", "ä:22", "%h:22",
		"[fe80::1%$(x)]:22", "[fe80::1% ]:22", "a\u202eb:22", strings.Repeat("a", 64) + ":22", strings.Repeat("a.", 127) + "a:22",
	} {
		if err := host.CheckEndpoint(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
