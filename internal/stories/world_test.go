package stories

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// forgets is after how many seconds the router drops a connection that was idle.
const forgets = 8

// world is the machine that deploys, a host, and the router between them.
type world struct {
	here, router, web *hosttest.Machine
}

// newWorld starts machines. The machine that deploys has Debian's Capistrano and Net::SSH,
// Terraform, and the provider of this tree.
func newWorld(t *testing.T, release string) *world {
	t.Helper()
	w := &world{}
	w.here = hosttest.Start(t, hosttest.Options{
		Release: "trixie", Packages: []string{"capistrano", "procps", "nftables"},
		Files: map[string]string{
			"/usr/local/bin/steady-ssh": steady(t), "/usr/local/bin/cut-path": cut,
			"/data/coolify/source/.env": "APP_ID=1\n",
		},
	})
	w.router = hosttest.Start(t, hosttest.Options{Release: "trixie", Packages: []string{"nftables"}, Behind: w.here})
	w.web = hosttest.Start(t, hosttest.Options{
		Release: release, Packages: []string{"tmux", "ncurses-base"}, Behind: w.router,
		Files: map[string]string{
			"/root/.ssh/authorized_keys":              publicKey(t, w.here),
			"/etc/ssh/sshd_config.d/10-startups.conf": "MaxStartups 100\n",
		},
	})
	w.route(t)
	acceptance.Equip(t, w.here)
	w.introduce()
	return w
}

// publicKey makes a key of root on m, and returns its public half.
func publicKey(t *testing.T, m *hosttest.Machine) string {
	t.Helper()
	return m.Sh("mkdir -p -m 700 /root/.ssh && ssh-keygen -q -t rsa -N '' -f /root/.ssh/id_rsa && cat /root/.ssh/id_rsa.pub")
}

// route sends packets for the host through the router, which translates addresses as a
// NAT gateway does: what belongs to no connection that it knows is dropped.
func (w *world) route(t *testing.T) {
	t.Helper()
	w.here.Sh("ip route add " + w.web.Addr + " via " + w.router.Addr)
	w.web.Sh("ip route add default dev eth0")
	w.router.Write("/etc/nftables.conf", `
table ip nat {
	chain post { type nat hook postrouting priority 100; ip daddr `+w.web.Addr+` masquerade; }
}
table ip filter {
	chain pass { type filter hook forward priority 0; ct state invalid drop; }
}
`)
	w.router.Sh(fmt.Sprintf(`echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f /etc/nftables.conf
echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose
echo %d >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established`, forgets))
}

// introduce makes the host known to the machine that deploys.
func (w *world) introduce() {
	w.here.Write("/etc/hosts", "127.0.0.1 localhost\n"+w.web.Addr+" web1 assets\n")
	var known strings.Builder
	for _, key := range w.web.HostKeys {
		fmt.Fprintf(&known, "web1,assets,%s %s\n", w.web.Addr, strings.TrimSpace(key))
	}
	w.here.Write("/root/.ssh/known_hosts", known.String())
}

// apply applies a configuration, and returns what takes it back.
func (w *world) apply(t *testing.T, resources string) (destroy func()) {
	t.Helper()
	if resources == "" {
		return func() {} // the cure is a program
	}
	const dir = "/root/terraform"
	w.here.Write(dir+"/main.tf", provider+resources)
	engine := func(verb string) {
		if out, code := w.run(300, "cd "+dir+" && CHECKPOINT_DISABLE=1 terraform "+verb+" -auto-approve -no-color"); code != 0 {
			t.Fatalf("terraform %s: %s", verb, out)
		}
	}
	engine("apply")
	return func() { engine("destroy") }
}

const provider = `terraform {
  required_providers {
    sshkeepalive = { source = "sshkeepalive/sshkeepalive" }
  }
}

provider "sshkeepalive" {
  connection {
    user               = "root"
    keepalive_interval = "2s"
  }
  hosts = { web1 = {}, here = { transport = "local" } }
}
`

// run runs a script on the machine that deploys, and returns what it printed and its exit
// code: 124 says that it did not end in so many seconds.
func (w *world) run(seconds int, script string) (string, int) {
	out, err := w.here.Exec("timeout", "-k", "1", strconv.Itoa(seconds), "bash", "-c", "{ "+script+"\n} 2>&1")
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return out, exit.ExitCode()
	case err != nil:
		return out + err.Error(), -1
	}
	return out, 0
}
