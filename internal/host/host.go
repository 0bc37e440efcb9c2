// Package host says what a machine is, how it is reached, and what may go wrong: the
// settings of connections with their table, how layers of them become a Spec, the
// errors, and the masking of secrets. The packages below it dial and run scripts.
//
// It must not know how machines are dialled, nor that a plan exists.
package host

import (
	"context"
	"time"
)

// Script is one program for a POSIX shell, run whole or not at all.
type Script struct {
	Name string // for messages and logs: "gather", "stage"
	// Text is the program. One that is a single line and not longer than the
	// exec line allows is sent on it, which saves a round trip; anything else
	// goes to standard input, wrapped so that a cut connection runs nothing.
	Text string
	// Root asks for the privileges of root (or Spec.SudoUser).
	Root bool
	// Convergent says that running the script twice is the same as once, so
	// that it may be sent again after a lost connection.
	Convergent bool
	Timeout    time.Duration // 0: the spec's command timeout
}

// Result is what a script that ran to its end left.
type Result struct {
	Stdout string // what the script printed, without the noise of login files
	Stderr string
	Exit   int
}

// Identity is what a connection proved about the machine at its other end.
type Identity struct {
	HostKeySHA256 string // "SHA256:…" as ssh-keygen -l prints it; "" for local
	KeyType       string // of the key with that fingerprint: "ssh-ed25519"
	ServerVersion string // "SSH-2.0-OpenSSH_9.2p1 Debian-2"; "" for local
	Address       string // what was dialled, host:port; "" for local
	// Hops are the keys of the jump hosts on the way, the first one first.
	Hops []HostKey
}

// HostKey is the key that a machine showed at an address, host:port.
type HostKey struct{ Address, SHA256, Type string }

func (i Identity) HostKey() HostKey { return HostKey{i.Address, i.HostKeySHA256, i.KeyType} }

// Host is a machine in reach.
type Host interface {
	// Run executes s. A non-zero exit is in Result, not an error; the error is
	// an *Error that says what could not be done and in which phase.
	Run(ctx context.Context, s Script) (Result, error)
	Identity() Identity
	// Release gives the machine back. The connection stays for others.
	Release()
}

// HandshakeInfo is what an attempt to log in found out about the machine. What it did
// not come to is empty, or 0.
type HandshakeInfo struct {
	Identity
	HostKeyType string   // as in a known_hosts file; that of the certificate, if it is one
	AuthMethods []string // that the server would accept, as it said first
	AuthMethod  string   // by which we came in, the methods with commas if it took several
	// HostCertificateExpires is until when the certificate is valid that the machine
	// showed, UserCertificateExpires the same of the certificates that we have, the
	// earliest time. Zero stands for one without an end, and for none.
	HostCertificateExpires, UserCertificateExpires time.Time

	// How long the phases took that it came to the end of. To connect includes
	// resolving the name, and of a machine behind jump hosts none of their logins.
	Connect, Identification, KeyExchange, Authentication time.Duration
}
