package pool

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// behindRouter runs its arguments in a network of their own, in which 203.0.113.9
// is behind a router that has no way to it and says so.
const behindRouter = `
unshare --net sleep 60 &
router=$!
trap 'kill $router' EXIT
while [ /proc/$router/ns/net -ef /proc/self/ns/net ]; do sleep 0.05; done
ip link set lo up
ip link add near type veth peer name far netns $router
ip addr add 192.0.2.1/30 dev near
ip link set near up
nsenter --target $router --net sh -ec '
	ip addr add 192.0.2.2/30 dev far
	ip link set far up
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
	ip route add unreachable 203.0.113.9/32'
ip route add 203.0.113.9/32 via 192.0.2.2
"$@"`

// A router's message is a refusal at once, and not a silence until the time is up.
//
// Fault 04.
func TestNoRouteBehindARouter(t *testing.T) {
	t.Parallel()
	if os.Getenv("BEHIND_ROUTER") == "" {
		hosttest.NeedsSSHD(t)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		again := exec.CommandContext(ctx, "unshare", "--net", "sh", "-ec", behindRouter, "sh", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), "BEHIND_ROUTER=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	e, took := refusal(t, once(t), specTo(t, 22, func(s *host.Settings) {
		s.Host, s.ConnectTimeout = sshtest.Ptr("203.0.113.9"), sshtest.Ptr(20*time.Second)
	}))
	if e.Kind != host.Unreachable || e.Phase != host.PhaseTCP || !errors.Is(e, syscall.EHOSTUNREACH) || took > 10*time.Second {
		t.Errorf("have %v in %v after %v: %v", e.Kind, e.Phase, took, e)
	}
}
