package observe

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
)

func specOf(t testing.TB, m *hosttest.Machine) host.Spec {
	t.Helper()
	user, key := "root", host.Secret(m.Key)
	spec, err := host.Resolve(m.Addr, host.Settings{Host: &m.Addr, Port: &m.Port, User: &user, PrivateKey: &key, HostKeys: m.HostKeys})
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func interval(value string) sshserver.Want {
	return sshserver.Want{Settings: []keepalive.Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{value}}}}
}

// everyLook makes each look once, and says what of it was not as it should be.
func everyLook(ctx context.Context, o *Observer, spec host.Spec) error {
	_, login := o.ProbeLogin(ctx, spec)
	s, err := o.Server(ctx, spec, "", interval("1m"))
	if err == nil && (s.MachineID == "" || s.Identity.HostKeySHA256 == "" || len(s.Facts.Effective) == 0) {
		err = errors.New("the look at sshd says nothing")
	}
	block := sshclient.Want{Patterns: []string{"*"}, Settings: []keepalive.Setting{{Attribute: "server_alive_interval", Keyword: "ServerAliveInterval", Values: []string{"1m"}}}}
	_, ssh := o.Client(ctx, spec, "/etc/ssh/ssh_config.d/10-x.conf", "", block)
	_, env := o.EnvFile(ctx, spec, coolify.DefaultFile, coolify.Want{})
	_, installed := o.Coolify(ctx, spec, coolify.DefaultFile, coolify.DefaultContainer)
	_, shared := o.Sockets(ctx, spec, "~/.ssh", "")
	live, sessions := o.Sessions(ctx, spec)
	if list, why := live.Facts.Sessions(); sessions == nil && len(list) == 0 {
		sessions = errors.New("no session was seen: " + why)
	}
	return errors.Join(login, err, ssh, env, installed, shared, sessions)
}

// TestLooksChangeNothing: every look answers, and none leaves anything behind.
func TestLooksChangeNothing(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{coolify.DefaultFile: "SSH_MUX_ENABLED=true\n"}})
	o := New(Options{Version: "test"})
	defer o.Close(context.Background())
	spec := specOf(t, m)
	if err := everyLook(t.Context(), o, spec); err != nil {
		t.Fatal(err)
	}
	places := []string{"/etc", "/root", "/home", "/data", "/var", "/run", "/tmp"}
	before := m.Snapshot(places...)
	for range 3 {
		if err := everyLook(t.Context(), o, spec); err != nil {
			t.Fatal(err)
		}
	}
	if d := hosttest.Differences(before, m.Snapshot(places...)); d != "" {
		t.Errorf("the looks changed\n%s", d)
	}
}

// TestLooksAreAnew: what a host says is never older than the question.
func TestLooksAreAnew(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	o := New(Options{})
	defer o.Close(context.Background())
	for _, want := range []string{"11", "22"} {
		m.Write("/etc/ssh/sshd_config.d/00-a.conf", "ClientAliveInterval "+want+"\n")
		s, err := o.Server(t.Context(), specOf(t, m), "", interval("1m"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.Facts.Effective[0]["clientaliveinterval"], " "); got != want {
			t.Errorf("have %s, want %s", got, want)
		}
	}
}

// TestLooksTogetherAreOne: those who ask at once cost the host few scripts.
func TestLooksTogetherAreOne(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		SSHDArgs: []string{"-E", "/var/log/sshd.log"},
		Files:    map[string]string{"/etc/ssh/sshd_config.d/90-log.conf": "LogLevel VERBOSE\n"},
	})
	o := New(Options{})
	defer o.Close(context.Background())
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := o.Server(t.Context(), specOf(t, m), "", interval("1m")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(string(m.Read("/var/log/sshd.log")), "Starting session: command"); n == 0 || n > 6 {
		t.Errorf("30 looks at once were %d commands", n)
	}
}

// TestChangesAreRefused: not even the engine of changes gets one through.
func TestChangesAreRefused(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	o := New(Options{})
	defer o.Close(context.Background())
	before := m.Snapshot("/etc", "/var/lib")
	r := reconcile.For(reconcile.New(lookingOnly{o.pool}), server.Kind)
	_, _, _, err := r.Apply(t.Context(), reconcile.Target{Spec: specOf(t, m)}, interval("1m"), reconcile.Record{})
	if _, refused := errors.AsType[*RefusedScriptError](err); !refused {
		t.Errorf("have %v", err)
	}
	if d := hosttest.Differences(before, m.Snapshot("/etc", "/var/lib")); d != "" {
		t.Errorf("the host was changed:\n%s", d)
	}
}

// BenchmarkLook is a look at an sshd over a connection that is there already: what a look
// takes beyond the login, the host's part included.
func BenchmarkLook(b *testing.B) {
	m := hosttest.Start(b, hosttest.Options{})
	o := New(Options{})
	defer o.Close(context.Background())
	spec := specOf(b, m)
	for b.Loop() {
		if _, err := o.Server(b.Context(), spec, "", interval("1m")); err != nil {
			b.Fatal(err)
		}
	}
}
