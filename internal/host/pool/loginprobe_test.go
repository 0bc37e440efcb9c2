package pool

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func reach(t *testing.T, p *Pool, spec host.Spec) (probe.LoginResult, *host.Error) {
	t.Helper()
	r, err := p.ProbeLogin(t.Context(), spec)
	if err == nil {
		return r, nil
	}
	return r, failure(t, err)
}

// TestLoginProbe logs in to real machines by each method, and by two that are both
// needed.
func TestLoginProbe(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{{Name: "typist", Password: "correct-horse", NoKey: true}, {Name: "both", Password: "correct-horse"}, {Name: "menu", Shell: "/bin/false"}},
		Files: map[string]string{"/etc/ssh/sshd_config.d/10-x.conf": "PasswordAuthentication yes\nMatch User both\nAuthenticationMethods publickey,password\n"},
	})
	for user, c := range map[string]struct {
		password host.Secret
		method   string
		offers   string
	}{
		"root":   {"", "publickey", "publickey password"},
		"typist": {"correct-horse", "password", "publickey password"},
		"both":   {"correct-horse", "publickey,password", "publickey"},
		"menu":   {"", "publickey", "publickey password"}, // nothing is run there
	} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			r, err := reach(t, brisk(t), specOf(t, m, user, func(s *host.Settings) {
				if c.password != "" {
					s.Password = &c.password
				}
				if c.method == "password" {
					s.PrivateKey = nil
				}
			}))
			if err != nil {
				t.Fatal(err)
			}
			if r.AuthMethod != c.method || strings.Join(r.AuthMethods, " ") != c.offers {
				t.Errorf("by %s of %v", r.AuthMethod, r.AuthMethods)
			}
			if !strings.HasPrefix(r.HostKeySHA256, "SHA256:") || r.HostKeyType != "ssh-ed25519" || !strings.HasPrefix(r.ServerVersion, "SSH-2.0-OpenSSH") || r.Address == "" {
				t.Errorf("have %+v", r)
			}
			phases := []int64{int64(r.Connect), int64(r.Identification), int64(r.KeyExchange), int64(r.Authentication), int64(r.RoundTrip)}
			if slices.Min(phases) <= 0 || r.Connect+r.Identification+r.KeyExchange+r.Authentication > r.Elapsed || r.Attempts != 1 {
				t.Errorf("have %+v", r)
			}
		})
	}
}

// TestLoginProbeSaysHowFarItCame: what failed attempts found out is in their errors.
func TestLoginProbeSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	other, _ := newKey(t)
	s := serve(t, public, nil)
	_, err := reach(t, once(t), s.spec(other, nil))
	if m := err.Handshake; err.Kind != host.Auth || m.KeyExchange == 0 || m.Authentication != 0 || m.HostKeySHA256 == "" || !slices.Contains(m.AuthMethods, "publickey") || m.AuthMethod != "" {
		t.Errorf("refused: %+v", err)
	}
	_, err = reach(t, once(t), s.spec(key, func(s *host.Settings) {
		s.HostKeys = []string{sshtest.Authorized(sshtest.Signer(sshtest.NewEd25519()))}
	}))
	if m := err.Handshake; err.Kind != host.HostKeyChanged || m.Identification == 0 || m.HostKeySHA256 != err.OfferedKey || m.AuthMethods != nil {
		t.Errorf("another key: %+v", err)
	}
	_, err = reach(t, once(t), s.spec(key, func(o *host.Settings) {
		hop := s.port()
		o.Jump = []host.Settings{{Host: sshtest.Ptr("127.0.0.1"), User: sshtest.Ptr("hop"), Port: &hop, PrivateKey: &other, HostKeys: o.HostKeys}}
	}))
	if err.Kind != host.Auth || !strings.Contains(err.Error(), "jump host hop@127.0.0.1") || err.Handshake.HostKeySHA256 != "" {
		t.Errorf("what the jump host showed is not the host's: %+v", err)
	}
	l, listenErr := net.Listen("tcp", "127.0.0.1:0")
	if listenErr != nil {
		t.Fatal(listenErr)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	_, err = reach(t, once(t), specTo(t, port, nil))
	if m := err.Handshake; err.Kind != host.Unreachable || m.Connect != 0 || m.ServerVersion != "" {
		t.Errorf("nobody there: %+v", err)
	}
}

// TestLoginProbeIsANewConnection: it does not take a connection that is there, nor a machine
// for dead that was so; but one that refused us is not asked twice.
func TestLoginProbeIsANewConnection(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, nil)
	p := brisk(t)
	acquire(t, p, s.spec(key, nil))
	for range 2 {
		if _, err := reach(t, p, s.spec(key, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.conns.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
	other, _ := newKey(t)
	if _, err := p.Acquire(t.Context(), s.spec(other, nil)); err == nil {
		t.Fatal("a stranger was let in")
	}
	conns := s.conns.Load()
	if _, err := reach(t, p, s.spec(other, nil)); err == nil || err.Kind != host.Auth || s.conns.Load() != conns {
		t.Errorf("asked again: %v", err)
	}
}

// TestLoginProbeWithoutASignOfLife: a server that does not survive a keepalive was
// reached all the same.
func TestLoginProbeWithoutASignOfLife(t *testing.T) {
	t.Parallel()
	key, public := newKey(t)
	s := serve(t, public, func(s *server) { s.fragile = true })
	if r, err := reach(t, brisk(t), s.spec(key, nil)); err != nil || r.RoundTrip != 0 || r.Authentication == 0 {
		t.Errorf("have %+v, %v", r, err)
	}
}

func TestLoginProbeWithoutAConnection(t *testing.T) {
	t.Parallel()
	p := brisk(t)
	if r, err := p.ProbeLogin(t.Context(), host.Spec{Transport: host.TransportLocal}); err != nil || r.Attempts != 0 {
		t.Errorf("have %+v, %v", r, err)
	}
	p.Close(t.Context())
	if _, err := reach(t, p, specTo(t, 1, nil)); err == nil || err.Kind != host.Canceled {
		t.Errorf("after the end: %v", err)
	}
}
