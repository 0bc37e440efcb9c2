package reconcile_test

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// What passes sshd -t and would lock us out is rolled back.
func TestLockOutIsRolledBack(t *testing.T) {
	t.Parallel()
	for name, attempt := range map[string]struct {
		keyword, value string
		step           string
		before         string // done on the host
	}{
		"AllowUsers":           {"AllowUsers", "nobody-else", "confirm", ""},
		"PermitRootLogin":      {"PermitRootLogin", "no", "confirm", ""},
		"PubkeyAuthentication": {"PubkeyAuthentication", "no", "confirm", ""},
		"Port behind a firewall": {"Port", "2299", "confirm",
			"ip rule add ipproto 6 sport 2299 blackhole"},
		"Port of another daemon": {"Port", "2299", "reload",
			"/usr/sbin/sshd -o Port=2299 -o PidFile=/run/other.pid"},
		"ListenAddress loopback": {"ListenAddress", "127.0.0.1", "confirm", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hosttest.Options{}, "root")
			r.target.Spec.ConnectTimeout = 2 * time.Second
			if attempt.before != "" {
				r.Sh(attempt.before)
			}
			before := r.Snapshot("/etc/ssh")
			_, _, outcome, err := r.walk().Apply(t.Context(), r.target, wish(attempt.keyword, attempt.value), reconcile.Record{})
			var failed *reconcile.Error
			if !errors.As(err, &failed) || outcome != reconcile.RolledBack || failed.Step != attempt.step {
				t.Fatalf("outcome %q, error %v", outcome, err)
			}
			t.Log(err)
			if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
				t.Errorf("not restored:\n%s", d)
			}
			if out, err := r.SSH("root", "echo in"); err != nil || strings.TrimSpace(out) != "in" {
				t.Errorf("login after the rollback: %q %v", out, err)
			}
		})
	}
}

// afterwards is another run of the provider, which knows where an earlier one met
// the machine.
func (r *rig) afterwards(t *testing.T, met string) {
	t.Helper()
	r.pool.Close(t.Context())
	r.pool = pool.New(pool.Options{})
	r.target.Spec.AlternateAddresses = nil
	if met != "" {
		r.target.Spec.AlternateAddresses = []string{met}
	}
}

// The confirming connection follows a changed port, and back.
func TestPortMoves(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	before := r.Snapshot("/etc/ssh")
	want := wish("Port", "2222")
	sight, _ := apply(t, r, want)
	met := net.JoinHostPort(r.Addr, "2222")
	if sight.Identity.Address != met || r.Effective("port") != "2222" {
		t.Fatalf("confirmed at %s, port %s", sight.Identity.Address, r.Effective("port"))
	}
	if _, err := r.SSH("root", "true"); err == nil {
		t.Error("port 22 still answers")
	}
	r.afterwards(t, "")
	if _, err := r.walk().Look(t.Context(), r.target, want); !isTransient(err) {
		t.Errorf("reached at a port that nobody named: %v", err)
	}
	r.afterwards(t, met)
	if again, err := r.walk().Look(t.Context(), r.target, want); err != nil || again.MachineID != sight.MachineID {
		t.Errorf("looking again: %v", err)
	}
	if same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{MachineID: sight.MachineID}); err != nil || !same {
		t.Fatalf("remove: %v %v", same, err)
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("after remove /etc/ssh differs:\n%s", d)
	}
	if out, err := r.SSH("root", "echo in"); err != nil || strings.TrimSpace(out) != "in" {
		t.Errorf("login after the removal: %q %v", out, err)
	}
}

// Behind a jump host the new address is one that only the jump host can reach.
func TestListenAddressMovesBehindAJumpHost(t *testing.T) {
	t.Parallel()
	jump := hosttest.Start(t, hosttest.Options{})
	r := newRig(t, hosttest.Options{Behind: jump}, "root")
	root, key := "root", host.Secret(jump.Key)
	hop, err := host.Resolve("jump", host.Settings{Host: &jump.Addr, User: &root, PrivateKey: &key, HostKeys: jump.HostKeys})
	if err != nil {
		t.Fatal(err)
	}
	r.target.Spec.Jump = []host.Spec{hop}
	const other = "198.51.100.7"
	r.Sh("ip addr add " + other + "/32 dev eth0")
	jump.Sh("ip route add " + other + " via " + r.Addr)
	sight, _ := apply(t, r, wish("ListenAddress", other))
	if met := net.JoinHostPort(other, strconv.Itoa(r.Port)); sight.Identity.Address != met {
		t.Errorf("confirmed at %s, not at %s", sight.Identity.Address, met)
	}
}

// A port can also be changed without following it: by listening on both, going
// over to the new one, and leaving the old one.
func TestPortMovesInTwoSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	both := wish("Port", "22")
	both.Settings[0].Values = []string{"22", "2222"}
	if sight, _ := apply(t, r, both); sight.Identity.Address != r.target.Spec.Address() {
		t.Errorf("confirmed at %s, although the old port still answers", sight.Identity.Address)
	}
	r.target.Spec.Port = 2222
	apply(t, r, wish("Port", "2222"))
	if got := r.Effective("port"); got != "2222" {
		t.Errorf("sshd says %q", got)
	}
	if _, err := r.SSH("root", "true"); err == nil {
		t.Error("port 22 still answers")
	}
}

func isTransient(err error) bool {
	var e *host.Error
	return errors.As(err, &e) && e.Transient()
}
