package attribute

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// Loaded is null where no daemon is there to be asked, and where it does not tell.
func Loaded(have sshserver.Facts) types.Bool {
	d := have.Daemon
	switch {
	case d.PerConnection:
		return types.BoolValue(true)
	case d.PID == 0, d.StaleUnknown:
		return types.BoolNull()
	}
	return types.BoolValue(!d.Stale)
}

// DeadPeer is null when a dead peer is never dropped.
func DeadPeer(want sshserver.Want, facts sshserver.Facts) types.Int64 {
	seconds, drops := sshserver.DeadPeer(want, facts)
	if !drops {
		return types.Int64Null()
	}
	return types.Int64Value(seconds)
}
