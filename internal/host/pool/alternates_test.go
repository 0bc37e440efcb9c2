package pool

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// closedPort is a port of this machine at which nothing listens.
func closedPort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// moved is a server that used to listen at another port: the one that spec names.
func moved(t testing.TB, change func(*host.Settings)) (*server, host.Spec) {
	t.Helper()
	key, public := newKey(t)
	s := serve(t, public, nil)
	old := closedPort(t)
	return s, s.spec(key, func(l *host.Settings) {
		l.Port = &old
		line := "[127.0.0.1]:" + strconv.Itoa(old) + " " + sshtest.Authorized(sshtest.Ed25519HostKey) + "\n"
		l.HostKeys, l.KnownHosts = nil, &line
		if change != nil {
			change(l)
		}
	})
}

func TestAlternateAddress(t *testing.T) {
	for name, change := range map[string]func(*host.Settings){
		"directly": nil,
		"by proxy_command": func(l *host.Settings) {
			command := `exec bash -c 'exec 3<>/dev/tcp/%h/%p && { cat <&3 & cat >&3; }'`
			l.ProxyCommand = &command
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, spec := moved(t, change)
			spec.AlternateAddresses = []string{s.listener.Addr().String()}
			p := brisk(t)
			h := acquire(t, p, spec)
			if have := h.Identity().Address; have != spec.AlternateAddresses[0] {
				t.Errorf("answered at %s", have)
			}
			if out := run(t, h, host.Script{Text: "echo in"}).Stdout; out != "in\n" {
				t.Errorf("have %q", out)
			}
			freshly(t, p, spec, 10*time.Second)
		})
	}
}

// Who knows better is heard although the machine is believed to be unreachable,
// and then everybody shares what he found.
func TestAlternatesAreShared(t *testing.T) {
	s, spec := moved(t, nil)
	p := brisk(t)
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	if _, err := p.Acquire(ctx, spec); failure(t, err).Kind != host.Unreachable {
		t.Fatal(err)
	}
	knowing := spec
	knowing.AlternateAddresses = []string{s.listener.Addr().String()}
	acquire(t, p, knowing)
	acquire(t, p, spec)
	// The server counts a login after it has told the client.
	for s.logins.Load() == 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if n := s.logins.Load(); n != 1 {
		t.Errorf("want 1 login, have %d", n)
	}
}

// Who comes later and knows better does not share the failure of an attempt that is
// under way without his knowledge.
func TestAlternatesGivenDuringAnAttempt(t *testing.T) {
	s, spec := moved(t, nil)
	p := brisk(t)
	p.retry.base = 200 * time.Millisecond // between the attempts
	ctx, cancel := contextFor(20 * time.Second)
	defer cancel()
	ignorant := make(chan error, 1)
	go func() {
		h, err := p.Acquire(ctx, spec)
		if err == nil {
			h.Release()
		}
		ignorant <- err
	}()
	for !p.isDialling() && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	knowing := spec
	knowing.AlternateAddresses = []string{s.listener.Addr().String()}
	acquire(t, p, knowing)
	if err := <-ignorant; err != nil {
		t.Error(err)
	}
}

func (p *Pool) isDialling() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		e.mu.Lock()
		dialling := e.dialing != nil
		e.mu.Unlock()
		if dialling {
			return true
		}
	}
	return false
}

func TestAnotherMachineAtTheAlternateAddress(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*host.Settings, *server)
		want   host.Kind
	}{
		"strict": {func(l *host.Settings, s *server) {
			// The stranger is known by his own name; that is not the machine's.
			line := "[127.0.0.1]:" + strconv.Itoa(*l.Port) + " " + sshtest.Authorized(sshtest.RSAHostKey) + "\n" +
				"[127.0.0.1]:" + strconv.Itoa(s.listener.Addr().(*net.TCPAddr).Port) + " " + sshtest.Authorized(sshtest.Ed25519HostKey) + "\n"
			l.KnownHosts = &line
		}, host.HostKeyChanged},
		"insecure": {func(l *host.Settings, _ *server) {
			policy := host.PolicyInsecure
			l.KnownHosts, l.HostKeyPolicy = nil, &policy
		}, host.HostKeyChanged},
	} {
		t.Run(name, func(t *testing.T) {
			key, public := newKey(t)
			s := serve(t, public, nil)
			old := closedPort(t)
			spec := s.spec(key, func(l *host.Settings) { l.Port, l.HostKeys = &old, nil; c.change(l, s) })
			spec.AlternateAddresses, spec.ExpectedHostKey = []string{s.listener.Addr().String()}, knownhosts.Fingerprint(sshtest.RSAHostKey.PublicKey())
			ctx, cancel := contextFor(10 * time.Second)
			defer cancel()
			_, err := brisk(t).Acquire(ctx, spec)
			e := failure(t, err)
			if e.Kind != c.want || !strings.Contains(e.Error(), spec.AlternateAddresses[0]) || !strings.Contains(e.Error(), "refused") {
				t.Errorf("have %v: %v", e.Kind, e)
			}
			if s.tries.Load() != 0 || s.conns.Load() != 1 {
				t.Errorf("%d connections, %d offers of a key to a stranger", s.conns.Load(), s.tries.Load())
			}
		})
	}
}

func TestNoAddressAnswers(t *testing.T) {
	_, spec := moved(t, nil)
	spec.AlternateAddresses = []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(closedPort(t)))}
	ctx, cancel := contextFor(10 * time.Second)
	defer cancel()
	_, err := brisk(t).Acquire(ctx, spec)
	e := failure(t, err)
	if e.Kind != host.Unreachable || e.Attempts != 3 || !strings.Contains(e.Error(), spec.Address()) || !strings.Contains(e.Error(), "elsewhere, at "+spec.AlternateAddresses[0]) {
		t.Errorf("have %v after %d attempts: %v", e.Kind, e.Attempts, e)
	}
}
