package pool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// refusal dials spec once with p and returns why that failed, and how long it took.
func refusal(t *testing.T, p *Pool, spec host.Spec) (*host.Error, time.Duration) {
	t.Helper()
	ctx, cancel := contextFor(20 * time.Second)
	defer cancel()
	began := time.Now()
	h, err := p.Acquire(ctx, spec)
	if err == nil {
		h.Release()
		t.Fatal("the machine was reached")
	}
	return failure(t, err), time.Since(began)
}

// once is a pool that tries once.
func once(t *testing.T) *Pool {
	p := brisk(t)
	p.retry.attempts = 1
	return p
}

// Fault 01.
func TestNoSuchName(t *testing.T) {
	t.Parallel()
	spec := specTo(t, 22, func(s *host.Settings) {
		s.Host, s.ConnectTimeout = sshtest.Ptr("no-such-host.invalid"), sshtest.Ptr(2*time.Second)
	})
	if e, _ := refusal(t, once(t), spec); e.Kind != host.Unreachable || !isTransient(e) {
		t.Errorf("have %v in %v: %v", e.Kind, e.Phase, e)
	}
}

// Fault 02.
func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	e, _ := refusal(t, brisk(t), specTo(t, port, nil))
	if e.Kind != host.Unreachable || e.Phase != host.PhaseTCP || e.Attempts != 3 || !strings.Contains(e.Error(), "connection refused") {
		t.Errorf("have %v in %v after %d: %v", e.Kind, e.Phase, e.Attempts, e)
	}
}

// fullQueue is the port of a listener whose queue is full: it drops every further
// SYN.
func fullQueue(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*syscall.SockaddrInet4).Port
	for range 3 {
		if c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 200*time.Millisecond); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	return port
}

// Fault 03.
func TestNoAnswerToSYN(t *testing.T) {
	port := fullQueue(t)
	e, took := refusal(t, once(t), specTo(t, port, func(s *host.Settings) { s.ConnectTimeout = sshtest.Ptr(300 * time.Millisecond) }))
	if e.Kind != host.Unreachable || e.Phase != host.PhaseTCP || took < 250*time.Millisecond || took > 5*time.Second {
		t.Errorf("have %v in %v after %v: %v", e.Kind, e.Phase, took, e)
	}
}

// Fault 04.
func TestNoRoute(t *testing.T) {
	e, took := refusal(t, once(t), specTo(t, 22, func(s *host.Settings) {
		s.Host = sshtest.Ptr("2001:db8::1")
		s.ConnectTimeout = sshtest.Ptr(time.Second)
	}))
	if e.Kind != host.Unreachable || e.Phase != host.PhaseTCP || took > 5*time.Second {
		t.Errorf("have %v in %v after %v: %v", e.Kind, e.Phase, took, e)
	}
}

// Fault 05.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	port, _ := scripted(t, swallow)
	e, took := refusal(t, once(t), specTo(t, port, func(s *host.Settings) { s.HandshakeTimeout = sshtest.Ptr(300 * time.Millisecond) }))
	if e.Kind != host.Timeout || e.Phase != host.PhaseIdent || !isTransient(e) || took > 5*time.Second {
		t.Errorf("have %v in %v after %v: %v", e.Kind, e.Phase, took, e)
	}
}

// Fault 05.
func TestSilentServerIsCancelled(t *testing.T) {
	port, _ := scripted(t, swallow)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	_, err := once(t).Acquire(ctx, specTo(t, port, nil))
	if e, took := failure(t, err), time.Since(began); e.Kind != host.Canceled || took > 2*time.Second {
		t.Errorf("have %v after %v", e, took)
	}
}

// Fault 06.
func TestClosedBeforeTheIdentification(t *testing.T) {
	t.Parallel()
	port, conns := scripted(t, func(net.Conn) {})
	if e, _ := refusal(t, brisk(t), specTo(t, port, nil)); e.Kind != host.Throttled || e.Phase != host.PhaseIdent || conns.Load() != 5 {
		t.Errorf("have %v in %v after %d: %v", e.Kind, e.Phase, conns.Load(), e)
	}
}

