package host

import (
	"time"
)

// LoginProbe is a login and how long it took.
type LoginProbe struct {
	HandshakeInfo
	RoundTrip time.Duration // of a keepalive; 0 if it was not answered
	Attempts  int
	Elapsed   time.Duration // from the first attempt to the login
}
