//go:build hosts

package reconcile_test

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
)

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