// Fault 07.
func TestThrottledByTheServer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Exceeded MaxStartups\r\n", "Not allowed at this time\r\n"} {
		port, _ := scripted(t, func(c net.Conn) {
			_, _ = io.WriteString(c, text)
			time.Sleep(50 * time.Millisecond)
			reset(c)
		})
		e, _ := refusal(t, once(t), specTo(t, port, nil))
		if e.Kind != host.Throttled || !strings.Contains(e.Error(), strings.TrimSpace(text)) {
			t.Errorf("%q: have %v: %v", text, e.Kind, e)
		}
	}
}

// Fault 07.
func TestThrottledWaitsTwiceAsLong(t *testing.T) {
	for n := 1; n < 5; n++ {
		usual, slow := defaultRetryPolicy.base<<(n-1), min(defaultRetryPolicy.base<<n, defaultRetryPolicy.cap)
		if d := defaultRetryPolicy.pause(n, host.Unreachable); d < usual/2 || d > usual {
			t.Errorf("pause %d is %v", n, d)
		}
		if d := defaultRetryPolicy.pause(n, host.Throttled); d < slow/2 || d > slow {
			t.Errorf("throttled pause %d is %v", n, d)
		}
	}
}

// Fault 08.
func TestAnotherProtocol(t *testing.T) {
	port, conns := scripted(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
	})
	e, _ := refusal(t, brisk(t), specTo(t, port, nil))
	if e.Kind != host.NotSSH || !strings.Contains(e.Error(), "HTTP/1.1 400 Bad Request") || conns.Load() != 1 {
		t.Errorf("have %v after %d: %v", e.Kind, conns.Load(), e)
	}
}

// The deadline and the error that it causes race; the kind must not depend on who
// wins.
//
// Fault 09.
func TestStallAfterKeyExchange(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	r := newRelay(t, s.listener.Addr().String(), faults{stopAfter: 1200})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 10 {
				spec := s.spec(key, func(l *host.Settings) {
					l.Port, l.HandshakeTimeout = sshtest.Ptr(r.port()), sshtest.Ptr(60*time.Millisecond)
				})
				if e, _ := refusal(t, once(t), spec); e.Kind != host.Timeout {
					t.Errorf("have %v in %v: %v", e.Kind, e.Phase, e)
				}
			}
		})
	}
	wg.Wait()
}

// Fault 10.
func TestNoCommonKeyExchange(t *testing.T) {
	_, public := newKey(t)
	s := serve(t, public, func(s *server) { s.config.KeyExchanges = []string{ssh.InsecureKeyExchangeDH1SHA1} })
	e, _ := refusal(t, brisk(t), specTo(t, s.listener.Addr().(*net.TCPAddr).Port, nil))
	if e.Kind != host.Negotiation || !strings.Contains(e.Error(), "curve25519-sha256") || !strings.Contains(e.Error(), "group1-sha1") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Two seconds of silence, as UseDNS or PAM cause them, are no failure.
//
// Fault 12.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		accept := s.config.PublicKeyCallback
		s.config.PublicKeyCallback = func(c ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			time.Sleep(2 * time.Second)
			return accept(c, k)
		}
	})
	port, conns := scripted(t, func(c net.Conn) {
		time.Sleep(2 * time.Second)
		if far, err := net.Dial("tcp", s.listener.Addr().String()); err == nil {
			pipe(c, far)
		}
	})
	h := acquire(t, brisk(t), s.spec(key, func(l *host.Settings) { l.Port = &port }))
	if res := run(t, h, host.Script{Text: "echo slow"}); res.Stdout != "slow\n" || conns.Load() != 1 {
		t.Errorf("have %q over %d connections", res.Stdout, conns.Load())
	}
}

// Fault 44.
func TestDeadHostIsDialledOnce(t *testing.T) {
	t.Parallel()
	port, conns := scripted(t, func(net.Conn) {})
	p, spec := brisk(t), specTo(t, port, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			ctx, cancel := contextFor(10 * time.Second)
			defer cancel()
			if _, err := p.Acquire(ctx, spec); !isTransient(err) {
				t.Errorf("have %v", err)
			}
		})
	}
	wg.Wait()
	if _, err := p.Acquire(context.Background(), spec); !isTransient(err) {
		t.Errorf("have %v", err)
	}
	if n := conns.Load(); n != 5 {
		t.Errorf("want one cycle of 5 connections, have %d", n)
	}
}

