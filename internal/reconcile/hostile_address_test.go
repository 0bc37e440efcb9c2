package reconcile_test

import (
	"os"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestListenAddressIsNotRunHere: a name in the host's own files becomes an address at
// which the host may answer after a change of its port, and proxy_command has a local
// shell dial it. sshd takes any name that the host's /etc/hosts knows.
func TestListenAddressIsNotRunHere(t *testing.T) {
	for name, address := range map[string]string{
		"command substitution": "$(touch${IFS}ran)",
		"backquotes":           "`touch${IFS}ran`",
		"separator":            "x;touch${IFS}ran;",
		"background":           "x&touch${IFS}ran&",
		"pipe":                 "x|touch${IFS}ran|",
	} {
		t.Run(name, func(t *testing.T) {
			here := t.TempDir()
			t.Chdir(here)
			r := newRig(t, hosttest.Options{}, "root")
			r.Sh("echo '" + r.Addr + " " + address + "' >>/etc/hosts")
			r.Write("/etc/ssh/sshd_config.d/10-host.conf", "ListenAddress \""+address+"\"\n")
			r.Sh("kill -HUP $(cat /run/sshd.pid)")
			r.target.Spec.ProxyCommand = `exec bash -c 'exec 3<>/dev/tcp/%h/%p && { cat <&3 & cat >&3; }'`
			r.target.Spec.ConnectTimeout = 2 * time.Second
			_, plan, outcome, err := r.walk().Apply(t.Context(), r.target, wish("Port", "2222"), reconcile.Record{})
			if left, _ := os.ReadDir(here); len(left) > 0 {
				t.Errorf("a command of the host ran on this machine and left %s", left[0].Name())
			}
			if outcome != reconcile.RolledBack {
				t.Errorf("outcome %q: %v (trail: %s)", outcome, err, plan.Trail)
			}
			t.Log(err)
		})
	}
}
