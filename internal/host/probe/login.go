package probe

import (
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// LoginResult is a login and how long it took.
type LoginResult struct {
	host.HandshakeInfo
	RoundTrip time.Duration // of a keepalive; 0 if it was not answered
	Attempts  int
	Elapsed   time.Duration // from the first attempt to the login
}