// What the attempts met is worth more to the user than that his time was up, and
// he need not wait for it when the next attempt would come too late.
func TestDeadlineReportsTheLastAttempt(t *testing.T) {
	port, conns := scripted(t, func(net.Conn) {})
	p := brisk(t)
	p.retry.base, p.retry.cap = 10*time.Second, 10*time.Second
	ctx, cancel := contextFor(4 * time.Second)
	defer cancel()
	spec := specTo(t, port, nil)
	began := time.Now()
	_, err := p.Acquire(ctx, spec)
	if e := failure(t, err); e.Kind != host.Throttled || time.Since(began) > 2*time.Second {
		t.Errorf("have %v after %v: %v", e.Kind, time.Since(began), e)
	}
	if _, err := p.Acquire(context.Background(), spec); !isTransient(err) || conns.Load() != 1 {
		t.Errorf("have %v after %d connections", err, conns.Load())
	}
}

func TestConnectWaitOutlastsTheAttempts(t *testing.T) {
	key, public := newKey(t)
	s := serve(t, public, nil)
	var mu sync.Mutex
	refused := 0
	port, _ := scripted(t, func(c net.Conn) {
		mu.Lock()
		refused++
		booting := refused < 9
		mu.Unlock()
		if booting {
			return
		}
		far, err := net.Dial("tcp", s.listener.Addr().String())
		if err == nil {
			pipe(c, far)
		}
	})
	p := brisk(t)
	p.retry.boot = 20 * time.Millisecond
	acquire(t, p, s.spec(key, func(l *host.Settings) { l.Port, l.ConnectWait = sshtest.Ptr(port), sshtest.Ptr(10*time.Second) }))
}

// Whoever says SSH- and then something else than SSH is not a server without a
// common algorithm.
func TestServerThatOnlyIdentifiesAsSSH(t *testing.T) {
	t.Parallel()
	for greeting, want := range map[string]host.Kind{"SSH-1.5-old\r\n": host.Negotiation, "SSH-2.0-OpenSSH_9.9\r\n" + strings.Repeat("\xff", 4096): host.NotSSH} {
		port, conns := scripted(t, func(c net.Conn) {
			_, _ = c.Write([]byte(greeting))
			_, _ = c.Read(make([]byte, 4096))
		})
		e, _ := refusal(t, brisk(t), specTo(t, port, nil))
		if e.Kind != want || conns.Load() != 1 || !strings.Contains(e.Error(), strings.TrimSpace(greeting[:11])) {
			t.Errorf("%.20q: have %v after %d connections: %v", greeting, e.Kind, conns.Load(), e)
		}
	}
}

func TestOddAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"ssh://root@web1:22": "not a URL", "root:hunter2@web1": "a password does not belong here", strings.Repeat("a.", 200): "longer than 255",
	} {
		_, err := host.ParseAddress(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%.30s: have %v", text, err)
		}
	}
}

// TestNoSHA1: nothing that we offer rests on SHA-1, and a server that has nothing else
// is told so.
func TestNoSHA1(t *testing.T) {
	t.Parallel()
	offered := login.Algorithms()
	for _, name := range slices.Concat(offered.KeyExchanges, offered.Ciphers, offered.MACs, hostkey.Checker{}.Algorithms()) {
		if strings.Contains(name, "sha1") || name == ssh.KeyAlgoRSA || name == ssh.CertAlgoRSAv01 || strings.Contains(name, "cbc") || strings.Contains(name, "arcfour") {
			t.Errorf("%s is offered", name)
		}
	}
	key, public := newKey(t)
	s := serve(t, public, func(s *server) {
		s.config.MACs, s.config.Ciphers = []string{ssh.HMACSHA1}, []string{ssh.CipherAES128CTR}
	})
	if e, _ := refusal(t, once(t), s.spec(key, nil)); e.Kind != host.Negotiation || !strings.Contains(e.Error(), "MAC") {
		t.Errorf("%v: %v", e.Kind, e)
	}
}

// isTransient reports whether err says that a machine does not answer now, as opposed to
// answering and refusing us.
func isTransient(err error) bool {
	var e *host.Error
	return errors.As(err, &e) && e.Transient()
}
