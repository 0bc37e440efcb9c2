package login

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
)

// channel is a connection through jump hosts, which showed these keys.
type channel struct {
	net.Conn
	hops []host.HostKey
}

// ThroughJump opens channels of a jump host; a failure to do so is the target's.
func ThroughJump(leg *conn.Conn) Route {
	return func(ctx context.Context, address string) (net.Conn, error) {
		c, err := leg.Client.DialContext(ctx, "tcp", address)
		if err == nil {
			return &channel{c, append(slices.Clip(leg.Identity.Hops), leg.Identity.HostKey())}, nil
		}
		leg.Settle()
		if !leg.Alive() {
			return nil, fmt.Errorf("the connection to the %s was lost: %w", leg.Spec.Label(), leg.Reason())
		}
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) && refused.Reason == ssh.Prohibited {
			return nil, permanent("the %s forwards nothing to %s: %w", leg.Spec.Label(), address, err)
		}
		return nil, fmt.Errorf("the %s could not connect: %w", leg.Spec.Label(), err)
	}
}
