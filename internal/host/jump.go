package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
)

// channel is a connection through jump hosts, which showed these keys.
type channel struct {
	net.Conn
	hops []HostKey
}

// through opens channels of a jump host; a failure to do so is the target's.
func through(leg *conn) route {
	return func(ctx context.Context, address string) (net.Conn, error) {
		c, err := leg.client.DialContext(ctx, "tcp", address)
		if err == nil {
			return &channel{c, append(slices.Clip(leg.identity.Hops), leg.identity.shown())}, nil
		}
		leg.settle()
		if !leg.alive() {
			return nil, fmt.Errorf("the connection to the %s was lost: %w", leg.spec.label(), leg.deathCause())
		}
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) && refused.Reason == ssh.Prohibited {
			return nil, barred("the %s forwards nothing to %s: %w", leg.spec.label(), address, err)
		}
		return nil, fmt.Errorf("the %s could not connect: %w", leg.spec.label(), err)
	}
}
