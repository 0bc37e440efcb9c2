package host

import (
	"errors"
	"time"
)

// Spec is everything that is needed to reach one machine, all layers merged and
// all defaults filled in.
type Spec struct {
	Name      string // as the user wrote it, for messages
	Transport string // "ssh", "local", "image"
	Root      string
	Host      string
	Port      int
	User      string

	ConnectTimeout   time.Duration
	HandshakeTimeout time.Duration
	CommandTimeout   time.Duration
}

// String is user@host:port, or the transport for machines that are not dialled.
func (s Spec) String() string { return s.User + "@" + s.Host }

// Key identifies the connection: everything that changes who is reached, how,
// and as whom. It contains no secret.
func (s Spec) Key() string { return s.String() }

// Resolve merges layers, the first to say something wins, fills in defaults and
// checks that the result can be dialled. name is what the user wrote.
func Resolve(name string, layers ...Settings) (Spec, error) {
	return Spec{Name: name}, errors.New("not resolved")
}
