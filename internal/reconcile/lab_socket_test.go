//go:build hosts

package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestLabSocketHasThePort: Debian's ssh.socket listens where it listens, whatever
// sshd_config says. A Port that is in a file and in sshd -T only is not in force.
func TestLabSocketHasThePort(t *testing.T) {
	everySocket(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		before := r.Snapshot("/etc/ssh")
		_, _, outcome, err := r.walk().Apply(t.Context(), r.target, wish("Port", "2299"), reconcile.Record{})
		if outcome != reconcile.RolledBack || err == nil || !strings.Contains(err.Error(), "ssh.socket") {
			t.Fatalf("%s, %v", outcome, err)
		}
		if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("/etc/ssh differs:\n%s", d)
		}
		r.noTraces(t)
	})
}

// TestLabSocketLockOuts: where systemd listens, each change and each way back
// restarts the daemon, and systemd allows five starts in ten seconds; after the
// sixth it would close the port for good.
func TestLabSocketLockOuts(t *testing.T) {
	everySocket(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		lockedOut := attempt{name: "PermitRootLogin no", want: single("PermitRootLogin", "no")}
		for range 4 {
			r.lockOut(t, lockedOut)
		}
		if o.Socket == lab.AcceptNo {
			// The daemon goes on with the socket that it was given, and keeps a
			// stopped ssh.socket from starting again.
			lockedOut.at, lockedOut.meanwhile = "live", "systemctl stop ssh.socket"
			r.lockOut(t, lockedOut)
			r.Sh("systemctl is-active ssh.socket")
		}
		other := r.linger(t, "guest")
		apply(t, r.rig, wish("ClientAliveInterval", "60"))
		other.alive(t)
	})
}
