package host

import "time"

// Settings is one layer of connection settings, such as the provider's
// connection block or one entry of its hosts. A nil field says nothing.
type Settings struct {
	Transport *string // "ssh", "local", "image"
	Root      *string // of an image
	Host      *string
	Port      *int
	User      *string

	PrivateKey           *Secret
	PrivateKeyPath       *string
	PrivateKeyPassphrase *Secret
	Certificate          *string
	Password             *Secret
	Agent                *bool
	AgentIdentity        *string
	AgentSocket          *string
	IdentitiesOnly       *bool

	HostKeys        []string // public keys or CA keys, authorized_keys format
	KnownHosts      *string
	KnownHostsFiles []string
	HostKeyPolicy   *string // "strict", "accept-new", "insecure"
	// PinnedHostKey is a fingerprint recorded earlier under accept-new; when
	// set, only that key is accepted.
	PinnedHostKey *string

	Jump          []Settings
	ProxyCommand  *string
	ProxyURL      *Secret
	SSHConfigFile *string

	Sudo         *bool
	SudoPassword *Secret
	SudoUser     *string

	ConnectTimeout    *time.Duration
	HandshakeTimeout  *time.Duration
	CommandTimeout    *time.Duration
	ConnectWait       *time.Duration
	KeepaliveInterval *time.Duration
	KeepaliveCountMax *int
	MaxSessions       *int
}
