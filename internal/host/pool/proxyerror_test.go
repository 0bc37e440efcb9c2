package pool

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// What stands in between and says no is not a machine that is away: it is asked
// once, and no policy about unreachable machines applies.
func TestProxyDenied(t *testing.T) {
	t.Parallel()
	answering := func(answer string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = c.Write([]byte(answer))
		}
	}
	socks := func(answers ...string) func(net.Conn) {
		return func(c net.Conn) {
			for _, answer := range answers {
				_, _ = c.Read(make([]byte, 300))
				_, _ = c.Write([]byte(answer))
			}
		}
	}
	for want, proxy := range map[string]struct {
		url string
		do  func(net.Conn)
	}{
		"407 Proxy Authentication Required":                     {"http://", answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")},
		"403 Filtered":                                          {"http://", answering("HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n")},
		"it refused the user and password":                      {"socks5://u:hunter2@", socks("\x05\x02", "\x01\x01")},
		"no user and password are given":                        {"socks5://", socks("\x05\xff")},
		"it accepts neither a password nor a login without one": {"socks5://u:hunter2@", socks("\x05\xff")},
		"not a SOCKS5 proxy":                                    {"socks5://", socks("\x04\x5b")},
		": not allowed":                                         {"socks5://", socks("\x05\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")},
	} {
		port, conns := scripted(t, proxy.do)
		spec := specTo(t, 1, func(l *host.Settings) {
			l.ProxyURL = sshtest.Ptr(host.Secret(proxy.url + net.JoinHostPort("127.0.0.1", sshtest.Itoa(port))))
		})
		e, _ := refusal(t, brisk(t), spec)
		if e.Kind != host.ProxyDenied || !strings.Contains(e.Error(), want) || strings.Contains(e.Error(), "hunter2") || conns.Load() != 1 || e.Transient() {
			t.Errorf("want %q, have %v after %d connections: %v", want, e.Kind, conns.Load(), e)
		}
	}
}

// A proxy that asks nobody is used by those who could log in, too.
func TestProxyThatNeedsNoPassword(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	port, _ := scripted(t, func(c net.Conn) {
		buf := make([]byte, 300)
		n, _ := c.Read(buf)
		if !strings.Contains(string(buf[2:n]), "\x00") {
			_, _ = c.Write([]byte("\x05\xff"))
			return
		}
		_, _ = c.Write([]byte("\x05\x00"))
		_, _ = c.Read(buf)
		_, _ = c.Write([]byte("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
		far, err := net.Dial("tcp", s.listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		tunnel(c, bufio.NewReader(c), far)
	})
	acquire(t, brisk(t), s.spec(key, func(l *host.Settings) {
		l.ProxyURL = sshtest.Ptr(host.Secret("socks5://u:p@" + net.JoinHostPort("127.0.0.1", sshtest.Itoa(port))))
	}))
}

func TestSilentProxyIsNamed(t *testing.T) {
	t.Parallel()
	port, _ := scripted(t, swallow)
	address := net.JoinHostPort("127.0.0.1", sshtest.Itoa(port))
	e, _ := refusal(t, once(t), specTo(t, 1, func(l *host.Settings) {
		l.ProxyURL, l.ConnectTimeout = sshtest.Ptr(host.Secret("http://"+address)), sshtest.Ptr(200*time.Millisecond)
	}))
	if e.Kind != host.Unreachable || !strings.Contains(e.Error(), "proxy "+address+": no answer within `connect_timeout`") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// AllowTcpForwarding no: the jump host is there, and would say the same again.
func TestJumpHostThatForwardsNothing(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	gate := serve(t, public, func(s *server) { s.closed = true })
	hop := host.Settings{Host: sshtest.Ptr("127.0.0.1"), Port: sshtest.Ptr(gate.port()), HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}}
	e, _ := refusal(t, brisk(t), specTo(t, 1, func(l *host.Settings) { l.PrivateKey, l.Jump = &key, []host.Settings{hop} }))
	if e.Kind != host.ProxyDenied || e.Attempts != 1 || !strings.Contains(e.Error(), "forwards nothing") {
		t.Errorf("have %v after %d attempts: %v", e.Kind, e.Attempts, e)
	}
}

// The bastion that everything is reached through is managed like everything else.
func TestBastionIsReachedThroughItself(t *testing.T) {
	bastion := []host.Settings{{Host: sshtest.Ptr("gate")}}
	s, err := host.Resolve("gate", host.Settings{User: sshtest.Ptr("u"), Host: sshtest.Ptr("gate"), Jump: bastion})
	if err != nil || len(s.Jump) != 1 || s.Jump[0].String() != "u@gate:22" {
		t.Errorf("have %q, %v", s.Jump, err)
	}
}

// PAM says in a banner why it lets nobody in, and sshd hangs up without a word.
func TestWhatPAMSaysIsPassedOn(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, nil, func(s *server) {
		s.config.BannerCallback = func(ssh.ConnMetadata) string { return "Authorised users only.\n" }
		s.config.PublicKeyCallback = func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
			if knownhosts.SameKey(offered, public) {
				return nil, &ssh.BannerError{Err: ssh.ErrNoAuth, Message: "Your account has expired.\n"}
			}
			return nil, ssh.ErrNoAuth
		}
	})
	e, _ := refusal(t, once(t), s.spec(key, nil))
	if !strings.Contains(e.Error(), `the server says "Your account has expired."`) || strings.Contains(e.Error(), "Authorised") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

func TestControlCharactersOfAMachineAreShown(t *testing.T) {
	e := &host.Error{Host: "web", Phase: host.PhaseExec, Err: net.ErrClosed, Stderr: "a\tb\r\nred: \x1b[31m\x07 \u009b2J"}
	if have := e.Error(); strings.ContainsAny(have, "\x1b\x07\u009b\r") || !strings.Contains(have, "a\tb\nred: \\x1b[31m\\a \\u009b2J") {
		t.Errorf("have %q", have)
	}
}
